import { isX86 } from "../capabilities/index.js";

/** Features that QEMU spells otherwise than libvirt. */
const TO_QEMU: Readonly<Record<string, string>> = {
  cmp_legacy: "cmp-legacy",
  ds_cpl: "ds-cpl",
  fxsr_opt: "fxsr-opt",
  kvm_pv_eoi: "kvm-pv-eoi",
  kvm_pv_unhalt: "kvm-pv-unhalt",
  lahf_lm: "lahf-lm",
  nodeid_msr: "nodeid-msr",
  pclmuldq: "pclmulqdq",
  perfctr_core: "perfctr-core",
  perfctr_nb: "perfctr-nb",
  tsc_adjust: "tsc-adjust",
};

export function featureToQemu(arch: string, feature: string): string {
  return (isX86(arch) ? TO_QEMU[feature] : undefined) ?? feature;
}

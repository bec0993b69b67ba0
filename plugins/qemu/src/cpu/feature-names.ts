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
const FROM_QEMU: Readonly<Record<string, string>> = Object.fromEntries(
  Object.entries(TO_QEMU).map(([name, qemu]) => [qemu, name]),
);

export function featureToQemu(arch: string, feature: string): string {
  return (isX86(arch) ? TO_QEMU[feature] : undefined) ?? feature;
}

export function featureFromQemu(arch: string, feature: string): string {
  return (isX86(arch) ? FROM_QEMU[feature] : undefined) ?? feature;
}

const NOT_FOR_QEMU: ReadonlySet<string> = new Set(["cmt", "mbm_total", "mbm_local", "osxsave", "ospke"]);

/** Whether QEMU has ever known a feature: some are the host's alone, or never did anything. */
export function isForQemu(arch: string, feature: string): boolean {
  return !isX86(arch) || !NOT_FOR_QEMU.has(feature);
}

import type { Domain } from "@polyvisor/sdk/conf";
import { has, isX86, type QemuCapabilities, type QemuFlag } from "../../capabilities/index.js";
import { isArmVirt, isPseries, isQ35 } from "../machine.js";
import { refuse } from "./refuse.js";

/** The processor's details, timers, power management and `<features>`. */
export function validateFeatures(domain: Domain, caps: QemuCapabilities): void {
  checkCpu(domain, caps);
  checkTimers(domain, caps);
  checkPm(domain, caps);
  checkFeatures(domain, caps);
}

function checkCpu({ cpu, os }: Domain, caps: QemuCapabilities): void {
  if (cpu === undefined) return;
  const arch = os.arch ?? "";
  const { cache, maxphysaddr } = cpu;
  if (maxphysaddr !== undefined) {
    const what = "CPU maximum physical address";
    if (!isX86(arch)) throw refuse(`${what} bits specification is not supported for '${arch}' architecture`);
    if (maxphysaddr.mode === "passthrough" && maxphysaddr.bits !== undefined)
      throw refuse(`${what} bits number specification cannot be used with mode='passthrough'`);
    if (maxphysaddr.mode === "emulate" && maxphysaddr.bits === undefined)
      throw refuse(`if using ${what} mode='emulate', bits= must be specified too`);
  }
  if (cache !== undefined) {
    if (!isX86(arch)) throw refuse(`CPU cache specification is not supported for '${arch}' architecture`);
    if (cache.mode === "emulate" && cache.level !== 3)
      throw refuse("CPU cache mode 'emulate' can only be used with level='3'");
    if (cache.mode === "passthrough" && cpu.mode !== "host-passthrough" && cpu.mode !== "maximum")
      throw refuse("CPU cache mode 'passthrough' can only be used with 'host-passthrough' / 'maximum' CPUs");
    if (cache.mode !== "emulate" && cache.level !== undefined)
      throw refuse(`unsupported CPU cache level for mode '${cache.mode}'`);
  }
  if (cpu.mode === "host-passthrough" && cpu.migratable === "on" && !has(caps, "cpu.migratable"))
    throw refuse("Migratable attribute for host-passthrough CPU is not supported by this QEMU binary");
  if (cpu.mode === "maximum" && !has(caps, "cpu-max")) throw refuse("maximum CPU is not supported by QEMU binary");
}

function checkTimers({ clock, os, type }: Domain, caps: QemuCapabilities): void {
  const arch = os.arch ?? "";
  for (const { name, present, track, tickpolicy } of clock.timers) {
    switch (name) {
      case "platform":
        throw refuse(`unsupported timer type (name) '${name}'`);
      case "tsc":
      case "kvmclock":
      case "hypervclock":
        if (!isX86(arch) && present === "yes")
          throw refuse(
            `Configuring the '${name}' timer is not supported for virtType=${type} arch=${arch} machine=${os.machine} guests`,
          );
        break;
      case "rtc":
        if (track === "boot") throw refuse(`unsupported rtc timer track '${track}'`);
        if (tickpolicy === "merge" || tickpolicy === "discard")
          throw refuse(`unsupported rtc timer tickpolicy '${tickpolicy}'`);
        break;
      case "pit":
        if (tickpolicy === "merge" || (tickpolicy === "catchup" && !has(caps, "kvm-pit-lost-tick-policy")))
          throw refuse(`unsupported pit tickpolicy '${tickpolicy}'`);
        break;
      default:
        break;
    }
  }
}

/** Each board's own chip can do it; libvirt takes the other one's word too. */
function checkPm(domain: Domain, caps: QemuCapabilities): void {
  const can = (piix: QemuFlag, ich9: QemuFlag) => has(caps, piix) || (isQ35(domain) && has(caps, ich9));
  if (domain.pm?.suspendToMem !== undefined && !can("disable-s3", "ich9-disable-s3"))
    throw refuse("setting ACPI S3 not supported");
  if (domain.pm?.suspendToDisk !== undefined && !can("disable-s4", "ich9-disable-s4"))
    throw refuse("setting ACPI S4 not supported");
}

function checkFeatures(domain: Domain, caps: QemuCapabilities): void {
  const { features, os } = domain;
  const arch = os.arch ?? "";
  const where = `for architecture '${arch}' or machine type '${os.machine}'`;
  const only = (fits: boolean, name: string, value: unknown) => {
    if (value !== undefined && !fits) throw refuse(`The '${name}' feature is not supported ${where}`);
  };
  only(isX86(arch), "ioapic", features.ioapic);
  only(isPseries(domain), "hpt", features.hpt);
  only(isPseries(domain), "htm", features.htm);
  only(isPseries(domain), "nested-hv", features.nestedHv);
  only(isPseries(domain), "ccf-assist", features.ccfAssist);
  only(isPseries(domain), "cfpc", features.cfpc);
  only(isPseries(domain), "sbbc", features.sbbc);
  only(isPseries(domain), "ibs", features.ibs);
  only(isArmVirt(domain), "gic", features.gic);
  only(isX86(arch), "pvspinlock", features.pvspinlock);
  if (features.vmport !== undefined && !(isX86(arch) && has(caps, "machine-vmport-opt")))
    throw refuse("vmport is not available with this QEMU binary");
  if (features.vmcoreinfo === "on" && !has(caps, "vmcoreinfo"))
    throw refuse("vmcoreinfo is not available with this QEMU binary");
  if (features.apic?.eoi !== undefined && !isX86(arch))
    throw refuse(`The 'eoi' attribute of the 'apic' feature is not supported ${where}`);
  if (features.hyperv !== undefined && !isX86(arch) && !isArmVirt(domain))
    throw refuse(`Hyperv features are not supported ${where}`);
  if (features.pmu === "off" && arch.startsWith("ppc64"))
    throw refuse(`PMU is always enabled for architecture '${arch}'`);
  if (features.tcg !== undefined && domain.type !== "qemu")
    throw refuse(`TCG features are incompatible with domain type '${domain.type}'`);
}

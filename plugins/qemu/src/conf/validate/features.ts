import type { Timer } from "@polyvisor/sdk/conf";
import { has, isX86, type QemuFlag } from "../../capabilities/index.js";
import { isArmVirt, isPseries, isQ35 } from "../machine.js";
import type { Checked } from "./context.js";
import { refuse } from "./refuse.js";

export function checkCpu({ domain: { cpu, os }, caps }: Checked): void {
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

export function checkTimers({ domain, caps }: Checked): void {
  const { clock, os, type } = domain;
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
      case "hpet":
        if (present === "yes" && !has(caps, "no-hpet") && !has(caps, "machine-hpet"))
          throw refuse("hpet timer is not supported");
        break;
      case "armvtimer":
        checkArmTimer({ present, tickpolicy }, { domain, caps });
        break;
      default:
        break;
    }
  }
}

function checkArmTimer(
  { present, tickpolicy }: Pick<Timer, "present" | "tickpolicy">,
  { domain, caps }: Checked,
): void {
  const name = "armvtimer";
  const { arch, machine } = domain.os;
  if (domain.type !== "kvm" || !isArmVirt(domain))
    throw refuse(
      `Configuring the '${name}' timer is not supported for virtType=${domain.type} arch=${arch} machine=${machine} guests`,
    );
  if (present === "no") throw refuse(`The '${name}' timer can't be disabled`);
  if (!has(caps, "cpu.kvm-no-adjvtime"))
    throw refuse(`Configuring the '${name}' timer is not supported with this QEMU binary`);
  if (tickpolicy === "catchup" || tickpolicy === "merge")
    throw refuse(`The '${name}' timer does not support tickpolicy '${tickpolicy}'`);
}

/** Each board's own chip can do it; libvirt takes the other one's word too. */
export function checkPm({ domain, caps }: Checked): void {
  const can = (piix: QemuFlag, ich9: QemuFlag) => has(caps, piix) || (isQ35(domain) && has(caps, ich9));
  if (domain.pm?.suspendToMem !== undefined && !can("disable-s3", "ich9-disable-s3"))
    throw refuse("setting ACPI S3 not supported");
  if (domain.pm?.suspendToDisk !== undefined && !can("disable-s4", "ich9-disable-s4"))
    throw refuse("setting ACPI S4 not supported");
}

type PseriesFeature = "htm" | "nested-hv" | "ccf-assist" | "cfpc" | "sbbc" | "ibs";

export function checkFeatures({ domain, caps }: Checked): void {
  const { features, os } = domain;
  const arch = os.arch ?? "";
  const where = `for architecture '${arch}' or machine type '${os.machine}'`;
  const only = (fits: boolean, name: string, value: unknown) => {
    if (value !== undefined && !fits) throw refuse(`The '${name}' feature is not supported ${where}`);
  };
  only(isX86(arch), "ioapic", features.ioapic);
  const pseries = (name: PseriesFeature, what: string, value: unknown) => {
    only(isPseries(domain), name, value);
    if (value !== undefined && !has(caps, `machine.pseries.cap-${name}`))
      throw refuse(`${what} configuration is not supported by this QEMU binary`);
  };
  only(isPseries(domain), "hpt", features.hpt);
  if (features.hpt?.maxpagesize !== undefined && !has(caps, "machine.pseries.cap-hpt-max-page-size"))
    throw refuse("Configuring the page size for HPT guests is not supported by this QEMU binary");
  pseries("htm", "HTM", features.htm);
  pseries("nested-hv", "Nested HV", features.nestedHv);
  pseries("ccf-assist", "ccf-assist", features.ccfAssist);
  pseries("cfpc", "cfpc", features.cfpc);
  pseries("sbbc", "sbbc", features.sbbc);
  pseries("ibs", "ibs", features.ibs);
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
  if ((features.tcg?.tbCache ?? 0) % 1024 !== 0) throw refuse("tb-cache size must be an integer multiple of MiB");
}

import type { Domain } from "@polyvisor/sdk/conf";
import { hostArch } from "@polyvisor/sdk/conf/host";
import { isPseries } from "../conf/machine.js";
import { featureToQemu } from "../cpu/feature-names.js";
import type { Build } from "./context.js";
import { internal, refuse } from "./context.js";
import { yesToOn } from "./props.js";

export function cpuArgs(build: Build): void {
  const flags = [
    ...timerFlags(build.domain),
    ...guestFlags(build.domain),
    ...hypervFlags(build.domain),
    ...kvmFlags(build.domain),
    ...cacheFlags(build),
    ...physicalAddressFlags(build.domain),
  ];
  const model = modelParts(build) ?? (flags.length === 0 ? undefined : [defaultModel(build.domain)]);
  if (model !== undefined) build.args.add("-cpu", [...model, ...flags].join(","));
}

function defaultModel({ os }: Domain): string {
  if (os.arch === "i686") return "qemu32";
  if (os.arch === "x86_64") return "qemu64";
  throw refuse(`CPU flags requested but can't determine default CPU for arch ${os.arch ?? ""}`);
}

function modelParts(build: Build): readonly string[] | undefined {
  const { domain, can } = build;
  const cpu = domain.cpu;
  if (cpu === undefined || ((cpu.mode === undefined || cpu.mode === "custom") && cpu.model === undefined))
    return needsQemu32(domain) ? ["qemu32"] : undefined;
  const parts = [modelName(domain)];
  if (cpu.mode === "host-passthrough" || cpu.mode === "maximum") {
    if (domain.os.arch === "armv7l" && hostArch() === "aarch64") parts.push("aarch64=off");
    if (cpu.migratable !== undefined && can("cpu.migratable")) parts.push(`migratable=${cpu.migratable}`);
  }
  const arch = domain.os.arch ?? "";
  if (/^(s390|arm|aarch64)/.test(arch) && cpu.features.length > 0 && !can("query-cpu-model-expansion"))
    throw internal(`CPU features not supported by hypervisor for ${arch} architecture`);
  if (cpu.vendorId !== undefined) parts.push(`vendor=${cpu.vendorId}`);
  for (const feature of cpu.features) {
    const name = featureToQemu(arch, feature.name);
    const policy = feature.policy ?? "require";
    if (policy === "force" || policy === "require") parts.push(`${name}=on`);
    else if (policy !== "optional") parts.push(`${name}=off`);
  }
  return parts;
}

function modelName(domain: Domain): string {
  switch (domain.cpu?.mode) {
    case "host-passthrough":
      return "host";
    case "maximum":
      return "max";
    case "host-model":
      if (isPseries(domain)) return "host";
      throw internal(`unexpected host-model CPU for ${domain.os.arch ?? ""} architecture`);
    default:
      return domain.cpu?.model ?? "";
  }
}

/** A 64-bit emulator would give a 32-bit guest a 64-bit processor. */
function needsQemu32({ os, devices }: Domain): boolean {
  const emulator = devices.emulator ?? "";
  return os.arch === "i686" && (emulator.includes("x86_64") || (hostArch() === "x86_64" && emulator.includes("kvm")));
}

function timerFlags({ clock }: Domain): readonly string[] {
  return clock.timers.flatMap((timer) => {
    switch (timer.name) {
      case "kvmclock":
        return timer.present === undefined ? [] : [`kvmclock=${yesToOn(timer.present)}`];
      case "hypervclock":
        return timer.present === "yes" ? ["hv-time=on"] : [];
      case "tsc":
        return (timer.frequency ?? 0) > 0 ? [`tsc-frequency=${timer.frequency}`] : [];
      case "armvtimer":
        if (timer.tickpolicy === "delay") return ["kvm-no-adjvtime=off"];
        return timer.tickpolicy === "discard" ? ["kvm-no-adjvtime=on"] : [];
      default:
        return [];
    }
  });
}

function guestFlags({ features }: Domain): readonly string[] {
  const flags: string[] = [];
  if (features.apic?.eoi !== undefined) flags.push(`kvm-pv-eoi=${features.apic.eoi}`);
  if (features.pvspinlock !== undefined) flags.push(`kvm-pv-unhalt=${features.pvspinlock}`);
  return flags;
}

const HYPERV_BEFORE_SPINLOCKS = ["relaxed", "vapic"] as const;
const HYPERV_BEFORE_STIMER = ["vpindex", "runtime", "synic"] as const;
const HYPERV_LAST = ["frequencies", "reenlightenment", "tlbflush", "ipi", "evmcs", "avic"] as const;

function hypervFlags({ features, devices }: Domain): readonly string[] {
  const hyperv = features.hyperv;
  const crash = devices.panics.some((panic) => panic.model === "hyperv") ? ["hv-crash"] : [];
  if (hyperv === undefined) return crash;
  const switched = (names: readonly (keyof typeof hyperv.switches)[]) =>
    names.filter((name) => hyperv.switches[name] === "on").map((name) => `hv-${name}=on`);
  const flags = hyperv.mode === "passthrough" ? ["hv-passthrough=on"] : [];
  flags.push(...switched(HYPERV_BEFORE_SPINLOCKS));
  if (hyperv.spinlocks?.state === "on") flags.push(`hv-spinlocks=0x${(hyperv.spinlocks.retries ?? 0).toString(16)}`);
  flags.push(...switched(HYPERV_BEFORE_STIMER));
  if (hyperv.stimer?.state === "on") flags.push("hv-stimer=on");
  if (hyperv.stimer?.direct === "on") flags.push("hv-stimer-direct=on");
  flags.push(...switched(["reset"]));
  if (hyperv.vendorId?.state === "on") flags.push(`hv-vendor-id=${hyperv.vendorId.value ?? ""}`);
  return [...flags, ...switched(HYPERV_LAST), ...crash];
}

function kvmFlags({ features, os }: Domain): readonly string[] {
  const kvm = features.kvm;
  const flags: string[] = [];
  if (kvm?.hidden === "on") flags.push("kvm=off");
  if (kvm?.hintDedicated === "on") flags.push("kvm-hint-dedicated=on");
  if (kvm?.pollControl === "on") flags.push("kvm-poll-control=on");
  if (kvm?.pvIpi === "off") flags.push("kvm-pv-ipi=off");
  if (features.pmu !== undefined && !(os.arch ?? "").startsWith("ppc64")) flags.push(`pmu=${features.pmu}`);
  return flags;
}

function cacheFlags({ domain, can }: Build): readonly string[] {
  const cpu = domain.cpu;
  const mode = cpu?.cache?.mode;
  if (mode === undefined) return [];
  const flags: string[] = [];
  if (mode === "emulate") flags.push("l3-cache=on");
  if (mode === "passthrough") flags.push("host-cache-info=on");
  if (!can("cpu-cache")) return flags;
  const fromHost = cpu?.mode === "host-passthrough" || cpu?.mode === "maximum";
  if (mode !== "passthrough" && fromHost) flags.push("host-cache-info=off");
  if (mode !== "emulate") flags.push("l3-cache=off");
  return flags;
}

function physicalAddressFlags({ cpu }: Domain): readonly string[] {
  const address = cpu?.maxphysaddr;
  if (address === undefined) return [];
  return [address.mode === "passthrough" ? "host-phys-bits=on" : `phys-bits=${address.bits ?? 0}`];
}

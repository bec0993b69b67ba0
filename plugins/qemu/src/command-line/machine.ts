import { isPseries } from "../conf/machine.js";
import { aliasOf, type Build, refuse } from "./context.js";
import { pflashNodes } from "./firmware.js";
import { escapeComma, yesToOn } from "./props.js";

export function nameArgs({ args, domain, runtime }: Build): void {
  const process = runtime.settings?.setProcessName === true ? `,process=qemu:${domain.name}` : "";
  args.add("-name", `guest=${escapeComma(domain.name)}${process},debug-threads=on`);
}

export function machineArgs(build: Build): void {
  const { args, domain } = build;
  const parts = [
    domain.os.machine ?? "",
    "usb=off",
    ...keywrapParts(build),
    ...featureParts(build),
    ...(domain.devices.iommu?.model === "smmuv3" ? ["iommu=smmuv3"] : []),
    ...memoryParts(build),
    ...processorParts(build),
    ...launchSecurityParts(build),
    ...pflashNodes(domain).map(({ unit, node }) => `pflash${unit}=${node}`),
    ...(hasHmat(build) ? ["hmat=on"] : []),
    ...(domain.os.bios?.useserial === "yes" ? ["graphics=off"] : []),
    ...hpetParts(build),
  ];
  args.add("-machine", parts.join(","));
}

function keywrapParts({ domain, can }: Build): readonly string[] {
  return (["aes", "dea"] as const).flatMap((name) => {
    const state = domain.keywrap?.[name];
    if (state === undefined) return [];
    if (!can(`${name}-key-wrap`)) throw refuse(`${name}-key-wrap is not available with this QEMU binary`);
    return [`${name}-key-wrap=${state}`];
  });
}

function featureParts({ domain, can }: Build): readonly string[] {
  const features = domain.features;
  const parts: string[] = [];
  const put = (name: string, value: string | undefined) => {
    if (value !== undefined) parts.push(`${name}=${value}`);
  };
  put("vmport", features.vmport);
  put("smm", features.smm?.state);
  const gic = features.gic?.version;
  if (gic !== undefined && (can("gic-version") || gic !== "2")) {
    if (!can("gic-version")) throw refuse("gic-version option is not available with this QEMU binary");
    put("gic-version", gic);
  }
  if (features.ioapic !== undefined) put("kernel_irqchip", features.ioapic === "qemu" ? "split" : "on");
  put("resize-hpt", features.hpt?.resizing);
  if (features.hpt?.maxpagesize !== undefined) put("cap-hpt-max-page-size", `${features.hpt.maxpagesize}k`);
  put("cap-htm", features.htm);
  put("cap-nested-hv", features.nestedHv);
  put("cap-ccf-assist", features.ccfAssist);
  put("cap-cfpc", features.cfpc);
  put("cap-sbbc", features.sbbc);
  put("cap-ibs", features.ibs);
  return parts;
}

function memoryParts({ domain, machine, runtime }: Build): readonly string[] {
  const dump = domain.dumpCore ?? (runtime.settings?.dumpGuestCore === true ? "on" : "off");
  const parts = [`dump-guest-core=${dump}`];
  if (domain.memoryBacking?.nosharepages === true) parts.push("mem-merge=off");
  const memories = domain.devices.memories;
  if (memories.some((item) => item.model === "nvdimm")) parts.push("nvdimm=on");
  for (const [index, memory] of memories.filter((item) => item.model === "sgx-epc").entries()) {
    parts.push(`sgx-epc.${index}.memdev=mem${aliasOf(memory)}`, `sgx-epc.${index}.node=${memory.target.node ?? 0}`);
  }
  const hasCells = (domain.cpu?.numa?.cells.length ?? 0) > 0;
  if (!hasCells && machine?.defaultRamId !== undefined) parts.push(`memory-backend=${machine.defaultRamId}`);
  return parts;
}

function processorParts({ domain, can }: Build): readonly string[] {
  const parts: string[] = [];
  const cpu = domain.cpu;
  if (cpu?.mode === "host-model" && cpu.model !== undefined && isPseries(domain))
    parts.push(`max-cpu-compat=${cpu.model}`);
  if (can("loadparm")) {
    const first = [...domain.devices.disks, ...domain.devices.interfaces].find(
      (item) => item.bootOrder === 1 && item.loadparm !== undefined,
    );
    if (first?.loadparm !== undefined) parts.push(`loadparm=${first.loadparm}`);
  }
  return parts;
}

function launchSecurityParts({ domain, can }: Build): readonly string[] {
  if (domain.launchSecurity === undefined) return [];
  const modern = domain.launchSecurity.type !== "sev" || can("confidential-guest-support");
  return [`${modern ? "confidential-guest-support" : "memory-encryption"}=lsec0`];
}

export function hasHmat({ domain }: Build): boolean {
  const numa = domain.cpu?.numa;
  return (numa?.interconnects?.length ?? 0) > 0 || (numa?.cells ?? []).some((cell) => (cell.caches?.length ?? 0) > 0);
}

function hpetParts({ domain, can }: Build): readonly string[] {
  const present = domain.clock.timers.find((timer) => timer.name === "hpet")?.present;
  return present !== undefined && can("machine-hpet") ? [`hpet=${yesToOn(present)}`] : [];
}

export function accelArgs({ args, domain, virtType }: Build): void {
  if (virtType === "qemu") {
    const cache = domain.features.tcg?.tbCache;
    // KiB in the model, MiB for QEMU.
    args.add("-accel", cache === undefined ? "tcg" : `tcg,tb-size=${Math.floor(cache / 1024)}`);
    return;
  }
  if (virtType === "hvf") {
    args.add("-accel", "hvf");
    return;
  }
  const ring = domain.features.kvm?.dirtyRing;
  args.add("-accel", ring?.state === "on" ? `kvm,dirty-ring-size=${ring.size ?? 0}` : "kvm");
}

export function tsegArgs({ args, domain }: Build): void {
  const tseg = domain.features.smm?.tseg;
  if (tseg !== undefined) args.add("-global", `mch.extended-tseg-mbytes=${Math.floor(tseg / 1024 / 1024)}`);
}

export function smpArgs({ args, domain, can }: Build): void {
  const { max, current, individual } = domain.vcpu;
  const online =
    individual === undefined
      ? current
      : individual.filter((vcpu) => vcpu.enabled === "yes" && vcpu.hotpluggable !== "yes").length;
  const parts = [String(online)];
  if (online !== max) parts.push(`maxcpus=${max}`);
  const topology = domain.cpu?.topology;
  if (topology === undefined) parts.push(`sockets=${max}`, "cores=1", "threads=1");
  else {
    if (topology.dies !== 1 && !can("smp-dies")) throw refuse("Only 1 die per socket is supported");
    parts.push(`sockets=${topology.sockets}`);
    if (can("smp-dies")) parts.push(`dies=${topology.dies}`);
    parts.push(`cores=${topology.cores}`, `threads=${topology.threads}`);
  }
  args.add("-smp", parts.join(","));
}

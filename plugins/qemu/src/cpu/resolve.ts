import { VirtError } from "@polyvisor/core";
import type { Cpu, Domain } from "@polyvisor/sdk/conf";
import {
  comparisonResult,
  namesNoModel,
  translateCpu,
  updateCpu,
  withNames,
  withoutRevision,
} from "@polyvisor/sdk/cpu";
import { accelOf, has, isNativeGuest, isX86, type QemuCapabilities } from "../capabilities/index.js";
import { virtTypeOf } from "../conf/cpu.js";
import { featureFromQemu, isForQemu } from "./feature-names.js";
import { type CpuKnowledge, hostModels } from "./host-model.js";
import { dependsOnHost } from "./knowledge.js";
import { usableModels } from "./usable-models.js";

/**
 * The domain with the processor that its guest is started with. Called at each start, so that the running configuration
 * says what was chosen then; the stored one keeps the wish.
 *
 * `known`: undefined where libvirt's descriptions of processors are not installed; then a model is taken as it is named.
 */
export function resolveCpu(
  domain: Domain,
  caps: QemuCapabilities,
  hostArch: string,
  known: CpuKnowledge | undefined,
): Domain {
  const { cpu } = domain;
  if (cpu === undefined || namesNoModel(cpu)) return domain;
  known?.guest.checkFeatures(cpu);
  checkMode(cpu, domain, caps, hostArch, known);
  if (known === undefined) return domain;
  const written = hostArch.startsWith("ppc64") ? (withoutRevision(cpu) as Cpu) : cpu;
  checkForbidden(written, domain, caps, known);
  const isHosts = cpu.mode === "host-passthrough" || cpu.mode === "maximum";
  const chosen = isHosts ? written : choose(written, domain, caps, known);
  return { ...domain, cpu: withNames(chosen, keeper(chosen, domain, caps)) };
}

function checkMode(
  { mode = "custom" }: Cpu,
  domain: Domain,
  caps: QemuCapabilities,
  hostArch: string,
  known: CpuKnowledge | undefined,
): void {
  const type = virtTypeOf(domain);
  const isPossible = {
    "host-passthrough": () => type !== "qemu" && isNativeGuest(hostArch, caps.arch),
    "host-model": () => known !== undefined && hostModels(caps, type, known) !== undefined,
    custom: () => (accelOf(caps, type)?.cpus.length ?? 0) > 0,
    maximum: () => has(caps, "cpu-max"),
  }[mode];
  if (isPossible()) return;
  throw new VirtError(
    "CONFIG_UNSUPPORTED",
    `CPU mode '${mode}' for ${domain.os.arch} ${domain.type} domain on ${hostArch} host is not supported by hypervisor`,
    { domain: "QEMU", ...(mode === "custom" ? {} : { hint: "use mode='maximum' or a custom model" }) },
  );
}

/** Features of the host's own that the guest must not see, however it would come by them. */
function checkForbidden(cpu: Cpu, domain: Domain, caps: QemuCapabilities, known: CpuKnowledge): void {
  if ((cpu.check ?? "none") === "none" || !cpu.features.some(({ policy }) => policy === "forbid")) return;
  const host = hostModels(caps, virtTypeOf(domain), known)?.full;
  for (const { name, policy } of cpu.features) {
    if (policy !== "forbid") continue;
    const ofHost = host?.features.find((each) => (typeof each === "string" ? each : each.name) === name);
    if (ofHost === undefined || (typeof ofHost === "object" && ofHost.policy === "disable")) continue;
    throw new VirtError("CPU_INCOMPATIBLE", `Host CPU provides forbidden feature '${name}'`, { domain: "CPU" });
  }
}

function choose(cpu: Cpu, domain: Domain, caps: QemuCapabilities, known: CpuKnowledge): Cpu {
  const type = virtTypeOf(domain);
  // Describing the host takes longer than the rest of this; few guests ask for it.
  const host = cpu.check === "partial" || dependsOnHost(cpu) ? hostModels(caps, type, known) : undefined;
  if (cpu.check === "partial") comparisonResult(known.host.compare(host?.full, cpu), true);
  const updated = updateCpu(known.guest, cpu, host?.migratable);
  return { ...translateCpu(known.guest, updated, usableModels(caps, type)), fallback: "forbid" };
}

/** Which of a processor's features QEMU is told. What it does not know cannot be there, so it need not be turned off. */
function keeper(cpu: Cpu, domain: Domain, caps: QemuCapabilities): (name: string) => boolean {
  const arch = domain.os.arch ?? "";
  const properties = isX86(arch) ? accelOf(caps, virtTypeOf(domain))?.hostCpu?.properties : undefined;
  const known = properties && new Set(properties.map(({ name }) => featureFromQemu(caps.arch, name)));
  const off = new Set(
    cpu.features.flatMap(({ name, policy }) => (policy === "disable" || policy === "forbid" ? name : [])),
  );
  return (name) => isForQemu(arch, name) && (known === undefined || !off.has(name) || known.has(name));
}

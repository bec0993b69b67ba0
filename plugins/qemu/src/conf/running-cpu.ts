import { VirtError } from "@polyvisor/core";
import type { Cpu, CpuFeature, Domain } from "@polyvisor/sdk/conf";
import { accelOf, has, isNativeGuest, type QemuCapabilities } from "../capabilities/index.js";
import { virtTypeOf } from "./cpu.js";
import { type HostFacts, THIS_HOST } from "./host-facts.js";

/**
 * The domain with the processor that its guest really gets. Called at each start, so that the running configuration
 * says what was chosen then; the stored one keeps the wish.
 */
export function resolveCpu(domain: Domain, caps: QemuCapabilities, host: HostFacts = THIS_HOST): Domain {
  const { cpu } = domain;
  if (cpu === undefined || ((cpu.mode ?? "custom") === "custom" && cpu.model === undefined)) return domain;
  checkMode(cpu, domain, caps, host);
  const s390 = (domain.os.arch ?? "").startsWith("s390");
  return s390 && cpu.mode === "host-model" ? { ...domain, cpu: hostModel(cpu, domain, caps) } : domain;
}

function checkMode({ mode = "custom" }: Cpu, domain: Domain, caps: QemuCapabilities, host: HostFacts): void {
  const type = virtTypeOf(domain);
  const accel = accelOf(caps, type);
  const possible = {
    "host-passthrough": type !== "qemu" && isNativeGuest(host.arch, caps.arch),
    "host-model": !isS390(domain) || accel?.hostCpu !== undefined,
    custom: (accel?.cpus.length ?? 0) > 0,
    maximum: has(caps, "cpu-max"),
  }[mode];
  if (possible) return;
  throw new VirtError(
    "CONFIG_UNSUPPORTED",
    `CPU mode '${mode}' for ${domain.os.arch} ${domain.type} domain on ${host.arch} host is not supported by hypervisor`,
    { domain: "QEMU", ...(mode === "custom" ? {} : { hint: "use mode='maximum' or a custom model" }) },
  );
}

function isS390({ os }: Domain): boolean {
  return (os.arch ?? "").startsWith("s390");
}

/** The host's processor, feature by feature; what the configuration says of one comes last. */
function hostModel(cpu: Cpu, domain: Domain, caps: QemuCapabilities): Cpu {
  const host = accelOf(caps, virtTypeOf(domain))?.hostCpu;
  const features = new Map<string, CpuFeature>();
  for (const { name, value } of host?.properties ?? [])
    if (typeof value === "boolean") features.set(name, { name, policy: value ? "require" : "disable" });
  for (const feature of cpu.features) features.set(feature.name, feature);
  return {
    ...cpu,
    mode: "custom",
    match: "exact",
    fallback: "forbid",
    ...(host === undefined ? {} : { model: host.name }),
    features: [...features.values()],
  };
}

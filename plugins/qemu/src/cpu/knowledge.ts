import { VirtError } from "@polyvisor/core";
import type { Cpu } from "@polyvisor/sdk/conf";
import { hostArch } from "@polyvisor/sdk/conf/host";
import { hostAsGuest, loadCpus, readKnownCpu, type UsableModels } from "@polyvisor/sdk/cpu";
import { type CpuKnowledge, type HostProcessor, isX86Architecture } from "./host-model.js";

/** What is known of the processors of an architecture, and of this host's. Throws where that is nothing. */
export async function loadKnowledge(arch: string): Promise<CpuKnowledge> {
  const own = hostArch();
  const [guest, host] = await Promise.all([loadCpus(arch), loadCpus(own)]);
  return { guest, host, processor: await describeHost(own, host) };
}

/**
 * The same for the start of a guest. Where libvirt's descriptions are not installed a guest whose processor does not depend
 * on them starts all the same.
 */
export async function knowledgeFor(cpu: Cpu | undefined, arch: string): Promise<CpuKnowledge | undefined> {
  if (cpu === undefined) return undefined;
  try {
    return await loadKnowledge(arch);
  } catch (error) {
    const isMissing =
      error instanceof VirtError && (error.code === "CONFIG_UNSUPPORTED" || error.code === "NO_SUPPORT");
    if (isMissing && !dependsOnHost(cpu)) return undefined;
    throw error;
  }
}

/** Whether a guest's processor is made of the host's. */
export function dependsOnHost({ mode, match, features }: Cpu): boolean {
  return mode === "host-model" || match === "minimum" || features.some(({ policy }) => policy === "optional");
}

async function describeHost(arch: string, architecture: CpuKnowledge["host"]): Promise<HostProcessor> {
  if (isX86Architecture(architecture))
    return { arch, describe: (models?: UsableModels) => hostAsGuest(architecture, models) };
  const host = await readKnownCpu(arch).catch(() => undefined);
  return { arch, describe: (models) => (host && models?.has(host.model) === false ? undefined : host) };
}

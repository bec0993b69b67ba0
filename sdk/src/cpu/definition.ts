import type { HostCpuModel } from "../conf/capabilities.js";
import type { Cpu, CpuFeature } from "../conf/domain/model/index.js";

/** A host's processor, as the capabilities of that host describe it: what it has, nothing that is asked for. */
export interface HostCpu extends HostCpuModel {
  readonly arch: string;
  readonly model: string;
}

/** A processor that a host has, or one that a guest asks for. */
export type CpuDefinition = HostCpu | Cpu;

export function isHostCpu(cpu: CpuDefinition): cpu is HostCpu {
  return "arch" in cpu;
}

/** What a definition says of each feature; a host has all that it names. */
export function featuresOf(cpu: CpuDefinition): readonly CpuFeature[] {
  return isHostCpu(cpu) ? cpu.features.map((name) => ({ name, policy: "require" })) : cpu.features;
}

/** The features in their order, with what is said of one replaced, or added at the end. */
export function withFeatures(features: readonly CpuFeature[], changes: readonly CpuFeature[]): readonly CpuFeature[] {
  const merged = new Map(features.map((feature) => [feature.name, feature]));
  for (const change of changes) merged.set(change.name, change);
  return [...merged.values()];
}

/** Models that a hypervisor can run, by name, each with the features that keep it from running on this host. */
export type UsableModels = ReadonlyMap<string, { readonly blockers?: readonly string[] | undefined }>;

/** Whether a processor is no more than a topology: then the hypervisor chooses the model. */
export function namesNoModel(cpu: Cpu): boolean {
  return (cpu.mode ?? "custom") === "custom" && cpu.model === undefined;
}

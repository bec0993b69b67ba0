import type { UsableModels } from "@polyvisor/sdk/cpu";
import { accelOf, type CpuDefinition, type QemuCapabilities, type VirtType } from "../capabilities/index.js";
import { featureFromQemu } from "./feature-names.js";

/** The models that an emulator has; undefined where it does not say. */
export function usableModels(caps: QemuCapabilities, type: VirtType): UsableModels | undefined {
  const cpus = accelOf(caps, type)?.cpus;
  return cpus === undefined || cpus.length === 0 ? undefined : modelsOf(caps.arch, cpus);
}

export function modelsOf(arch: string, cpus: readonly CpuDefinition[]): UsableModels {
  return new Map(
    cpus.map(({ name, blockers }) => [name, { blockers: blockers?.map((feature) => featureFromQemu(arch, feature)) }]),
  );
}

import type { Cpu } from "../conf/domain/model/index.js";
import type { BaselineOptions, CpuArchitecture, CpuComparison } from "./architecture.js";
import { type CpuDefinition, isHostCpu, type UsableModels } from "./definition.js";
import { loadCpus } from "./load.js";
import { cpuError } from "./map/source.js";

/** The flags of connectCompareCPU. */
export const COMPARE_FLAG = { FAIL_INCOMPATIBLE: 1, VALIDATE_XML: 2 } as const;

/** The flags of connectBaselineCPU. */
export const BASELINE_FLAG = { EXPAND_FEATURES: 1, MIGRATABLE: 2 } as const;

const RESULTS = { incompatible: 0, identical: 1, superset: 2 } as const;

/** The answer of connectCompareCPU; `fail`: what does not fit is an error that says why. */
export function comparisonResult(comparison: CpuComparison, fail: boolean): number {
  if (comparison.result === "incompatible" && fail) throw cpuError("CPU_INCOMPATIBLE", comparison.reason ?? "");
  return RESULTS[comparison.result];
}

/** The best processor that all can play; `arch` is asked of the first where it is left out. */
export async function baselineOf(
  cpus: readonly CpuDefinition[],
  options: BaselineOptions & { readonly arch?: string | undefined; readonly expand?: boolean | undefined },
): Promise<Cpu> {
  const [first] = cpus;
  if (first === undefined) throw cpuError("INVALID_ARG", "no CPUs given");
  cpus.forEach(({ model }, index) => {
    if (model === undefined) throw cpuError("INVALID_ARG", `no CPU model specified at index ${index}`);
  });
  const arch = options.arch ?? (isHostCpu(first) ? first.arch : "none");
  const architecture = await loadCpus(arch);
  if (architecture.baseline === undefined)
    throw cpuError("NO_SUPPORT", `cannot compute baseline CPU of ${arch} architecture`);
  const cpu = architecture.baseline(cpus, options);
  return options.expand === true ? architecture.expand(cpu) : cpu;
}

/** A guest's processor with all that depends on the host put in its place; one that is the host's own stays so. */
export function updateCpu(architecture: CpuArchitecture, guest: Cpu, host: CpuDefinition | undefined): Cpu {
  return guest.mode === "host-passthrough" || guest.mode === "maximum" ? guest : architecture.update(guest, host);
}

/** A guest's processor by the name of a model that the hypervisor has, where the configuration allows another one. */
export function translateCpu(architecture: CpuArchitecture, guest: Cpu, models: UsableModels | undefined): Cpu {
  if ((guest.mode ?? "custom") !== "custom" || models === undefined || models.has(guest.model ?? "")) return guest;
  if ((guest.fallback ?? "allow") !== "allow")
    throw cpuError("CONFIG_UNSUPPORTED", `CPU model ${guest.model} is not supported by hypervisor`);
  if (architecture.translate === undefined)
    throw cpuError("NO_SUPPORT", `cannot translate CPU model ${guest.model} to a supported model`);
  return architecture.translate(guest, models);
}

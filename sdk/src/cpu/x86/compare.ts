import type { CpuComparison } from "../architecture.js";
import { type CpuBits, includes, intersection, without } from "../bits.js";
import { type CpuDefinition, isHostCpu } from "../definition.js";
import type { X86Map } from "../map/x86.js";
import { allBits, bitsByPolicy, describeBits, type FeaturePolicy } from "./features.js";

export const X86_ARCHES: readonly string[] = ["i686", "x86_64"];

export function compareX86(map: X86Map, host: CpuDefinition | undefined, cpu: CpuDefinition): CpuComparison {
  if (host?.model === undefined) return { result: "incompatible", reason: "unknown host CPU" };
  if (isHostCpu(cpu) && !X86_ARCHES.includes(cpu.arch))
    return { result: "incompatible", reason: `CPU arch ${cpu.arch} does not match host arch` };
  if (cpu.vendor !== undefined && cpu.vendor !== host.vendor)
    return { result: "incompatible", reason: `host CPU vendor does not match required CPU vendor ${cpu.vendor}` };
  const there = allBits(map, host);
  const said = (policy: FeaturePolicy) => bitsByPolicy(map, cpu, policy);
  const otherwise = [said("force"), said("optional"), said("disable")];
  const require = without(said("require"), ...otherwise);
  const incompatible = (words: string, bits: CpuBits): CpuComparison => ({
    result: "incompatible",
    reason: `${words}: ${describeBits(map, bits)}`,
  });
  const forbidden = intersection(said("forbid"), there);
  if (forbidden.size > 0) return incompatible("Host CPU provides forbidden features", forbidden);
  if (!includes(there, require))
    return incompatible("Host CPU does not provide required features", without(require, there));
  const more = without(there, require, ...otherwise);
  if (more.size === 0) return { result: "identical" };
  if (!isHostCpu(cpu) && cpu.match === "strict")
    return incompatible("Host CPU does not strictly match guest CPU: Extra features", more);
  return { result: "superset" };
}

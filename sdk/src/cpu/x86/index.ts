import type { Cpu, CpuFeature } from "../../conf/domain/model/index.js";
import type { CpuArchitecture } from "../architecture.js";
import { type CpuDefinition, featuresOf, isHostCpu, withFeatures } from "../definition.js";
import { cpuError } from "../map/source.js";
import type { X86Map } from "../map/x86.js";
import { baselineX86 } from "./baseline.js";
import { compareX86 } from "./compare.js";
import { disableRemoved, namedFeatures } from "./features.js";
import { translateX86, updateX86 } from "./update.js";
import { updateLiveX86 } from "./update-live.js";

/** x86 processors. Its map is public, for those who have bits or names of features from elsewhere. */
export interface X86Architecture extends Required<CpuArchitecture> {
  readonly map: X86Map;
}

export function x86Architecture(map: X86Map): X86Architecture {
  return {
    map,
    modelNames: [...map.models.keys()],
    checkFeatures: (guest) => checkFeatures(map, guest),
    compare: (host, cpu) => compareX86(map, host, cpu),
    baseline: (cpus, options) => baselineX86(map, cpus, options),
    update: (guest, host) => updateX86(map, guest, host),
    updateLive: (guest, enabled, disabled) => updateLiveX86(map, guest, enabled, disabled),
    translate: (guest, models) => translateX86(map, guest, models),
    expand: (cpu) => expand(map, cpu),
    migratable: (cpu) => withNames(cpu, (name) => map.features.get(name)?.migratable !== false),
    vendorOf: (model) => map.models.get(model)?.vendor,
  };
}

function checkFeatures(map: X86Map, { features }: Cpu): void {
  const unknown = features.find(({ name }) => !map.features.has(name));
  if (unknown !== undefined) throw cpuError("CONFIG_UNSUPPORTED", `unknown CPU feature: ${unknown.name}`);
}

/** The definition without the features that `keeps` refuses. */
export function withNames<C extends CpuDefinition>(cpu: C, keeps: (name: string) => boolean): C {
  return isHostCpu(cpu)
    ? { ...cpu, features: cpu.features.filter(keeps) }
    : { ...cpu, features: featuresOf(cpu).filter(({ name }) => keeps(name)) };
}

function expand<C extends CpuDefinition>(map: X86Map, cpu: C): C {
  const model = map.models.get(cpu.model ?? "");
  if (model === undefined) throw cpuError("INTERNAL_ERROR", `unknown CPU model ${cpu.model ?? ""}`);
  const own = namedFeatures(map, model.bits).map((name): CpuFeature => ({ name, policy: "require" }));
  if (isHostCpu(cpu)) {
    const names = new Set([...own.map(({ name }) => name), ...cpu.features]);
    return { ...cpu, features: [...names].sort(byBytes) };
  }
  const said = cpu.features.filter(({ policy = "require" }) => policy === "require" || policy === "disable");
  const all = disableRemoved({ ...cpu, features: withFeatures(own, said) }, model).features;
  return { ...cpu, features: [...all].sort((a, b) => byBytes(a.name, b.name)) };
}

/** libvirt sorts names by their bytes, whatever the language. */
function byBytes(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

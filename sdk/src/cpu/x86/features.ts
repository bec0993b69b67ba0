import type { Cpu, CpuFeature } from "../../conf/domain/model/index.js";
import { type CpuBits, includes, union, without } from "../bits.js";
import { type CpuDefinition, featuresOf, isHostCpu } from "../definition.js";
import { cpuError } from "../map/source.js";
import type { X86Feature, X86Map, X86Model, X86Vendor } from "../map/x86.js";

export type FeaturePolicy = NonNullable<CpuFeature["policy"]>;

const NOTHING: CpuBits = new Map();

/** A model of the map. */
export function modelOf(map: X86Map, name: string): X86Model {
  const model = map.models.get(name);
  if (model === undefined) throw cpuError("INTERNAL_ERROR", `Unknown CPU model ${name}`);
  return model;
}

/** The features whose bits are all there. Many share bits: those of a feature that was found are not looked at again. */
export function namedFeatures(map: X86Map, bits: CpuBits): readonly string[] {
  const names: string[] = [];
  // A host's processor is described by the name of each model in turn, so nothing is copied here but once.
  const rest = new Map(bits);
  for (const feature of map.features.values()) {
    if (!includes(rest, feature.bits)) continue;
    names.push(feature.name);
    for (const [key, value] of feature.bits) rest.set(key, ((rest.get(key) ?? 0) & ~value) >>> 0);
  }
  return names;
}

/** The maker, and the bits that do not say who it is. */
export function splitVendor(
  map: X86Map,
  bits: CpuBits,
): { readonly vendor: X86Vendor | undefined; readonly bits: CpuBits } {
  const vendor = map.vendors.find((each) => includes(bits, each.bits));
  return { vendor, bits: vendor === undefined ? bits : without(bits, vendor.bits) };
}

/** All that a processor has: its model's features, with those it adds and without those that it takes away. */
export function allBits(map: X86Map, cpu: CpuDefinition): CpuBits {
  let bits = cpu.model === undefined ? NOTHING : modelOf(map, cpu.model).bits;
  for (const { name, policy = "require" } of featuresOf(cpu)) {
    if (policy === "optional") continue;
    const feature = knownFeature(map, name);
    const isThere = policy === "require" || policy === "force";
    bits = isThere ? union(bits, feature.bits) : without(bits, feature.bits);
  }
  return bits;
}

/** What a definition says one thing of; the model's own features are required. */
export function bitsByPolicy(map: X86Map, cpu: CpuDefinition, wanted: FeaturePolicy): CpuBits {
  if (isHostCpu(cpu) && wanted !== "require") return NOTHING;
  const features = featuresOf(cpu).filter(({ policy = "require" }) => policy === wanted);
  const model = wanted !== "require" || cpu.model === undefined ? NOTHING : modelOf(map, cpu.model).bits;
  return union(model, ...features.map(({ name }) => knownFeature(map, name).bits));
}

function knownFeature(map: X86Map, name: string): X86Feature {
  const feature = map.features.get(name);
  if (feature === undefined) throw cpuError("INTERNAL_ERROR", `Unknown CPU feature ${name}`);
  return feature;
}

/** Whether a processor has a feature. */
export function hasFeature(map: X86Map, bits: CpuBits, name: string): boolean {
  const feature = map.features.get(name);
  if (feature === undefined) throw cpuError("INTERNAL_ERROR", `unknown CPU feature ${name}`);
  return includes(bits, feature.bits);
}

/** Whether a feature is told by a model-specific register rather than by CPUID. */
export function isMsrFeature(map: X86Map, name: string): boolean {
  return [...(map.features.get(name)?.bits.keys() ?? [])].some((key) => key.startsWith("msr."));
}

/** The bits of the features of those names; unknown names have none. */
export function bitsOfNames(map: X86Map, names: Iterable<string>): CpuBits {
  return union(...[...names].map((name) => map.features.get(name)?.bits ?? NOTHING));
}

/** Says of each feature that the model's description has lost that it is off, unless something is said of it. */
export function disableRemoved(cpu: Cpu, model: X86Model): Cpu {
  const said = new Set(cpu.features.map(({ name }) => name));
  const removed = model.removed.filter((name) => !said.has(name));
  if (removed.length === 0) return cpu;
  return { ...cpu, features: [...cpu.features, ...removed.map((name): CpuFeature => ({ name, policy: "disable" }))] };
}

/** The names in a message, each whose bits are all in `bits`. */
export function describeBits(map: X86Map, bits: CpuBits): string {
  return [...map.features.values()].flatMap(({ name, bits: own }) => (includes(bits, own) ? [name] : [])).join(", ");
}

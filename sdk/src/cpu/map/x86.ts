import { parseNumberSet } from "../../conf/number-set.js";
import { attribute, child, childElements, parseInteger, type XmlElement } from "../../xml/index.js";
import {
  type CpuBits,
  type CpuidRegister,
  cpuidKey,
  msrKey,
  type Signature,
  setBits,
  union,
  vendorBits,
} from "../bits.js";
import { cpuError, type MapElements } from "./source.js";

export interface X86Feature {
  readonly name: string;
  readonly bits: CpuBits;
  readonly migratable: boolean;
}

export interface X86Vendor {
  readonly name: string;
  readonly bits: CpuBits;
}

/** A make of processors; without steppings: any. */
export interface X86Signature extends Pick<Signature, "family" | "model"> {
  readonly steppings?: readonly number[] | undefined;
}

export interface X86Model {
  readonly name: string;
  /** Whether a host's, and a guest's, processor may be called so. */
  readonly decode: { readonly host: boolean; readonly guest: boolean };
  readonly vendor?: string | undefined;
  readonly signatures: readonly X86Signature[];
  readonly bits: CpuBits;
  /** Features that an earlier description of the model had. */
  readonly removed: readonly string[];
}

/** What is known of x86 processors. Lists are in the map's order: later models are newer ones. */
export interface X86Map {
  readonly vendors: readonly X86Vendor[];
  readonly features: ReadonlyMap<string, X86Feature>;
  readonly models: ReadonlyMap<string, X86Model>;
}

export function readX86Map(elements: MapElements): X86Map {
  const vendors = elements.vendors.map(readVendor);
  const features = new Map(elements.features.map((element) => [nameOf(element), readFeature(element)]));
  const models = new Map<string, X86Model>();
  for (const element of elements.models) models.set(nameOf(element), readModel(element, features, models));
  return { vendors, features, models };
}

function nameOf(element: XmlElement): string {
  const name = attribute(element, "name");
  if (name === undefined) throw cpuError("INTERNAL_ERROR", `cannot find ${element.name} name in CPU map`);
  return name;
}

function readVendor(element: XmlElement): X86Vendor {
  const string = attribute(element, "string") ?? "";
  const bits = vendorBits(string);
  if (bits === undefined) throw cpuError("INTERNAL_ERROR", `Invalid CPU vendor string '${string}'`);
  return { name: nameOf(element), bits };
}

function readFeature(element: XmlElement): X86Feature {
  return { name: nameOf(element), bits: readBits(element), migratable: attribute(element, "migratable") !== "no" };
}

const REGISTERS: readonly CpuidRegister[] = ["eax", "ebx", "ecx", "edx"];

/** The bits of a feature, or of a whole processor, from its `<cpuid>` and `<msr>` elements. */
export function readBits(element: XmlElement): CpuBits {
  const bits = new Map<string, number>();
  for (const each of childElements(element)) {
    const number = (name: string) => Number(attribute(each, name) ?? 0) >>> 0;
    if (each.name === "cpuid")
      for (const register of REGISTERS)
        setBits(bits, cpuidKey(number("eax_in"), number("ecx_in"), register), number(register));
    if (each.name === "msr")
      for (const half of ["eax", "edx"] as const) setBits(bits, msrKey(number("index"), half), number(half));
  }
  return bits;
}

/** A model has all that its ancestor has, which the map describes before it. */
function readModel(
  element: XmlElement,
  features: ReadonlyMap<string, X86Feature>,
  models: ReadonlyMap<string, X86Model>,
): X86Model {
  const name = nameOf(element);
  const inherits = child(element, "model");
  const ancestor = inherits && models.get(nameOf(inherits));
  if (inherits !== undefined && ancestor === undefined)
    throw cpuError("INTERNAL_ERROR", `Ancestor model ${nameOf(inherits)} not found for CPU model ${name}`);
  const signatures = childElements(element, "signature").map(readSignature);
  const vendor = child(element, "vendor");
  const named = childElements(element, "feature").map((each) => ({
    feature: nameOf(each),
    removed: attribute(each, "removed") === "yes",
  }));
  const decode = child(element, "decode");
  const may = (who: string) => decode !== undefined && attribute(decode, who) === "on";
  let bits: CpuBits | undefined;
  return {
    name,
    decode: { host: may("host"), guest: may("guest") },
    vendor: vendor === undefined ? ancestor?.vendor : nameOf(vendor),
    signatures: signatures.length > 0 ? signatures : (ancestor?.signatures ?? []),
    removed: named.flatMap(({ feature, removed }) => (removed ? [feature] : [])),
    // Most models are never asked for, and putting them all together takes longer than reading the map.
    get bits() {
      bits ??= bitsOfModel(name, ancestor, named, features);
      return bits;
    },
  };
}

function bitsOfModel(
  name: string,
  ancestor: X86Model | undefined,
  named: readonly { readonly feature: string; readonly removed: boolean }[],
  features: ReadonlyMap<string, X86Feature>,
): CpuBits {
  const own = named
    .filter(({ removed }) => !removed)
    .map(({ feature }) => {
      const known = features.get(feature);
      if (known === undefined)
        throw cpuError("INTERNAL_ERROR", `Feature ${feature} required by CPU model ${name} not found`);
      return known.bits;
    });
  return union(ancestor?.bits ?? new Map(), ...own);
}

function readSignature(element: XmlElement): X86Signature {
  const steppings = attribute(element, "stepping");
  const number = (name: string) => parseInteger(attribute(element, name) ?? "") ?? 0;
  return {
    family: number("family"),
    model: number("model"),
    steppings: steppings === undefined ? undefined : parseNumberSet(steppings),
  };
}

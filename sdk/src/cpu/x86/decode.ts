import type { Cpu, CpuFeature } from "../../conf/domain/model/index.js";
import { type CpuBits, includes, type Signature, signatureOf, union, without } from "../bits.js";
import type { UsableModels } from "../definition.js";
import { cpuError } from "../map/source.js";
import type { X86Map, X86Model } from "../map/x86.js";
import { bitsOfNames, namedFeatures, splitVendor } from "./features.js";

/** A processor by the name of the model that describes it best. */
export interface DecodedCpu {
  readonly model: X86Model;
  readonly vendor?: string | undefined;
  readonly features: readonly CpuFeature[];
  readonly signature: Signature;
}

export interface DecodeOptions {
  /** Who it is: a host's processor can have features beyond those of its model, but it cannot lack any. */
  readonly who: "host" | "guest";
  /** The models that the hypervisor has; absent: any may be chosen. */
  readonly models?: UsableModels | undefined;
  /** Names of models to choose rather than others; a single one is chosen whatever it costs. */
  readonly preferred?: readonly string[] | undefined;
  /** What to do where the one preferred model is not there. */
  readonly fallback?: Cpu["fallback"];
  /** Leave out features that keep a guest from being migrated. */
  readonly migratable?: boolean | undefined;
}

/** Which processor the bits are of. */
export function decodeX86(map: X86Map, raw: CpuBits, options: DecodeOptions): DecodedCpu {
  const { vendor, bits: own } = splitVendor(map, raw);
  const signature = signatureOf(own);
  const bits = withoutBrokenTsx(map, own, vendor?.name, signature);
  const preferred = options.preferred ?? [];
  let best: Candidate | undefined;
  for (const model of [...map.models.values()].reverse()) {
    if (options.models !== undefined && !options.models.has(model.name)) {
      checkFallback(model, preferred, options.fallback);
      continue;
    }
    if (vendor !== undefined && model.vendor !== undefined && model.vendor !== vendor.name) continue;
    const candidate = describe(map, bits, model, options);
    if (candidate === undefined) continue;
    if (preferred.length === 1 && preferred[0] === model.name) {
      best = candidate;
      break;
    }
    if (isBetter(candidate, best, options.who, signature, preferred)) best = candidate;
  }
  if (best === undefined) throw cpuError("INTERNAL_ERROR", "Cannot find suitable CPU model for given data");
  const keeps = ({ name }: CpuFeature) => options.migratable !== true || map.features.get(name)?.migratable !== false;
  return { model: best.model, vendor: vendor?.name, features: best.features.filter(keeps), signature };
}

function checkFallback(model: X86Model, preferred: readonly string[], fallback: Cpu["fallback"]): void {
  if (preferred.length !== 1 || preferred[0] !== model.name || (fallback ?? "allow") === "allow") return;
  throw cpuError("CONFIG_UNSUPPORTED", `CPU model ${model.name} is not supported by hypervisor`);
}

/** Haswell's transactions do not work; a firmware may not have turned them off. */
function withoutBrokenTsx(map: X86Map, bits: CpuBits, vendor: string | undefined, signature: Signature): CpuBits {
  const { family, model, stepping } = signature;
  const isBroken = (model === 63 && stepping < 4) || model === 60 || model === 69 || model === 70;
  return vendor === "Intel" && family === 6 && isBroken ? without(bits, bitsOfNames(map, ["hle", "rtm"])) : bits;
}

interface Candidate {
  readonly model: X86Model;
  readonly features: readonly CpuFeature[];
}

/** The processor by the name of one model: what it has beyond that, what it lacks. Undefined where it may not be called so. */
function describe(map: X86Map, bits: CpuBits, model: X86Model, options: DecodeOptions): Candidate | undefined {
  if (!model.decode[options.who]) return undefined;
  const more = without(bits, model.bits);
  const blockers = (options.models?.get(model.name)?.blockers ?? []).flatMap((name) => {
    const feature = map.features.get(name);
    return feature === undefined || includes(more, feature.bits) ? [] : [feature.bits];
  });
  const lacked = namedFeatures(map, union(without(model.bits, bits), ...blockers));
  if (options.who === "host" && lacked.length > 0) return undefined;
  const required = namedFeatures(map, more);
  const removed = options.who === "guest" ? model.removed : [];
  const off = new Set([...lacked, ...removed.filter((name) => !required.includes(name))]);
  return {
    model,
    features: [
      ...required.map((name): CpuFeature => ({ name, policy: "require" })),
      ...[...off].map((name): CpuFeature => ({ name, policy: "disable" })),
    ],
  };
}

/** A model of the same make is better than one of another; else the shorter description is. */
function isBetter(
  candidate: Candidate,
  best: Candidate | undefined,
  who: "host" | "guest",
  signature: Signature,
  preferred: readonly string[],
): boolean {
  if (best === undefined) return true;
  if (signature.family !== 0 || signature.model !== 0 || signature.stepping !== 0) {
    const [isOurs, wasOurs] = [candidate, best].map(({ model }) => isOfMake(model, signature));
    if (isOurs !== wasOurs) return isOurs === true;
  }
  const [now, before] = [costOf(candidate, who), costOf(best, who)];
  if (now.all < before.all || (now.all === before.all && now.disabled < before.disabled)) return true;
  return preferred.includes(candidate.model.name) && now.disabled < before.disabled;
}

function isOfMake(model: X86Model, { family, model: number, stepping }: Signature): boolean {
  return model.signatures.some(
    (make) =>
      make.family === family &&
      make.model === number &&
      (make.steppings === undefined || make.steppings.includes(stepping)),
  );
}

/**
 * How long a description is. A feature that has to be turned off costs more than one to turn on, and each further one more
 * still. As in libvirt, whose choice of a model this must be, those at the end of the list are not counted: the list shrinks
 * by one with each that is.
 */
function costOf({ features }: Candidate, who: "host" | "guest"): { readonly all: number; readonly disabled: number } {
  if (who === "host") return { all: features.length, disabled: 0 };
  let enabled = features.length;
  let disabled = 0;
  let penalty = 2;
  for (let at = 0; at < enabled; at++) {
    if (features[at]?.policy !== "disable") continue;
    enabled--;
    disabled += penalty;
    penalty++;
  }
  return { all: enabled + disabled, disabled };
}

import type { Cpu, CpuFeature } from "../../conf/domain/model/index.js";
import { signatureBits, union } from "../bits.js";
import { type CpuDefinition, featuresOf, type UsableModels, withFeatures } from "../definition.js";
import { cpuError } from "../map/source.js";
import type { X86Map } from "../map/x86.js";
import { decodeX86 } from "./decode.js";
import { allBits, disableRemoved, hasFeature, modelOf } from "./features.js";

export function updateX86(map: X86Map, guest: Cpu, host: CpuDefinition | undefined): Cpu {
  const takesHost = guest.mode === "host-model" || guest.match === "minimum";
  const isRelative = takesHost || guest.features.some(({ policy }) => policy === "optional");
  let updated = guest;
  if (isRelative) {
    if (host === undefined) throw cpuError("CONFIG_UNSUPPORTED", "unknown host CPU model");
    updated = decideOptional(map, updated, host);
    if (takesHost) updated = withHostModel(updated, host);
  }
  return disableRemoved(updated, modelOf(map, updated.model ?? ""));
}

/** An optional feature is there where the host has it. */
function decideOptional(map: X86Map, guest: Cpu, host: CpuDefinition): Cpu {
  const there = allBits(map, host);
  const features = guest.features.map(
    (feature): CpuFeature =>
      feature.policy === "optional"
        ? { ...feature, policy: hasFeature(map, there, feature.name) ? "require" : "disable" }
        : feature,
  );
  return { ...guest, features };
}

/** The host's processor, changed as the guest's configuration asks. A `minimum` keeps the maker that it asked for. */
function withHostModel(guest: Cpu, host: CpuDefinition): Cpu {
  const isCustom = (guest.mode ?? "custom") === "custom";
  return {
    ...guest,
    mode: "custom",
    match: "exact",
    model: host.model,
    vendor: isCustom ? guest.vendor : host.vendor,
    features: withFeatures(featuresOf(host), guest.features),
  };
}

/** The same processor by the name of a model that the hypervisor has. */
export function translateX86(map: X86Map, guest: Cpu, models: UsableModels | undefined): Cpu {
  const { vendor, signatures } = modelOf(map, guest.model ?? "");
  const [make] = signatures;
  const decoded = decodeX86(
    map,
    union(
      allBits(map, guest),
      map.vendors.find(({ name }) => name === vendor)?.bits ?? new Map(),
      make === undefined ? new Map() : signatureBits({ ...make, stepping: make.steppings?.[0] ?? 0 }),
    ),
    { who: "guest", models },
  );
  return { ...guest, model: decoded.model.name, features: withFeatures(decoded.features, guest.features) };
}

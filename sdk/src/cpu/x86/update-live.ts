import type { Cpu, CpuFeature } from "../../conf/domain/model/index.js";
import { type CpuBits, includes } from "../bits.js";
import { withFeatures } from "../definition.js";
import { cpuError } from "../map/source.js";
import type { X86Map } from "../map/x86.js";
import { allBits, bitsByPolicy, disableRemoved } from "./features.js";

export function updateLiveX86(map: X86Map, guest: Cpu, enabled: CpuBits, disabled: CpuBits): Cpu {
  const fromHost = guest.mode === "host-passthrough" || guest.mode === "maximum";
  const wanted = allBits(map, guest);
  // What a processor of the host's own has nobody asked for; only what was turned off is known of it.
  const unwanted = fromHost ? bitsByPolicy(map, guest, "disable") : undefined;
  const added: string[] = [];
  const missing: string[] = [];
  for (const { name, bits } of map.features.values()) {
    const isWanted = includes(wanted, bits);
    const isUnwanted = !isWanted && (unwanted === undefined || includes(unwanted, bits));
    const isThere = includes(enabled, bits);
    if (isUnwanted && isThere) added.push(name);
    if (includes(disabled, bits) || (isWanted && !isThere)) missing.push(name);
  }
  const model = guest.model === undefined ? undefined : map.models.get(guest.model);
  const complete = (cpu: Cpu) => (model === undefined ? cpu : disableRemoved(cpu, model));
  if (guest.check === "full") {
    checkNothingChanged(added, missing, disabled);
    return complete(guest);
  }
  const changes = [...map.features.keys()].flatMap((name): CpuFeature[] => [
    ...(added.includes(name) ? [{ name, policy: "require" } as const] : []),
    ...(missing.includes(name) ? [{ name, policy: "disable" } as const] : []),
  ]);
  return complete({ ...guest, features: withFeatures(guest.features, changes) });
}

function checkNothingChanged(added: readonly string[], missing: readonly string[], disabled: CpuBits): void {
  const parts = [
    ...(added.length > 0 ? [`extra features: ${added.join(",")}`] : []),
    ...(missing.length > 0 ? [`missing features: ${missing.join(",")}`] : []),
  ];
  if (parts.length > 0)
    throw cpuError("OPERATION_FAILED", `guest CPU doesn't match specification: ${parts.join(", ")}`);
  if (disabled.size > 0) throw cpuError("OPERATION_FAILED", "guest CPU doesn't match specification");
}

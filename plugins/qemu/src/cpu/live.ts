import { isDeepStrictEqual } from "node:util";
import type { Cpu } from "@polyvisor/sdk/conf";
import {
  allBits,
  bitsOfNames,
  type CpuBits,
  type CpuidRegister,
  cpuidKey,
  hasFeature,
  isMsrFeature,
  namesNoModel,
  setBits,
  union,
  type X86Architecture,
} from "@polyvisor/sdk/cpu";
import { type Json, numberOf, objects, strings, textOf } from "../capabilities/json.js";
import { qemuError } from "../errors.js";
import type { Guest } from "../guest.js";
import { QmpError } from "../monitor/index.js";
import { featureFromQemu, featureToQemu } from "./feature-names.js";
import { type CpuKnowledge, isX86Architecture } from "./host-model.js";

/** Where QEMU keeps the first processor of a board that makes it by itself. */
const FIRST_CPU = "/machine/unattached/device[0]";

/** A guest's processor as its emulator made it. */
export interface LiveCpu {
  readonly cpu: Cpu;
  /** The one that the emulator was asked for, where it made another. */
  readonly asked?: Cpu | undefined;
}

/**
 * Asks a new emulator what became of the guest's processor. All questions are sent at once: for whole words of features, and
 * one by one only for those that are in no word. Undefined where nothing is to be said of it, or nothing is known of its
 * architecture.
 *
 * Fails where the guest asks for a full check and got something else, or for a steady clock that the host has not.
 */
export async function readLiveCpu(guest: Guest, known: CpuKnowledge | undefined): Promise<LiveCpu | undefined> {
  const { cpu, os, type } = guest.config;
  if (cpu === undefined || namesNoModel(cpu) || known === undefined || !isX86Architecture(known.guest))
    return undefined;
  const { map } = known.guest;
  const arch = os.arch ?? "";
  // Only the host's own processor tells of its kind's faults in registers.
  const msrs = type === "kvm" ? [...map.features.keys()].filter((name) => isMsrFeature(map, name)) : [];
  const [words, unavailable, ...flags] = await Promise.all([
    ask(guest, "feature-words"),
    ask(guest, "unavailable-features"),
    ...msrs.map((name) => ask(guest, featureToQemu(arch, name))),
  ]);
  if (words === undefined || unavailable === undefined) return undefined;
  const there = msrs.filter((_, at) => flags[at] === true);
  const missing = strings(unavailable).map((name) => featureFromQemu(arch, name));
  return compareWithLive(
    known.guest,
    cpu,
    union(bitsOfWords(words), bitsOfNames(map, there)),
    bitsOfNames(map, missing),
  );
}

function compareWithLive(
  architecture: X86Architecture,
  cpu: Cpu,
  enabled: CpuBits,
  disabled: CpuBits,
): LiveCpu | undefined {
  const { map } = architecture;
  if (hasFeature(map, allBits(map, cpu), "invtsc") && !hasFeature(map, enabled, "invtsc"))
    throw qemuError("CONFIG_UNSUPPORTED", "host doesn't support invariant TSC");
  if ((cpu.mode ?? "custom") !== "custom" && cpu.check !== "full") return undefined;
  const live = architecture.updateLive(cpu, enabled, disabled);
  const isAsAsked = isDeepStrictEqual(live, cpu);
  return { cpu: { ...live, check: "full" }, asked: isAsAsked ? undefined : cpu };
}

/** A property of the first processor; undefined where this emulator does not have it. */
async function ask(guest: Guest, property: string): Promise<Json | undefined> {
  try {
    return await guest.qmp("qom-get", { path: FIRST_CPU, property });
  } catch (error) {
    if (error instanceof QmpError) return undefined;
    throw error;
  }
}

const REGISTERS: Readonly<Record<string, CpuidRegister>> = { EAX: "eax", EBX: "ebx", ECX: "ecx", EDX: "edx" };

/** What QEMU's list of words says: each the value of one register of one leaf. */
function bitsOfWords(words: Json): CpuBits {
  const bits = new Map<string, number>();
  for (const word of objects(words)) {
    const register = REGISTERS[textOf(word, "cpuid-register") ?? ""];
    const [leaf, value] = [numberOf(word, "cpuid-input-eax"), numberOf(word, "features")];
    if (register === undefined || leaf === undefined || value === undefined) continue;
    setBits(bits, cpuidKey(leaf, numberOf(word, "cpuid-input-ecx") ?? 0, register), value);
  }
  return bits;
}

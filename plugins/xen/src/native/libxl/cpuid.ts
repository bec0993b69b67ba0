import type { Cpu } from "@polyvisor/sdk/conf";
import { xenCpuFeature } from "../cpu-names.js";
import { refuse } from "../errors.js";
import { findCpuidFlag } from "./cpuid-flags.js";
import type { LibxlFacts } from "./facts.js";
import type { JsonObject } from "./json.js";

export interface CpuPolicy {
  /** Whether the guest may run guests. */
  readonly isNested: boolean;
  readonly cpuid: readonly JsonObject[];
}

/** What of the host's CPU the guest sees; undefined where that is left to Xen. */
export function cpuPolicy(cpu: Cpu | undefined, facts: LibxlFacts): CpuPolicy | undefined {
  if (cpu?.mode !== "host-passthrough") return undefined;
  const virtualization = facts.hardwareVirtualization;
  let isNested = facts.nestedHvm === true && virtualization !== undefined;
  const masks = new CpuidMasks();
  for (const { name, policy = "require" } of cpu.features) {
    if (policy === "optional") continue;
    const isWanted = policy === "force" || policy === "require";
    if (name === virtualization) isNested = isWanted;
    else masks.set(name, isWanted);
  }
  return { isNested, cpuid: masks.entries() };
}

const UNTOUCHED = "x".repeat(32);

/** Answers of the CPUID instruction, one character for each bit, the highest first. */
class CpuidMasks {
  readonly #leaves = new Map<string, Record<string, string | number>>();

  set(name: string, value: boolean): void {
    const flag = findCpuidFlag(xenCpuFeature(name));
    if (flag === undefined) {
      refuse("CONFIG_UNSUPPORTED", `unsupported cpu feature '${name}'`, "Xen has no name for it.", "LIBXL");
    }
    const { leaf, subleaf, register, bit } = flag;
    const key = `${leaf} ${subleaf}`;
    const entry = this.#leaves.get(key) ?? { leaf, ...(subleaf === undefined ? undefined : { subleaf }) };
    const mask = String(entry[register] ?? UNTOUCHED);
    const at = 31 - bit;
    this.#leaves.set(key, { ...entry, [register]: `${mask.slice(0, at)}${value ? 1 : 0}${mask.slice(at + 1)}` });
  }

  entries(): readonly JsonObject[] {
    return [...this.#leaves.values()];
  }
}

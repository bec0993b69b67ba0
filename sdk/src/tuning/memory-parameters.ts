import { AFFECT, type DomainTuningHandlers, type TypedParam } from "@polyvisor/core";
import type { Memtune } from "../conf/domain/index.js";
import { checkParams, numberParam, STRING_OKAY } from "../typed-params/index.js";
import { MEMORY_LIMITS, type MemoryLimit, readMemory, setMemory } from "./limits.js";
import { checkTuningFlags, groupWith, type Tuned, tuningError } from "./tuned.js";

/** What stands for no limit, in KiB. */
const UNLIMITED = Number.MAX_SAFE_INTEGER;
const AFFECTED = AFFECT.LIVE | AFFECT.CONFIG;
const KNOWN = { hard_limit: "ullong", soft_limit: "ullong", swap_hard_limit: "ullong" } as const;

/** The parameter and the setting of each limit. */
const LIMITS = {
  hard: { field: "hard_limit", key: "hardLimit" },
  soft: { field: "soft_limit", key: "softLimit" },
  swap: { field: "swap_hard_limit", key: "swapHardLimit" },
} as const;

/** How much of the host's memory a guest's process may have, in KiB. */
export function memoryParameterHandlers(tuned: Tuned): DomainTuningHandlers {
  return {
    async domainGetMemoryParameters({ dom, flags }) {
      checkTuningFlags(tuned, "DomainGetMemoryParameters", flags, AFFECTED | STRING_OKAY);
      checkSystem(tuned);
      const { config, live } = await tuned.chosen(dom, flags & ~STRING_OKAY);
      const group = live && groupWith(tuned, live.group, "memory");
      return Promise.all(
        MEMORY_LIMITS.map(async (limit): Promise<TypedParam> => {
          const { field, key } = LIMITS[limit];
          const value = group === undefined ? config.memtune?.[key] : await readMemory(group, limit);
          return { field, type: "ullong", value: value ?? UNLIMITED };
        }),
      );
    },

    domainSetMemoryParameters({ dom, params, flags }) {
      checkTuningFlags(tuned, "DomainSetMemoryParameters", flags, AFFECTED);
      checkParams(params, KNOWN);
      checkSystem(tuned);
      return tuned.tune(
        { dom, flags, api: "domainSetMemoryParameters" },
        {
          edit(config) {
            checkTop(tuned, { ...config.memtune, ...limitsIn(params) });
            return { ...config, memtune: { ...config.memtune, ...limitsIn(params) } };
          },
          async apply({ group }, config) {
            const memory = groupWith(tuned, group, "memory");
            for (const limit of orderOf(config.memtune ?? {}, params)) {
              const kib = numberParam(params, LIMITS[limit].field);
              if (kib !== undefined) await setMemory(memory, limit, kib >= UNLIMITED ? undefined : kib);
            }
            return [];
          },
        },
      );
    },
  };
}

function checkSystem(tuned: Tuned): void {
  if (tuned.mode === "system") return;
  throw tuningError(tuned, "OPERATION_UNSUPPORTED", "Memory tuning is not available in session mode");
}

/** The kernel holds that memory with swap is never less than memory: what grows is set in the other order. */
function orderOf({ hardLimit = UNLIMITED }: Memtune, params: readonly TypedParam[]): readonly MemoryLimit[] {
  const shrinks = (numberParam(params, "hard_limit") ?? 0) < hardLimit;
  return shrinks ? ["soft", "hard", "swap"] : ["soft", "swap", "hard"];
}

function limitsIn(params: readonly TypedParam[]): Partial<Memtune> {
  const given = Object.values(LIMITS).flatMap(({ field, key }) => {
    const kib = numberParam(params, field);
    return kib === undefined ? [] : [[key, kib >= UNLIMITED ? undefined : kib] as const];
  });
  return Object.fromEntries(given);
}

function checkTop(tuned: Tuned, { hardLimit = UNLIMITED, swapHardLimit = UNLIMITED }: Memtune): void {
  if (hardLimit <= swapHardLimit) return;
  const detail = "memory hard_limit tunable value must be lower than or equal to swap_hard_limit";
  throw tuningError(tuned, "INVALID_ARG", detail, "swap_hard_limit is for memory and swap together");
}

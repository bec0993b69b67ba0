import { AFFECT, type DomainTuningHandlers, type TypedParam } from "@polyvisor/core";
import type { Memtune } from "@polyvisor/sdk/conf/domain";
import { checkParams, numberParam, STRING_OKAY } from "@polyvisor/sdk/typed-params";
import { MEMORY_LIMITS, type MemoryLimit, readMemory, setMemory } from "../../confine/index.js";
import { checkFlags, qemuError } from "../../errors.js";
import type { Hypervisor } from "../../hypervisor.js";
import { chosen, groupWith, tune } from "./change.js";

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
export function memoryLimitHandlers(hypervisor: Hypervisor): DomainTuningHandlers {
  return {
    async domainGetMemoryParameters({ dom, flags }) {
      checkFlags(flags, AFFECTED | STRING_OKAY, "qemuDomainGetMemoryParameters");
      checkSystem(hypervisor);
      const { config, guest } = await chosen(hypervisor, dom, flags & ~STRING_OKAY);
      const group = guest && groupWith(await hypervisor.confinement.groupOf(guest), "memory");
      return Promise.all(
        MEMORY_LIMITS.map(async (limit): Promise<TypedParam> => {
          const { field, key } = LIMITS[limit];
          const value = group === undefined ? config.memtune?.[key] : await readMemory(group, limit);
          return { field, type: "ullong", value: value ?? UNLIMITED };
        }),
      );
    },

    domainSetMemoryParameters({ dom, params, flags }) {
      checkFlags(flags, AFFECTED, "qemuDomainSetMemoryParameters");
      checkParams(params, KNOWN);
      checkSystem(hypervisor);
      return tune(
        hypervisor,
        { dom, flags, api: "domainSetMemoryParameters" },
        {
          edit(config) {
            checkTop({ ...config.memtune, ...limitsIn(params) });
            return { ...config, memtune: { ...config.memtune, ...limitsIn(params) } };
          },
          async apply({ config }, group) {
            const memory = groupWith(group, "memory");
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

function checkSystem({ info }: Hypervisor): void {
  if (info.mode === "system") return;
  throw qemuError("OPERATION_UNSUPPORTED", "Memory tuning is not available in session mode");
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

function checkTop({ hardLimit = UNLIMITED, swapHardLimit = UNLIMITED }: Memtune): void {
  if (hardLimit <= swapHardLimit) return;
  const detail = "memory hard_limit tunable value must be lower than or equal to swap_hard_limit";
  throw qemuError("INVALID_ARG", detail, { hint: "swap_hard_limit is for memory and swap together" });
}

import { AFFECT, type DomainTuningHandlers, type TypedParam } from "@polyvisor/core";
import type { Memtune } from "@polyvisor/sdk/conf";
import { checkParams, numberParam, STRING_OKAY } from "@polyvisor/sdk/typed-params";
import { configFor, editOne } from "./edit.js";
import { checkFlags, testError } from "./errors.js";
import type { TestHypervisor } from "./hypervisor.js";

/** What stands for no limit, in KiB. */
const UNLIMITED = Number.MAX_SAFE_INTEGER;
const AFFECTED = AFFECT.LIVE | AFFECT.CONFIG;
const KNOWN = { hard_limit: "ullong", soft_limit: "ullong", swap_hard_limit: "ullong" } as const;

/** Limits of a domain's memory, in KiB, and how often its balloon is asked for statistics. */
export function memoryParameterHandlers(hypervisor: TestHypervisor): DomainTuningHandlers {
  return {
    domainGetMemoryParameters({ dom, flags }) {
      checkFlags(flags, AFFECTED | STRING_OKAY, "testDomainGetMemoryParameters");
      const memtune = configFor(hypervisor, dom, flags).memtune ?? {};
      return [
        limit("hard_limit", memtune.hardLimit),
        limit("soft_limit", memtune.softLimit),
        limit("swap_hard_limit", memtune.swapHardLimit),
      ];
    },

    domainSetMemoryParameters({ dom, params, flags }) {
      checkFlags(flags, AFFECTED, "testDomainSetMemoryParameters");
      checkParams(params, KNOWN);
      const inForce = hypervisor.domains.find(dom).config.memtune ?? {};
      editOne(hypervisor, dom, flags, (config) => {
        checkTop(inForce, params);
        return { ...config, memtune: withLimits(config.memtune ?? {}, params) };
      });
    },

    domainSetMemoryStatsPeriod({ dom, period, flags }) {
      checkFlags(flags, AFFECTED, "testDomainSetMemoryStatsPeriod");
      editOne(hypervisor, dom, flags, (config) => {
        const { memballoon } = config.devices;
        if (memballoon === undefined || memballoon.model === "none") {
          const detail = "No memory balloon device configured, can not set the collection period";
          throw testError("INTERNAL_ERROR", detail, "give the domain a <memballoon>");
        }
        const statsPeriod = period === 0 ? undefined : period;
        return { ...config, devices: { ...config.devices, memballoon: { ...memballoon, statsPeriod } } };
      });
    },
  };
}

function limit(field: keyof typeof KNOWN, value: number | undefined): TypedParam {
  return { field, type: "ullong", value: value ?? UNLIMITED };
}

/** What is not given counts as it is in force now, whichever configuration is changed. */
function checkTop(inForce: Memtune, params: readonly TypedParam[]): void {
  const hard = numberParam(params, "hard_limit");
  const swap = numberParam(params, "swap_hard_limit");
  if (hard === undefined && swap === undefined) return;
  if ((hard ?? inForce.hardLimit ?? UNLIMITED) <= (swap ?? inForce.swapHardLimit ?? UNLIMITED)) return;
  const detail = "memory hard_limit tunable value must be lower than or equal to swap_hard_limit";
  throw testError("INVALID_ARG", detail, "swap_hard_limit is for memory and swap together");
}

function withLimits(memtune: Memtune, params: readonly TypedParam[]): Memtune {
  return {
    ...memtune,
    hardLimit: chosen(numberParam(params, "hard_limit"), memtune.hardLimit),
    softLimit: chosen(numberParam(params, "soft_limit"), memtune.softLimit),
    swapHardLimit: chosen(numberParam(params, "swap_hard_limit"), memtune.swapHardLimit),
  };
}

function chosen(wanted: number | undefined, before: number | undefined): number | undefined {
  if (wanted === undefined) return before;
  return wanted >= UNLIMITED ? undefined : wanted;
}

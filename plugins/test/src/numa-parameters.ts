import { AFFECT, type DomainTuningHandlers } from "@polyvisor/core";
import { numaChange, numaParams, STRING_OKAY, withNumaChange } from "@polyvisor/sdk/typed-params";
import { configFor, editOne } from "./edit.js";
import { checkFlags, testError } from "./errors.js";
import type { TestHypervisor } from "./hypervisor.js";

const AFFECTED = AFFECT.LIVE | AFFECT.CONFIG;

/** The host's memory that a domain's memory is taken from. */
export function numaParameterHandlers(hypervisor: TestHypervisor): DomainTuningHandlers {
  return {
    domainGetNumaParameters({ dom, flags }) {
      checkFlags(flags, AFFECTED | STRING_OKAY, "testDomainGetNumaParameters");
      return numaParams(configFor(hypervisor, dom, flags));
    },

    domainSetNumaParameters({ dom, params, flags }) {
      checkFlags(flags, AFFECTED, "testDomainSetNumaParameters");
      const change = numaChange(params, "TEST");
      const { mode } = change;
      editOne(hypervisor, dom, flags, (config, live) => {
        const before = config.numatune?.memory?.mode;
        if (live && mode !== undefined && before !== undefined && before !== mode) {
          throw invalid("can't change numatune mode for running domain", "change the definition with --config");
        }
        return withNumaChange(config, change);
      });
    },
  };
}

function invalid(detail: string, hint: string): Error {
  return testError("OPERATION_INVALID", detail, hint);
}

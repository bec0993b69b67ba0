import { AFFECT, type DomainTuningHandlers, VirtError } from "@polyvisor/core";
import { type Domain as Config, formatNumberSet, type NumatuneMode, parseNumberSet } from "@polyvisor/sdk/conf";
import { checkParams, numberParam, STRING_OKAY } from "@polyvisor/sdk/typed-params";
import { configFor, editOne } from "./edit.js";
import { checkFlags, testError } from "./errors.js";
import type { TestHypervisor } from "./hypervisor.js";

/** In the order of libvirt's numbers. */
const MODES: readonly NumatuneMode[] = ["strict", "preferred", "interleave", "restrictive"];
const KNOWN = { numa_mode: "int", numa_nodeset: "string" } as const;
const AFFECTED = AFFECT.LIVE | AFFECT.CONFIG;

/** The host's memory that a domain's memory is taken from. */
export function numaParameterHandlers(hypervisor: TestHypervisor): DomainTuningHandlers {
  return {
    domainGetNumaParameters({ dom, flags }) {
      checkFlags(flags, AFFECTED | STRING_OKAY, "testDomainGetNumaParameters");
      const memory = configFor(hypervisor, dom, flags).numatune?.memory;
      return [
        { field: "numa_mode", type: "int", value: MODES.indexOf(memory?.mode ?? "strict") },
        { field: "numa_nodeset", type: "string", value: formatNumberSet(memory?.nodeset ?? []) },
      ];
    },

    domainSetNumaParameters({ dom, params, flags }) {
      checkFlags(flags, AFFECTED, "testDomainSetNumaParameters");
      checkParams(params, KNOWN);
      const mode = modeOf(numberParam(params, "numa_mode"));
      const text = params.find(({ field }) => field === "numa_nodeset")?.value;
      const nodeset = text === undefined ? undefined : nodesOf(String(text));
      editOne(hypervisor, dom, flags, (config, live) => {
        const before = config.numatune?.memory?.mode;
        if (live && mode !== undefined && before !== undefined && before !== mode) {
          throw invalid("can't change numatune mode for running domain", "change the definition with --config");
        }
        return withMemory(config, mode, nodeset);
      });
    },
  };
}

function modeOf(number: number | undefined): NumatuneMode | undefined {
  if (number === undefined) return undefined;
  const mode = MODES[number];
  if (mode !== undefined) return mode;
  throw testError("INVALID_ARG", `unsupported numatune mode: '${number}'`, `there are ${MODES.join(", ")}`);
}

function nodesOf(text: string): readonly number[] {
  const nodes = parseNumberSet(text);
  if (nodes.length > 0) return nodes;
  throw invalid(`Invalid nodeset of 'numatune': ${text}`, "name at least one node");
}

function withMemory(config: Config, mode: NumatuneMode | undefined, nodes: readonly number[] | undefined): Config {
  if (mode === undefined && nodes === undefined) return config;
  const { numatune } = config;
  const before = numatune?.memory;
  const nodeset = nodes ?? before?.nodeset;
  const isStatic = nodes !== undefined || nodeset !== undefined || config.vcpu.placement === "static";
  const placement = nodes === undefined ? (before?.placement ?? (isStatic ? "static" : "auto")) : "static";
  if (placement === "static" && nodeset === undefined) {
    const detail = "nodeset for NUMA memory tuning must be set if 'placement' is 'static'";
    throw new VirtError("CONFIG_UNSUPPORTED", detail, { domain: "DOMAIN", hint: "give numa_nodeset, too" });
  }
  const memory = { mode: mode ?? before?.mode ?? "strict", placement, nodeset };
  return { ...config, numatune: { memnodes: [], ...numatune, memory } };
}

function invalid(detail: string, hint: string): Error {
  return testError("OPERATION_INVALID", detail, hint);
}

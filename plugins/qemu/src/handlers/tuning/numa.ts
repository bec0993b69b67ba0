import { AFFECT, type DomainTuningHandlers, VirtError } from "@polyvisor/core";
import { type Domain as DomainConfig, formatNumberSet, type NumatuneMode, parseNumberSet } from "@polyvisor/sdk/conf";
import { checkParams, numberParam, STRING_OKAY } from "@polyvisor/sdk/typed-params";
import { checkFlags, qemuError } from "../../errors.js";
import type { Guest } from "../../guest.js";
import type { Hypervisor } from "../../hypervisor.js";
import { checkNumaNodes } from "../../start/plan.js";
import { chosen, groupWith, tune } from "./change.js";

/** In the order of libvirt's numbers. */
const MODES: readonly NumatuneMode[] = ["strict", "preferred", "interleave", "restrictive"];
const KNOWN = { numa_mode: "int", numa_nodeset: "string" } as const;
const AFFECTED = AFFECT.LIVE | AFFECT.CONFIG;

/** The nodes of the host that a guest's memory is taken from. */
export function numaHandlers(hypervisor: Hypervisor): DomainTuningHandlers {
  return {
    async domainGetNumaParameters({ dom, flags }) {
      checkFlags(flags, AFFECTED | STRING_OKAY, "qemuDomainGetNumaParameters");
      const { config } = await chosen(hypervisor, dom, flags & ~STRING_OKAY);
      const memory = config.numatune?.memory;
      return [
        { field: "numa_mode", type: "int", value: MODES.indexOf(memory?.mode ?? "strict") },
        { field: "numa_nodeset", type: "string", value: formatNumberSet(memory?.nodeset ?? []) },
      ];
    },

    domainSetNumaParameters({ dom, params, flags }) {
      checkFlags(flags, AFFECTED, "qemuDomainSetNumaParameters");
      checkParams(params, KNOWN);
      const mode = modeOf(numberParam(params, "numa_mode"));
      const text = params.find(({ field }) => field === "numa_nodeset")?.value;
      const nodes = text === undefined ? undefined : nodesOf(String(text));
      return tune(
        hypervisor,
        { dom, flags, api: "domainSetNumaParameters" },
        {
          edit(config, target) {
            if (target === "live") checkLive(hypervisor, config, mode, nodes);
            return withMemory(config, mode, nodes);
          },
          async apply(guest, group) {
            const cpuset = groupWith(group, "cpuset");
            for (const part of nodes === undefined ? [] : partsOf(guest)) {
              await cpuset.threads(part).write("cpuset", "cpuset.mems", formatNumberSet(nodes ?? []));
            }
            return [];
          },
        },
      );
    },
  };
}

function checkLive(
  { info }: Hypervisor,
  { numatune }: DomainConfig,
  mode: NumatuneMode | undefined,
  nodes: readonly number[] | undefined,
): void {
  if (info.mode !== "system") {
    throw qemuError("OPERATION_UNSUPPORTED", "NUMA tuning is not available in session mode");
  }
  const before = numatune?.memory?.mode;
  if (mode !== undefined && before !== undefined && before !== mode) {
    throw invalid("can't change numatune mode for running domain", "change the definition with --config");
  }
  if (nodes === undefined) return;
  if (mode === "strict") {
    if (formatNumberSet(nodes) === formatNumberSet(numatune?.memory?.nodeset ?? [])) return;
    throw invalid("can't change nodeset for strict mode for running domain", "change the definition with --config");
  }
  if (before !== undefined && before !== "restrictive") {
    const detail = "change of nodeset for running domain requires restrictive numa mode";
    throw invalid(detail, "change the definition with --config");
  }
  checkNumaNodes(nodes);
}

function partsOf({ vcpuThreads, config }: Guest): string[] {
  const vcpus = [...vcpuThreads.keys()].map((vcpu) => `vcpu${vcpu}`);
  return ["emulator", ...vcpus, ...config.iothreads.map(({ id }) => `iothread${id}`)];
}

function modeOf(number: number | undefined): NumatuneMode | undefined {
  if (number === undefined) return undefined;
  const mode = MODES[number];
  if (mode !== undefined) return mode;
  throw qemuError("INVALID_ARG", `unsupported numatune mode: '${number}'`, { hint: `there are ${MODES.join(", ")}` });
}

function nodesOf(text: string): readonly number[] {
  const nodes = parseNumberSet(text);
  if (nodes.length > 0) return nodes;
  throw invalid(`Invalid nodeset of 'numatune': ${text}`, "name at least one node");
}

function withMemory(
  config: DomainConfig,
  mode: NumatuneMode | undefined,
  nodes: readonly number[] | undefined,
): DomainConfig {
  if (mode === undefined && nodes === undefined) return config;
  const { numatune } = config;
  const before = numatune?.memory;
  const nodeset = nodes ?? before?.nodeset;
  const isStatic = nodeset !== undefined || config.vcpu.placement === "static";
  const placement = nodes === undefined ? (before?.placement ?? (isStatic ? "static" : "auto")) : "static";
  if (placement === "static" && nodeset === undefined) {
    const detail = "nodeset for NUMA memory tuning must be set if 'placement' is 'static'";
    throw new VirtError("CONFIG_UNSUPPORTED", detail, { domain: "DOMAIN", hint: "give numa_nodeset, too" });
  }
  const memory = { mode: mode ?? before?.mode ?? "strict", placement, nodeset };
  return { ...config, numatune: { memnodes: [], ...numatune, memory } };
}

function invalid(detail: string, hint: string): Error {
  return qemuError("OPERATION_INVALID", detail, { hint });
}

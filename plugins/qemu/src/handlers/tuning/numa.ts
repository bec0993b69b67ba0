import { AFFECT, type DomainTuningHandlers } from "@polyvisor/core";
import type { Domain as DomainConfig } from "@polyvisor/sdk/conf";
import { formatNumberSet } from "@polyvisor/sdk/conf/number-set";
import { type NumaChange, numaChange, numaParams, STRING_OKAY, withNumaChange } from "@polyvisor/sdk/typed-params";
import { checkFlags, qemuError } from "../../errors.js";
import type { Guest } from "../../guest.js";
import type { Hypervisor } from "../../hypervisor.js";
import { checkNumaNodes } from "../../start/plan.js";
import { chosen, groupWith, tune } from "./change.js";

const AFFECTED = AFFECT.LIVE | AFFECT.CONFIG;

/** The nodes of the host that a guest's memory is taken from. */
export function numaHandlers(hypervisor: Hypervisor): DomainTuningHandlers {
  return {
    async domainGetNumaParameters({ dom, flags }) {
      checkFlags(flags, AFFECTED | STRING_OKAY, "qemuDomainGetNumaParameters");
      const { config } = await chosen(hypervisor, dom, flags & ~STRING_OKAY);
      return numaParams(config);
    },

    domainSetNumaParameters({ dom, params, flags }) {
      checkFlags(flags, AFFECTED, "qemuDomainSetNumaParameters");
      const change = numaChange(params, "QEMU");
      const { nodes } = change;
      return tune(
        hypervisor,
        { dom, flags, api: "domainSetNumaParameters" },
        {
          edit(config, target) {
            if (target === "live") checkLive(hypervisor, config, change);
            return withNumaChange(config, change);
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

function checkLive({ info }: Hypervisor, { numatune }: DomainConfig, { mode, nodes }: NumaChange): void {
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

function invalid(detail: string, hint: string): Error {
  return qemuError("OPERATION_INVALID", detail, { hint });
}

import { type ErrorDetail, type TypedParam, VirtError } from "@polyvisor/core";
import type { Domain, NumatuneMode } from "../conf/domain/index.js";
import { formatNumberSet, parseNumberSet } from "../conf/number-set.js";
import { checkParams, numberParam } from "./check.js";

/** In the order of libvirt's numbers. */
const MODES: readonly NumatuneMode[] = ["strict", "preferred", "interleave", "restrictive"];
const KNOWN = { numa_mode: "int", numa_nodeset: "string" } as const;

/** What a client wants of the host's nodes that a guest's memory is taken from; what it does not name stays. */
export interface NumaChange {
  readonly mode: NumatuneMode | undefined;
  readonly nodes: readonly number[] | undefined;
}

/** How `domainGetNumaParameters` tells of a configuration. */
export function numaParams({ numatune }: Domain): TypedParam[] {
  const { mode = "strict", nodeset = [] } = numatune?.memory ?? {};
  return [
    { field: "numa_mode", type: "int", value: MODES.indexOf(mode) },
    { field: "numa_nodeset", type: "string", value: formatNumberSet(nodeset) },
  ];
}

/** What the parameters of `domainSetNumaParameters` want. Faults are told in the name of `domain`, the driver. */
export function numaChange(params: readonly TypedParam[], domain: NonNullable<ErrorDetail["domain"]>): NumaChange {
  checkParams(params, KNOWN);
  const number = numberParam(params, "numa_mode");
  const mode = number === undefined ? undefined : MODES[number];
  if (number !== undefined && mode === undefined) {
    const hint = `there are ${MODES.join(", ")}`;
    throw new VirtError("INVALID_ARG", `unsupported numatune mode: '${number}'`, { domain, hint });
  }
  const text = params.find(({ field }) => field === "numa_nodeset")?.value;
  if (text === undefined) return { mode, nodes: undefined };
  const nodes = parseNumberSet(String(text));
  if (nodes.length > 0) return { mode, nodes };
  const hint = "name at least one node";
  throw new VirtError("OPERATION_INVALID", `Invalid nodeset of 'numatune': ${text}`, { domain, hint });
}

/** The configuration with the change. */
export function withNumaChange(config: Domain, { mode, nodes }: NumaChange): Domain {
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

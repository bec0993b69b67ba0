import { AFFECT, type DomainTuningHandlers, type TypedParam } from "@polyvisor/core";
import type { Cgroup } from "../cgroup/index.js";
import { notRunning } from "../lifecycle/index.js";
import { onlineCpus } from "../process/index.js";
import { STRING_OKAY } from "../typed-params/index.js";
import { checkTuningFlags, groupWith, type Tuned, tuningError } from "./tuned.js";

const NS_PER_TICK = 10_000_000n;
const NS_PER_US = 1000n;
/** Asks for all of the host's processors together. */
const TOTAL = -1;

/**
 * Time that a guest's process has had on the host's processors, in nanoseconds. `vcpuGroups` are the groups of its own processors
 * below its group, where it has such.
 */
export function cpuStatsHandlers<G>(
  tuned: Tuned<G>,
  vcpuGroups?: (guest: G) => readonly string[],
): DomainTuningHandlers {
  return {
    async domainGetCPUStats({ dom, nparams, startCpu, ncpus, flags }) {
      checkTuningFlags(tuned, "DomainGetCPUStats", flags, STRING_OKAY);
      const { live } = await tuned.chosen(dom, AFFECT.LIVE);
      if (live === undefined) throw notRunning();
      const group = groupWith(tuned, live.group, "cpuacct");
      if (startCpu === TOTAL) {
        const total = await totals(group);
        return nparams === 0 ? { params: [], nparams: total.length } : { params: total, nparams: total.length };
      }
      const vcpus = vcpuGroups?.(live.guest).map((name) => group.threads(name));
      return perCpu(tuned, group, { nparams, startCpu, ncpus, vcpus });
    },
  };
}

async function totals(group: Cgroup): Promise<TypedParam[]> {
  if (group.versionOf("cpuacct") === 1) {
    const [usage, stat] = await Promise.all([
      group.read("cpuacct", "cpuacct.usage"),
      group.read("cpuacct", "cpuacct.stat"),
    ]);
    const ticks = fieldsOf(stat);
    return times(BigInt(usage), (ticks.get("user") ?? 0n) * NS_PER_TICK, (ticks.get("system") ?? 0n) * NS_PER_TICK);
  }
  const stat = fieldsOf(await group.read("cpuacct", "cpu.stat"));
  const ns = (name: string) => (stat.get(name) ?? 0n) * NS_PER_US;
  return times(ns("usage_usec"), ns("user_usec"), ns("system_usec"));
}

function times(cpu: bigint, user: bigint, system: bigint): TypedParam[] {
  return [
    { field: "cpu_time", type: "ullong", value: cpu },
    { field: "user_time", type: "ullong", value: user },
    { field: "system_time", type: "ullong", value: system },
  ];
}

function fieldsOf(text: string): Map<string, bigint> {
  return new Map(
    text.split("\n").map((line): [string, bigint] => {
      const [name = "", value = "0"] = line.split(" ");
      return [name, BigInt(value)];
    }),
  );
}

interface Question {
  readonly nparams: number;
  readonly startCpu: number;
  readonly ncpus: number;
  /** The groups of the guest's own processors, where it has such. */
  readonly vcpus: readonly Cgroup[] | undefined;
}

/** For each processor its time, and that of the guest's own processors on it. */
async function perCpu(
  tuned: Tuned,
  group: Cgroup,
  { nparams, startCpu, ncpus, vcpus }: Question,
): Promise<{ params: TypedParam[]; nparams: number }> {
  const host = Math.max(...onlineCpus()) + 1;
  const known = vcpus === undefined ? 1 : 2;
  if (nparams === 0 && ncpus !== 0) return { params: [], nparams: known };
  if (ncpus === 0) return { params: [], nparams: host };
  if (startCpu >= host) {
    throw tuningError(tuned, "INVALID_ARG", `start_cpu ${startCpu} larger than maximum of ${host - 1}`);
  }
  if (group.versionOf("cpuacct") !== 1) {
    throw tuningError(tuned, "OPERATION_UNSUPPORTED", "operation 'getCpuacctPercpuUsage' not supported");
  }
  const all = await usageOf(group);
  const ofVcpus = await Promise.all((vcpus ?? []).map(usageOf));
  const params: TypedParam[] = [];
  for (let cpu = startCpu; cpu < Math.min(host, startCpu + ncpus); cpu++) {
    const own = ofVcpus.reduce((sum, usage) => sum + (usage[cpu] ?? 0n), 0n);
    params.push({ field: "cpu_time", type: "ullong", value: all[cpu] ?? 0n });
    if (nparams > 1 && vcpus !== undefined) params.push({ field: "vcpu_time", type: "ullong", value: own });
  }
  return { params, nparams: Math.min(nparams, known) };
}

async function usageOf(group: Cgroup): Promise<bigint[]> {
  return (await group.read("cpuacct", "cpuacct.usage_percpu")).trim().split(/\s+/).map(BigInt);
}

import type { TypedParam } from "@polyvisor/core";
import { readProcessStat, readRunDelay } from "@polyvisor/sdk/process";
import { numberOf, objects } from "../capabilities/json.js";
import type { Guest } from "../guest.js";
import { unlessRefused } from "../monitor/index.js";
import type { StatsSource } from "./stats.js";

const RUNNING = 1;

/** How many virtual CPUs there are, and for a running guest what each has used. */
export async function vcpuStats({ config, guest, monitor }: StatsSource): Promise<TypedParam[]> {
  const params: TypedParam[] = [
    { field: "vcpu.current", type: "uint", value: config.vcpu.current },
    { field: "vcpu.maximum", type: "uint", value: config.vcpu.max },
  ];
  if (guest?.process === undefined) return params;
  const { pid } = guest.process;
  const halted = monitor ? await haltedCpus(guest) : new Map<number, boolean>();
  for (const [number, thread] of guest.vcpuThreads) {
    const stat = readProcessStat(pid, thread);
    if (stat === undefined) continue;
    const field = (name: string) => `vcpu.${number}.${name}`;
    params.push(
      { field: field("state"), type: "int", value: RUNNING },
      { field: field("time"), type: "ullong", value: stat.userTime + stat.systemTime },
      { field: field("wait"), type: "ullong", value: 0 },
      { field: field("delay"), type: "ullong", value: readRunDelay(pid, thread) ?? 0 },
    );
    const isHalted = halted.get(number);
    if (isHalted !== undefined) params.push({ field: field("halted"), type: "boolean", value: isHalted });
  }
  return params;
}

/** Only some architectures tell it without stopping the CPU. */
async function haltedCpus(guest: Guest): Promise<ReadonlyMap<number, boolean>> {
  const halted = new Map<number, boolean>();
  const cpus = await unlessRefused(guest.qmp("query-cpus-fast"));
  for (const cpu of objects(cpus)) {
    const number = numberOf(cpu, "cpu-index");
    if (number !== undefined && cpu["cpu-state"] !== undefined) halted.set(number, cpu["cpu-state"] !== "operating");
  }
  return halted;
}

import type { Cgroup } from "@polyvisor/sdk/cgroup";
import type { NumberSet } from "@polyvisor/sdk/conf";
import type { Domain as DomainConfig } from "@polyvisor/sdk/conf/domain";
import { formatNumberSet } from "@polyvisor/sdk/conf/number-set";
import { onlineCpus, setAffinity } from "@polyvisor/sdk/process";
import { limitTime, noBandwidth } from "./tuning.js";

/** One or more threads of a guest that are limited and pinned together. */
export interface ThreadPart {
  /** The group: `emulator`, `vcpu0`, `iothread1`. */
  readonly name: string;
  /** The processors of the host on which they may run; `undefined`: all of them. */
  readonly cpus: NumberSet | undefined;
  /** The memory they may use, by nodes of the host. */
  readonly nodes: NumberSet | undefined;
  readonly period: number | undefined;
  readonly quota: number | undefined;
}

export function emulatorPart(config: DomainConfig): ThreadPart {
  const { emulatorpin, emulatorPeriod, emulatorQuota } = config.cputune ?? {};
  const cpus = emulatorpin ?? config.vcpu.cpuset;
  return { name: "emulator", cpus, nodes: nodesOf(config), period: emulatorPeriod, quota: emulatorQuota };
}

export function vcpuPart(config: DomainConfig, vcpu: number): ThreadPart {
  const { vcpupin, period, quota } = config.cputune ?? {};
  const cpus = vcpupin?.find((pin) => pin.vcpu === vcpu)?.cpuset ?? config.vcpu.cpuset;
  return { name: `vcpu${vcpu}`, cpus, nodes: nodesOf(config, vcpu), period, quota };
}

export function iothreadPart(config: DomainConfig, id: number): ThreadPart {
  const { iothreadpin, iothreadPeriod, iothreadQuota } = config.cputune ?? {};
  const cpus = iothreadpin?.find((pin) => pin.iothread === id)?.cpuset ?? config.vcpu.cpuset;
  return { name: `iothread${id}`, cpus, nodes: nodesOf(config), period: iothreadPeriod, quota: iothreadQuota };
}

/** Whether any thread is limited or pinned. */
export function hasTunedThreads({ cputune, numatune, vcpu }: DomainConfig): boolean {
  return cputune !== undefined || numatune !== undefined || vcpu.cpuset !== undefined;
}

/** Only what is strict or restrictive is a limit; what is preferred the emulator sees to by itself. */
function nodesOf({ numatune, cpu }: DomainConfig, vcpu?: number): NumberSet | undefined {
  const cell = cpu?.numa?.cells.find(({ cpus }) => vcpu !== undefined && cpus?.includes(vcpu))?.id;
  const own = numatune?.memnodes.find(({ cellid, mode }) => cellid === cell && mode === "restrictive");
  if (own !== undefined) return own.nodeset;
  const { memory } = numatune ?? {};
  return memory?.mode === "strict" || memory?.mode === "restrictive" ? memory.nodeset : undefined;
}

/** Makes the group of a part below the guest's, where there is one, with its limits. */
export async function makePart(group: Cgroup | undefined, part: ThreadPart): Promise<Cgroup | undefined> {
  if (!group?.has("cpu") && !group?.has("cpuset")) {
    if (part.period !== undefined || part.quota !== undefined) throw noBandwidth();
    return undefined;
  }
  const own = await group.makeThreads(part.name);
  if (own.has("cpuset")) {
    if (part.cpus !== undefined) await own.write("cpuset", "cpuset.cpus", formatNumberSet(part.cpus));
    if (part.nodes !== undefined) await own.write("cpuset", "cpuset.mems", formatNumberSet(part.nodes));
  }
  await limitTime(own, part.period, part.quota);
  return own;
}

/** Puts a thread into the group of its part, and where it may run. */
export async function placeThread(group: Cgroup | undefined, part: ThreadPart, thread: number): Promise<void> {
  await (await makePart(group, part))?.addThread(thread);
  pin(thread, part.cpus);
}

/** A thread is where the one was that made it. One that may run anywhere is where the host lets it, if that is not everywhere. */
export function pin(thread: number, cpus: NumberSet | undefined): void {
  try {
    setAffinity(thread, cpus ?? onlineCpus());
  } catch (error) {
    if (cpus !== undefined) throw error;
  }
}

import type { DomainTuningHandlers } from "@polyvisor/core";
import {
  blockParameterHandlers,
  cpuStatsHandlers,
  memoryParameterHandlers,
  type SchedulerPart,
  schedulerHandlers,
} from "@polyvisor/sdk/tuning";
import type { Guest } from "../../guest.js";
import type { Hypervisor } from "../../hypervisor.js";
import { tunedGuests } from "./change.js";
import { iothreadHandlers } from "./iothreads.js";
import { numaHandlers } from "./numa.js";
import { pinningHandlers } from "./pinning.js";

/** The parts of a guest whose time is limited. */
const PARTS: readonly SchedulerPart<Guest>[] = [
  { name: "vcpu", period: "period", quota: "quota", groups: vcpuGroups },
  { name: "emulator", period: "emulatorPeriod", quota: "emulatorQuota", groups: () => ["emulator"] },
  { name: "global", period: "globalPeriod", quota: "globalQuota", groups: () => [""] },
  { name: "iothread", period: "iothreadPeriod", quota: "iothreadQuota", groups: iothreadGroups },
];

/** What a guest may have of the host's processors and memory, and where. */
export function tuningHandlers(hypervisor: Hypervisor): DomainTuningHandlers {
  const tuned = tunedGuests(hypervisor);
  return {
    ...schedulerHandlers(tuned, PARTS),
    ...memoryParameterHandlers(tuned),
    ...blockParameterHandlers(tuned),
    ...numaHandlers(hypervisor),
    ...iothreadHandlers(hypervisor),
    ...pinningHandlers(hypervisor),
    ...cpuStatsHandlers(tuned, vcpuGroups),
  };
}

function vcpuGroups({ vcpuThreads }: Guest): string[] {
  return [...vcpuThreads.keys()].map((vcpu) => `vcpu${vcpu}`);
}

function iothreadGroups({ config }: Guest): string[] {
  return config.iothreads.map(({ id }) => `iothread${id}`);
}

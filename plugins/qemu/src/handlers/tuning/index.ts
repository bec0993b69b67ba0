import type { DomainTuningHandlers } from "@polyvisor/core";
import type { Hypervisor } from "../../hypervisor.js";
import { blockLimitHandlers } from "./block-limits.js";
import { cpuStatsHandlers } from "./cpu-stats.js";
import { iothreadHandlers } from "./iothreads.js";
import { memoryLimitHandlers } from "./memory-limits.js";
import { numaHandlers } from "./numa.js";
import { pinningHandlers } from "./pinning.js";
import { schedulerHandlers } from "./scheduler.js";

/** What a guest may have of the host's processors and memory, and where. */
export function tuningHandlers(hypervisor: Hypervisor): DomainTuningHandlers {
  return {
    ...schedulerHandlers(hypervisor),
    ...memoryLimitHandlers(hypervisor),
    ...blockLimitHandlers(hypervisor),
    ...numaHandlers(hypervisor),
    ...iothreadHandlers(hypervisor),
    ...pinningHandlers(hypervisor),
    ...cpuStatsHandlers(hypervisor),
  };
}

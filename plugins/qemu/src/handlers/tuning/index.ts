import type { DomainTuningHandlers } from "@polyvisor/core";
import { blockParameterHandlers, memoryParameterHandlers } from "@polyvisor/sdk/tuning";
import type { Hypervisor } from "../../hypervisor.js";
import { tunedGuests } from "./change.js";
import { cpuStatsHandlers } from "./cpu-stats.js";
import { iothreadHandlers } from "./iothreads.js";
import { numaHandlers } from "./numa.js";
import { pinningHandlers } from "./pinning.js";
import { schedulerHandlers } from "./scheduler.js";

/** What a guest may have of the host's processors and memory, and where. */
export function tuningHandlers(hypervisor: Hypervisor): DomainTuningHandlers {
  const tuned = tunedGuests(hypervisor);
  return {
    ...schedulerHandlers(hypervisor),
    ...memoryParameterHandlers(tuned),
    ...blockParameterHandlers(tuned),
    ...numaHandlers(hypervisor),
    ...iothreadHandlers(hypervisor),
    ...pinningHandlers(hypervisor),
    ...cpuStatsHandlers(hypervisor),
  };
}

import type { DomainTuningHandlers } from "@polyvisor/core";
import {
  blockParameterHandlers,
  cpuStatsHandlers,
  memoryParameterHandlers,
  schedulerHandlers,
} from "@polyvisor/sdk/tuning";
import type { LxcHypervisor } from "../pieces.js";
import { tunedContainers, WHOLE } from "./tuned.js";

/** What a container may have of the host's processors, memory and disks. */
export function tuningHandlers(hypervisor: LxcHypervisor): DomainTuningHandlers {
  const tuned = tunedContainers(hypervisor);
  return {
    ...schedulerHandlers(tuned, WHOLE),
    ...memoryParameterHandlers(tuned),
    ...blockParameterHandlers(tuned),
    ...cpuStatsHandlers(tuned),
  };
}

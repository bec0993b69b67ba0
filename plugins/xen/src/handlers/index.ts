import type { HypervisorHandlers } from "@polyvisor/core";
import { changeHandlers, metadataHandlers, viewHandlers } from "@polyvisor/sdk/driver";
import { jobHandlers } from "@polyvisor/sdk/jobs";
import type { XenHypervisor } from "../hypervisor.js";
import { consoleHandlers } from "./console.js";
import { deviceHandlers } from "./devices.js";
import { hostHandlers } from "./host.js";
import { jobInfoHandlers } from "./jobs.js";
import { lifecycleHandlers } from "./lifecycle.js";
import { memoryHandlers } from "./memory.js";
import { migrationHandlers } from "./migration.js";
import { nativeHandlers } from "./native.js";
import { nodeDeviceHandlers } from "./node-devices.js";
import { queryHandlers } from "./queries.js";
import { saveHandlers } from "./save.js";
import { schedulerHandlers } from "./scheduler.js";
import { statsHandlers } from "./stats.js";
import { vcpuHandlers } from "./vcpus.js";

/** All that a connection to a dom0 answers, but for what goes with one connection. */
export function xenHandlers(hypervisor: XenHypervisor): HypervisorHandlers {
  const { guests } = hypervisor;
  return {
    ...viewHandlers(guests),
    ...changeHandlers(guests),
    ...jobHandlers(guests.domains),
    ...metadataHandlers(guests),
    ...hostHandlers(hypervisor),
    ...queryHandlers(hypervisor),
    ...lifecycleHandlers(hypervisor),
    ...memoryHandlers(hypervisor),
    ...vcpuHandlers(hypervisor),
    ...schedulerHandlers(hypervisor),
    ...statsHandlers(hypervisor),
    ...saveHandlers(hypervisor),
    ...nodeDeviceHandlers(hypervisor),
    ...nativeHandlers(hypervisor),
    ...migrationHandlers(hypervisor),
    ...jobInfoHandlers(hypervisor),
    ...deviceHandlers(hypervisor),
    ...consoleHandlers(hypervisor),
  };
}

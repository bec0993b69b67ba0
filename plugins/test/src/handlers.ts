import type { HypervisorHandlers } from "@polyvisor/core";
import { definitionHandlers } from "./definition.js";
import { hostHandlers } from "./host.js";
import type { TestHypervisor } from "./hypervisor.js";
import { interfaceHandlers } from "./interfaces.js";
import { lifecycleHandlers } from "./lifecycle.js";
import { listHandlers } from "./list.js";
import { memoryHandlers } from "./memory.js";
import { networkUpdateHandlers } from "./network-updates.js";
import { networkHandlers } from "./networks.js";
import { nodeDeviceHandlers } from "./node-devices.js";
import { poolDefinitionHandlers } from "./pool-definition.js";
import { poolHandlers } from "./pools.js";
import { queryHandlers } from "./queries.js";
import { statsHandlers } from "./stats.js";
import type { TestHost } from "./test-host.js";
import { vcpuHandlers } from "./vcpus.js";
import { volumeHandlers } from "./volumes.js";

/**
 * Every call that this driver implements, topic by topic. A call that is in no topic answers `NO_SUPPORT` by itself.
 *
 * The handlers never wait for anything, so each runs as a whole and needs no job. A driver that talks to a process does:
 * see `@polyvisor/sdk/jobs`.
 */
export function handlersOf(hypervisor: TestHypervisor, host: TestHost): HypervisorHandlers {
  return {
    ...hostHandlers(),
    ...listHandlers(hypervisor),
    ...definitionHandlers(hypervisor),
    ...lifecycleHandlers(hypervisor),
    ...queryHandlers(hypervisor),
    ...memoryHandlers(hypervisor),
    ...vcpuHandlers(hypervisor),
    ...statsHandlers(hypervisor),
    ...networkHandlers(host),
    ...networkUpdateHandlers(host),
    ...poolHandlers(host),
    ...poolDefinitionHandlers(host),
    ...volumeHandlers(host),
    ...interfaceHandlers(host),
    ...nodeDeviceHandlers(host),
  };
}

import type { HypervisorHandlers } from "@polyvisor/core";
import { actionHandlers } from "./actions.js";
import { agentHandlers } from "./agent/handlers.js";
import { blkioParameterHandlers } from "./blkio-parameters.js";
import { blockFigureHandlers } from "./block-figures.js";
import { checkpointHandlers } from "./checkpoints.js";
import { cpuModelHandlers } from "./cpu-models.js";
import { definitionHandlers } from "./definition.js";
import { domainCapabilityHandlers } from "./domain-capabilities.js";
import { filterHandlers } from "./filters/handlers.js";
import { guestAddressHandlers } from "./guest-addresses.js";
import { guestAgentHandlers } from "./guest-agent.js";
import { hostHandlers } from "./host.js";
import { interfaceParameterHandlers } from "./interface-parameters.js";
import { interfaceHandlers } from "./interfaces.js";
import { ioTuneHandlers } from "./io-tune.js";
import { iothreadHandlers } from "./iothreads.js";
import { backupHandlers } from "./jobs/backup.js";
import { blockJobHandlers } from "./jobs/block-handlers.js";
import { domainJobHandlers } from "./jobs/handlers.js";
import { lifecycleHandlers } from "./lifecycle.js";
import { listHandlers } from "./list.js";
import { memoryHandlers } from "./memory.js";
import { memoryParameterHandlers } from "./memory-parameters.js";
import { metadataHandlers } from "./metadata.js";
import { networkPortHandlers } from "./network-ports.js";
import { networkUpdateHandlers } from "./network-updates.js";
import { networkHandlers } from "./networks.js";
import { nodeHandlers } from "./node.js";
import { nodeDeviceHandlers } from "./node-devices.js";
import { numaParameterHandlers } from "./numa-parameters.js";
import { pinningHandlers } from "./pinning.js";
import { poolDefinitionHandlers } from "./pool-definition.js";
import { poolHandlers } from "./pools.js";
import { queryHandlers } from "./queries.js";
import { saveHandlers } from "./save.js";
import { schedulerHandlers } from "./scheduler.js";
import { secretHandlers } from "./secrets/handlers.js";
import { TestSecrets } from "./secrets/test-secrets.js";
import { snapshotListHandlers } from "./snapshot-list.js";
import { snapshotHandlers } from "./snapshots.js";
import { statsHandlers } from "./stats.js";
import { consoleHandlers } from "./streams/consoles.js";
import { screenshotHandlers } from "./streams/screenshot.js";
import type { TestNode } from "./test-node.js";
import { vcpuHandlers } from "./vcpus.js";
import { volumeHandlers } from "./volumes.js";

/**
 * Every call that this driver implements, topic by topic. A call that is in no topic answers `NO_SUPPORT` by itself.
 *
 * The handlers wait for nothing but a validation or a file, and look at everything again after that; between two waits
 * each runs as a whole and needs no job. A driver that talks to a process does: see `@polyvisor/sdk/jobs`.
 */
export function handlersOf({ hypervisor, host, facts }: TestNode): HypervisorHandlers {
  return {
    ...hostHandlers(facts),
    ...listHandlers(hypervisor),
    ...definitionHandlers(hypervisor),
    ...lifecycleHandlers(hypervisor),
    ...queryHandlers(hypervisor),
    ...memoryHandlers(hypervisor),
    ...vcpuHandlers(hypervisor),
    ...statsHandlers(hypervisor),
    ...actionHandlers(hypervisor),
    ...blkioParameterHandlers(hypervisor),
    ...blockFigureHandlers(hypervisor),
    ...checkpointHandlers(hypervisor),
    ...cpuModelHandlers(),
    ...guestAgentHandlers(hypervisor),
    ...interfaceParameterHandlers(hypervisor),
    ...ioTuneHandlers(hypervisor),
    ...iothreadHandlers(hypervisor),
    ...memoryParameterHandlers(hypervisor),
    ...metadataHandlers(hypervisor),
    ...numaParameterHandlers(hypervisor),
    ...pinningHandlers(hypervisor),
    ...saveHandlers(hypervisor),
    ...schedulerHandlers(hypervisor),
    ...snapshotListHandlers(hypervisor),
    ...snapshotHandlers(hypervisor),
    ...domainCapabilityHandlers(),
    ...domainJobHandlers(hypervisor),
    ...backupHandlers(hypervisor),
    ...blockJobHandlers(hypervisor),
    ...agentHandlers(hypervisor, host),
    ...secretHandlers(new TestSecrets(host.events)),
    ...filterHandlers(hypervisor),
    ...screenshotHandlers(),
    ...consoleHandlers(hypervisor),
    ...guestAddressHandlers(hypervisor, host),
    ...nodeHandlers(facts),
    ...networkHandlers(host),
    ...networkUpdateHandlers(host),
    ...networkPortHandlers(host),
    ...poolHandlers(host),
    ...poolDefinitionHandlers(host),
    ...volumeHandlers(host),
    ...interfaceHandlers(host),
    ...nodeDeviceHandlers(host),
  };
}

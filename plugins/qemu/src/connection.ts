import type { Domain, HypervisorConnection, HypervisorHandlers } from "@polyvisor/core";
import { jobHandlers } from "@polyvisor/sdk/jobs";
import { blockJobHandlers } from "./handlers/block-jobs.js";
import { blockResizeHandlers } from "./handlers/block-resize.js";
import { connectHandlers } from "./handlers/connect.js";
import { consoleHandlers } from "./handlers/console.js";
import { cpuHandlers } from "./handlers/cpu.js";
import { definitionHandlers } from "./handlers/definition.js";
import { deviceHandlers } from "./handlers/devices.js";
import { domainCapabilitiesHandlers } from "./handlers/domain-capabilities.js";
import { fileGroupHandlers } from "./handlers/file-groups.js";
import { graphicsHandlers } from "./handlers/graphics.js";
import { lifecycleHandlers } from "./handlers/lifecycle.js";
import { memoryHandlers } from "./handlers/memory.js";
import { messageHandlers } from "./handlers/messages.js";
import { monitorCommandHandlers } from "./handlers/monitor-command.js";
import { queryHandlers } from "./handlers/queries.js";
import { securityHandlers } from "./handlers/security.js";
import { snapshotHandlers } from "./handlers/snapshots.js";
import { statsHandlers } from "./handlers/stats.js";
import { tuningHandlers } from "./handlers/tuning/index.js";
import { vcpuHandlers } from "./handlers/vcpus.js";
import type { Hypervisor } from "./hypervisor.js";
import { stopGuest } from "./stop.js";

/** What makes no difference between clients; all connections share it. */
export function sharedHandlers(hypervisor: Hypervisor): HypervisorHandlers {
  return {
    ...connectHandlers(hypervisor),
    ...cpuHandlers(hypervisor),
    ...domainCapabilitiesHandlers(hypervisor),
    ...queryHandlers(hypervisor),
    ...definitionHandlers(hypervisor),
    ...deviceHandlers(hypervisor),
    ...blockJobHandlers(hypervisor),
    ...snapshotHandlers(hypervisor),
    ...blockResizeHandlers(hypervisor),
    ...memoryHandlers(hypervisor),
    ...vcpuHandlers(hypervisor),
    ...tuningHandlers(hypervisor),
    ...statsHandlers(hypervisor),
    ...consoleHandlers(hypervisor),
    ...graphicsHandlers(hypervisor),
    ...messageHandlers(hypervisor),
    ...securityHandlers(hypervisor),
    ...monitorCommandHandlers(hypervisor),
    ...jobHandlers(hypervisor.domains),
  };
}

/** One client's connection: the handlers of all topics, and the guests and opened files that go with it. */
export function openConnection(hypervisor: Hypervisor, shared: HypervisorHandlers, uri: string): HypervisorConnection {
  const owner = {};
  return Object.assign(Object.create(shared) as HypervisorHandlers, {
    ...lifecycleHandlers(hypervisor, owner),
    ...fileGroupHandlers(hypervisor, owner),
    uri,
    events: hypervisor.events,
    monitorEvents: hypervisor.monitorEvents,
    resolveDomain: (reference: Domain) => hypervisor.domains.find(reference).ref,
    close() {
      hypervisor.fileGroups.close(owner);
      destroyOwned(hypervisor, owner);
    },
  });
}

/** Guests that were to go with the connection go now; nobody waits for them. */
function destroyOwned(hypervisor: Hypervisor, owner: object): void {
  for (const domain of hypervisor.domains) {
    const { guest } = domain;
    if (guest?.autodestroy !== owner) continue;
    stopGuest(hypervisor, domain, guest, "destroy", { api: "autodestroy" }).catch((error: unknown) => {
      hypervisor.log.error({ err: error, domain: domain.name }, "a guest cannot be destroyed with its client");
    });
  }
}

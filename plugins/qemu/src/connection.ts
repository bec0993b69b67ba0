import type { HypervisorConnection } from "@polyvisor/core";
import { jobHandlers } from "@polyvisor/sdk/jobs";
import { connectHandlers } from "./handlers/connect.js";
import { consoleHandlers } from "./handlers/console.js";
import { cpuHandlers } from "./handlers/cpu.js";
import { definitionHandlers } from "./handlers/definition.js";
import { fileGroupHandlers } from "./handlers/file-groups.js";
import { graphicsHandlers } from "./handlers/graphics.js";
import { lifecycleHandlers } from "./handlers/lifecycle.js";
import { memoryHandlers } from "./handlers/memory.js";
import { messageHandlers } from "./handlers/messages.js";
import { monitorCommandHandlers } from "./handlers/monitor-command.js";
import { queryHandlers } from "./handlers/queries.js";
import { statsHandlers } from "./handlers/stats.js";
import { vcpuHandlers } from "./handlers/vcpus.js";
import type { Hypervisor } from "./hypervisor.js";
import { stopGuest } from "./stop.js";

/** One client's connection: the handlers of all topics, and the guests that go with it. */
export function openConnection(hypervisor: Hypervisor, uri: string): HypervisorConnection {
  const owner = {};
  return {
    ...connectHandlers(hypervisor),
    ...cpuHandlers(hypervisor),
    ...queryHandlers(hypervisor),
    ...definitionHandlers(hypervisor),
    ...lifecycleHandlers(hypervisor, owner),
    ...memoryHandlers(hypervisor),
    ...vcpuHandlers(hypervisor),
    ...statsHandlers(hypervisor),
    ...consoleHandlers(hypervisor),
    ...graphicsHandlers(hypervisor),
    ...fileGroupHandlers(hypervisor, owner),
    ...messageHandlers(hypervisor),
    ...monitorCommandHandlers(hypervisor),
    ...jobHandlers(hypervisor.domains),
    uri,
    events: hypervisor.events,
    monitorEvents: hypervisor.monitorEvents,
    resolveDomain: (reference) => hypervisor.domains.find(reference).ref,
    close() {
      hypervisor.fileGroups.close(owner);
      destroyOwned(hypervisor, owner);
    },
  };
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

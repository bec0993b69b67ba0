import type { Domain, HypervisorConnection, HypervisorHandlers } from "@polyvisor/core";
import { jobHandlers } from "@polyvisor/sdk/jobs";
import type { QemuDomain } from "./domain.js";
import type { Guest } from "./guest.js";
import { connectHandlers } from "./handlers/connect.js";
import { fileGroupHandlers } from "./handlers/file-groups.js";
import { queryHandlers } from "./handlers/queries.js";
import { lazyLifecycle, lazyTopics } from "./handlers/topics.js";
import type { Hypervisor } from "./hypervisor.js";

/** What makes no difference between clients; all connections share it. */
export interface SharedHandlers {
  readonly handlers: HypervisorHandlers;
  /** Loads the code of one topic after the other, for the calls that may come. */
  load(): AsyncGenerator<void>;
}

export function sharedHandlers(hypervisor: Hypervisor): SharedHandlers {
  const topics = lazyTopics(hypervisor);
  const handlers: HypervisorHandlers = Object.assign(
    { ...connectHandlers(hypervisor), ...queryHandlers(hypervisor), ...jobHandlers(hypervisor.domains) },
    ...topics.map((topic) => topic.handlers),
  );
  return {
    handlers,
    async *load() {
      for (const topic of [...topics, lazyLifecycle(hypervisor, {})]) {
        await topic.load();
        yield;
      }
    },
  };
}

/** One client's connection: the handlers of all topics, and the guests and opened files that go with it. */
export function openConnection(hypervisor: Hypervisor, shared: HypervisorHandlers, uri: string): HypervisorConnection {
  const owner = {};
  return Object.assign(Object.create(shared) as HypervisorHandlers, {
    ...lazyLifecycle(hypervisor, owner).handlers,
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
    destroy(hypervisor, domain, guest).catch((error: unknown) => {
      hypervisor.log.error({ err: error, domain: domain.name }, "a guest cannot be destroyed with its client");
    });
  }
}

async function destroy(hypervisor: Hypervisor, domain: QemuDomain, guest: Guest): Promise<void> {
  const { stopGuest } = await import("./stop.js");
  await stopGuest(hypervisor, domain, guest, "destroy", { api: "autodestroy" });
}

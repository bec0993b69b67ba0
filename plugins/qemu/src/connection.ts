import type { Domain, HypervisorConnection, HypervisorHandlers } from "@polyvisor/core";
import { jobHandlers } from "@polyvisor/sdk/jobs";
import { connectHandlers } from "./handlers/connect.js";
import { fileGroupHandlers } from "./handlers/file-groups.js";
import { queryHandlers } from "./handlers/queries.js";
import { lazyLifecycle, lazyTopics, type Owner } from "./handlers/topics.js";
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
  const owner: Owner = {};
  return Object.assign(Object.create(shared) as HypervisorHandlers, {
    ...lazyLifecycle(hypervisor, owner).handlers,
    ...fileGroupHandlers(hypervisor, owner),
    uri,
    events: hypervisor.events,
    monitorEvents: hypervisor.monitorEvents,
    resolveDomain: (reference: Domain) => hypervisor.domains.find(reference).ref,
    close() {
      hypervisor.fileGroups.close(owner);
      owner.leave?.();
    },
  });
}

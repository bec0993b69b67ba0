import type { Log } from "@polyvisor/core";
import { DomainEventHub } from "@polyvisor/sdk/events";
import { DomainRegistry } from "@polyvisor/sdk/store";
import { readConfig } from "./config.js";
import { DEFAULT_DOMAIN } from "./default-domain.js";
import { STATUS, TestDomain } from "./domain.js";

/** Everything behind one `test:///default`: its domains, and those who listen for what happens to them. */
export class TestHypervisor {
  readonly domains = new DomainRegistry<TestDomain>("TEST");
  readonly events: DomainEventHub;
  #lastId = 0;

  constructor(log: Log) {
    this.events = new DomainEventHub(log);
    const domain = new TestDomain(readConfig(DEFAULT_DOMAIN));
    domain.persistent = true;
    this.domains.add(domain);
    this.boot(domain);
    domain.status = STATUS.FOUND_RUNNING;
  }

  /** Starts a domain that is off. Whoever calls it tells the listeners. */
  boot(domain: TestDomain): void {
    this.#lastId += 1;
    domain.start(this.#lastId);
    this.domains.reindex(domain);
  }

  /** Tells the listeners what has happened: a member of `LIFECYCLE_EVENT` and of the table of its details. */
  announce(domain: TestDomain, event: number, detail: number): void {
    this.events.emit({ kind: "lifecycle", dom: domain.ref, event, detail });
  }
}

import type { Log } from "@polyvisor/core";
import { DomainEventHub } from "@polyvisor/sdk/events";
import { type TransitionName, transitionFrom } from "@polyvisor/sdk/lifecycle";
import { DomainRegistry } from "@polyvisor/sdk/store";
import type { TestDomain } from "./domain.js";
import { allCpus, type NodeFacts } from "./node-facts.js";

/** Everything behind one node: its domains, and those who listen for what happens to them. */
export class TestHypervisor {
  readonly domains = new DomainRegistry<TestDomain>("TEST");
  readonly events: DomainEventHub;
  /** The numbers of the host's CPUs. */
  readonly hostCpus: readonly number[];
  #lastId = 0;

  constructor(log: Log, node: NodeFacts) {
    this.events = new DomainEventHub(log);
    this.hostCpus = allCpus(node);
  }

  /** Starts a domain that is off. Whoever calls it tells the listeners. */
  boot(domain: TestDomain): void {
    this.#lastId += 1;
    domain.start(this.#lastId);
    this.domains.reindex(domain);
  }

  /**
   * One step of a domain's life: what it does from then on, and what listeners hear. Nothing happens where the step does
   * not fit what the domain does now; `false` then.
   */
  transition(domain: TestDomain, name: TransitionName): boolean {
    const transition = transitionFrom(domain.status, name);
    if (transition === undefined) return false;
    if (transition.to !== undefined) domain.status = transition.to;
    for (const news of transition.news) this.events.emit({ kind: "lifecycle", dom: domain.ref, ...news });
    return true;
  }
}

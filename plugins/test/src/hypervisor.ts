import type { Log } from "@polyvisor/core";
import { type TransitionName, transitionFrom } from "@polyvisor/sdk/lifecycle";
import { DomainRegistry } from "@polyvisor/sdk/store";
import type { TestDomain } from "./domain.js";
import { BlockDesk } from "./jobs/block-desk.js";
import { JobDesk } from "./jobs/desk.js";
import { allCpus, type NodeFacts } from "./node-facts.js";
import { latenessOf } from "./simulation/behaviour.js";
import { LateEventHub } from "./simulation/late-events.js";

/** Everything behind one node: its domains, and those who listen for what happens to them. */
export class TestHypervisor {
  readonly domains = new DomainRegistry<TestDomain>("TEST");
  readonly events: LateEventHub;
  readonly jobs: JobDesk;
  readonly blockJobs: BlockDesk;
  /** The numbers of the host's CPUs. */
  readonly hostCpus: readonly number[];
  #lastId = 0;

  constructor(log: Log, node: NodeFacts) {
    this.events = new LateEventHub(log, ({ dom, kind }) => {
      const domain = this.domains.byUuid(dom.uuid);
      return domain === undefined ? 0 : latenessOf(domain.config, kind);
    });
    this.jobs = new JobDesk(this.events);
    this.blockJobs = new BlockDesk(this.events);
    this.hostCpus = allCpus(node);
  }

  /** Called once, when nobody is connected any more. */
  dispose(): void {
    this.jobs.dispose();
    this.blockJobs.dispose();
    this.events.dispose();
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
    const seconds = latenessOf(domain.config, "lifecycle");
    for (const news of transition.news) this.events.emit({ kind: "lifecycle", dom: domain.ref, ...news }, seconds);
    return true;
  }
}

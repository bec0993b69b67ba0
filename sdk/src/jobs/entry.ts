import { setMaxListeners } from "node:events";
import type { AsyncJob, Job, JobInfo, NormalJob } from "./kinds.js";

let lastId = 0;

/** One job of one domain, from the moment it is asked for until its work has ended. */
export class JobEntry implements Job {
  readonly id = ++lastId;
  readonly slot: JobInfo["slot"];
  readonly kind: JobInfo["kind"];
  readonly api: string;
  readonly asked = performance.now();
  /** Asynchronous jobs: the normal jobs that may run beside it. */
  readonly mask: ReadonlySet<NormalJob>;
  #caller: AbortSignal | undefined;
  #controller: AbortController | undefined;

  constructor(
    slot: JobInfo["slot"],
    kind: JobInfo["kind"],
    api: string,
    caller: AbortSignal | undefined,
    mask: readonly NormalJob[] = [],
  ) {
    this.slot = slot;
    this.kind = kind;
    this.api = api;
    this.#caller = caller;
    this.mask = new Set([...mask, "destroy"]);
  }

  /** Made when first asked for: most jobs end before anyone could cancel them. */
  get signal(): AbortSignal {
    return this.#caller === undefined ? this.#own().signal : AbortSignal.any([this.#caller, this.#own().signal]);
  }

  /** Seconds since it was asked for. */
  get age(): number {
    return Math.round((performance.now() - this.asked) / 1000);
  }

  cancel(reason: Error): void {
    this.#own().abort(reason);
  }

  info(state: JobInfo["state"]): JobInfo {
    const { id, slot, kind, api } = this;
    return { id, slot, kind, api, state, age: performance.now() - this.asked };
  }

  #own(): AbortController {
    if (this.#controller === undefined) {
      this.#controller = new AbortController();
      // Each command to a monitor listens for the job's end, and a start sends all of them at once.
      setMaxListeners(0, this.#controller.signal);
    }
    return this.#controller;
  }
}

export interface NormalRequest {
  readonly kind: NormalJob;
  readonly api: string;
  /** Gives up the wait when it fires. */
  readonly signal?: AbortSignal;
}

export interface AsyncRequest {
  readonly kind: AsyncJob;
  readonly api: string;
  readonly signal?: AbortSignal;
  /** The normal jobs that may run beside it; by default `DEFAULT_MASK`. */
  readonly mask?: readonly NormalJob[];
}

export interface AgentRequest {
  readonly api: string;
  readonly signal?: AbortSignal;
}

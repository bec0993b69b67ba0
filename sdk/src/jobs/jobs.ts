import { type MaybePromise, VirtError } from "@polyvisor/core";
import { type AgentRequest, type AsyncRequest, JobEntry, type NormalRequest } from "./entry.js";
import { DEFAULT_MASK, type Job, type JobInfo, type NormalJob } from "./kinds.js";

export interface JobOptions {
  /** How long a call waits for its turn, in milliseconds, over all its waits. */
  readonly waitMs?: number;
  /** How many calls may run or wait at once; `destroy` and asynchronous jobs always may. */
  readonly maxQueued?: number;
}

/** What the work of an asynchronous job is given. */
export interface AsyncJobHandle extends Job {
  /** Runs one step that talks to the hypervisor. Takes the normal slot for the step, whatever the mask says. */
  nested<T>(api: string, step: (job: Job) => MaybePromise<T>): Promise<T>;
}

interface Waiter {
  readonly entry: JobEntry;
  readonly nestedIn: JobEntry | undefined;
  readonly admit: () => void;
  readonly refuse: (error: Error) => void;
}

/**
 * The job rules of one domain: who may change it, and who waits.
 *
 * There is a slot for a normal job, for an asynchronous one, and for one that talks to the guest's agent. A normal job
 * needs its slot, and beside an asynchronous job also a place in that job's mask. Agent jobs exclude only each other, so
 * a guest that keeps its agent silent blocks nothing else; no call may hold an agent job and a normal one.
 *
 * After any wait the domain may have stopped or gone: the work looks again before it acts.
 */
export class DomainJobs {
  readonly #waitMs: number;
  readonly #maxQueued: number;
  #normal: JobEntry | undefined;
  #async: JobEntry | undefined;
  #agent: JobEntry | undefined;
  readonly #waiting = new Set<Waiter>();
  #gone: VirtError | undefined;

  constructor(options: JobOptions = {}) {
    this.#waitMs = options.waitMs ?? 30_000;
    this.#maxQueued = options.maxQueued ?? 1000;
  }

  /** Runs work as the normal job. Fails with `OPERATION_TIMEOUT` where its turn does not come. */
  run<T>(request: NormalRequest, work: (job: Job) => MaybePromise<T>): Promise<T> {
    return this.#hold(
      new JobEntry("normal", request.kind, request.api, request.signal),
      request.signal,
      undefined,
      work,
    );
  }

  /** Runs work as the normal job if nothing stands in its way at this moment; `undefined` otherwise (bulk statistics). */
  async tryRun<T>(request: NormalRequest, work: (job: Job) => MaybePromise<T>): Promise<T | undefined> {
    const entry = new JobEntry("normal", request.kind, request.api, request.signal);
    return this.#gone === undefined && this.#isFree(entry, undefined) ? this.#work(entry, work) : undefined;
  }

  /** Runs work as the asynchronous job; what it does to the hypervisor goes through `nested`. */
  runAsync<T>(request: AsyncRequest, work: (job: AsyncJobHandle) => Promise<T>): Promise<T> {
    const entry = new JobEntry("async", request.kind, request.api, request.signal, request.mask ?? DEFAULT_MASK);
    const handle: AsyncJobHandle = {
      id: entry.id,
      get signal() {
        return entry.signal;
      },
      nested: (api, step) => this.#hold(new JobEntry("normal", "modify", api, entry.signal), entry.signal, entry, step),
    };
    return this.#hold(entry, request.signal, undefined, () => work(handle));
  }

  /** Runs work as the agent job. Must not be called from the work of another job. */
  runAgent<T>(request: AgentRequest, work: (job: Job) => MaybePromise<T>): Promise<T> {
    return this.#hold(new JobEntry("agent", "agent", request.api, request.signal), request.signal, undefined, work);
  }

  /** The job that talks to the hypervisor now: the normal one, or else the asynchronous one. */
  get holder(): Job | undefined {
    return this.#normal ?? this.#async;
  }

  /** Every job that runs or waits, the oldest first. */
  list(): JobInfo[] {
    const running = [this.#normal, this.#async, this.#agent].filter((entry) => entry !== undefined);
    const all = [
      ...running.map((entry) => entry.info("running")),
      ...[...this.#waiting].map((waiter) => waiter.entry.info("waiting")),
    ];
    return all.sort((a, b) => a.id - b.id);
  }

  /** Ends a wait, or asks a running job to stop through its signal. `false` where no job has that id. */
  cancel(id: number): boolean {
    const reason = new VirtError("OPERATION_ABORTED", "the job was cancelled");
    for (const waiter of this.#waiting) {
      if (waiter.entry.id !== id) continue;
      waiter.refuse(reason);
      return true;
    }
    const running = [this.#normal, this.#async, this.#agent].find((entry) => entry?.id === id);
    running?.cancel(reason);
    return running !== undefined;
  }

  /** The domain is gone: everyone who waits, and everyone who comes later, fails with `error`. */
  dispose(error: VirtError): void {
    this.#gone = error;
    for (const waiter of this.#waiting) waiter.refuse(error);
  }

  async #hold<T>(
    entry: JobEntry,
    signal: AbortSignal | undefined,
    nestedIn: JobEntry | undefined,
    work: (job: Job) => MaybePromise<T>,
  ): Promise<T> {
    if (this.#gone !== undefined) throw this.#gone;
    if (!this.#isFree(entry, nestedIn)) await this.#wait(entry, signal, nestedIn);
    return this.#work(entry, work);
  }

  async #work<T>(entry: JobEntry, work: (job: Job) => MaybePromise<T>): Promise<T> {
    this.#take(entry);
    try {
      return await work(entry);
    } finally {
      this.#give(entry);
    }
  }

  #wait(entry: JobEntry, signal: AbortSignal | undefined, nestedIn: JobEntry | undefined): Promise<void> {
    if (signal?.aborted) return Promise.reject(abortError(signal));
    if (this.#isFull(entry))
      return Promise.reject(this.#refusal(entry, "OPERATION_FAILED", " due to max_queued limit"));
    return new Promise((resolve, reject) => {
      const end = (settle: () => void) => {
        clearTimeout(timer);
        signal?.removeEventListener("abort", onAbort);
        this.#waiting.delete(waiter);
        settle();
      };
      const waiter: Waiter = {
        entry,
        nestedIn,
        admit: () => end(resolve),
        refuse: (error) => end(() => reject(error)),
      };
      const onAbort = () => waiter.refuse(abortError(signal));
      const timer = setTimeout(() => waiter.refuse(this.#refusal(entry, "OPERATION_TIMEOUT", "")), this.#waitMs);
      signal?.addEventListener("abort", onAbort, { once: true });
      this.#waiting.add(waiter);
    });
  }

  #isFull(entry: JobEntry): boolean {
    if (entry.slot === "async" || entry.kind === "destroy") return false;
    const holders = [this.#normal, this.#async, this.#agent].filter((holder) => holder !== undefined).length;
    return holders + this.#waiting.size >= this.#maxQueued;
  }

  #isFree(entry: JobEntry, nestedIn: JobEntry | undefined): boolean {
    if (entry.slot === "agent") return this.#agent === undefined;
    if (entry.slot === "async") return this.#async === undefined && this.#normal === undefined;
    return this.#normal === undefined && !this.#isMasked(entry, nestedIn);
  }

  /** Whether the asynchronous job that runs keeps this normal job out. */
  #isMasked(entry: JobEntry, nestedIn: JobEntry | undefined): boolean {
    return this.#async !== undefined && this.#async !== nestedIn && !this.#async.mask.has(entry.kind as NormalJob);
  }

  #take(entry: JobEntry): void {
    if (entry.slot === "agent") this.#agent = entry;
    else if (entry.slot === "async") this.#async = entry;
    else this.#normal = entry;
  }

  #give(entry: JobEntry): void {
    if (this.#agent === entry) this.#agent = undefined;
    if (this.#async === entry) this.#async = undefined;
    if (this.#normal === entry) this.#normal = undefined;
    this.#admitNext();
  }

  /** Lets everyone in whose way is free now, in the order in which they came. A slot is taken as its waiter is admitted. */
  #admitNext(): void {
    for (const waiter of [...this.#waiting]) {
      if (!this.#isFree(waiter.entry, waiter.nestedIn)) continue;
      this.#take(waiter.entry);
      waiter.admit();
    }
  }

  /** libvirt's words, which clients match on, then what it does not tell: since when. */
  #refusal(entry: JobEntry, code: "OPERATION_TIMEOUT" | "OPERATION_FAILED", suffix: string): VirtError {
    const blocker =
      entry.slot === "agent"
        ? this.#agent
        : this.#isMasked(entry, undefined)
          ? this.#async
          : (this.#normal ?? this.#async);
    const holder =
      blocker === undefined ? "" : ` (held by ${entry.slot === "agent" ? "agent" : "monitor"}=${blocker.api})`;
    const age = blocker === undefined ? "" : ` for ${blocker.age} s`;
    return new VirtError(code, `cannot acquire state change lock${holder}${age}${suffix}`, {
      hint:
        blocker === undefined ? "try again" : `job ${blocker.id} (${blocker.api}) is in the way; it can be cancelled`,
    });
  }
}

function abortError(signal: AbortSignal | undefined): Error {
  return signal?.reason instanceof VirtError ? signal.reason : new VirtError("OPERATION_ABORTED", "the caller is gone");
}

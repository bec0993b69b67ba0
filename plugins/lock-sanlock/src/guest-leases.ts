import { setTimeout as delay } from "node:timers/promises";
import { VirtError } from "@polyvisor/core";
import type { SanlockClient } from "./daemon-client.js";
import { type Deadlines, PATIENCE } from "./deadlines.js";
import { batches } from "./launcher-plan.js";
import { isSame } from "./resources.js";
import { acquireFrame, inquireFrame, type Resource, releaseFrame } from "./wire/frames.js";
import results from "./wire/results.cjs";
import { type HeldLease, parseState } from "./wire/state.js";

const { RESULT, acquireRefusal, isForNow, wordsOf } = results;
const RETRY_MS = 100;

/** The leases of processes that run, asked for by another one: us. */
export class GuestLeases {
  readonly #client: SanlockClient;
  readonly #deadlines: Deadlines;
  /** sanlock serves one request for a process at a time. */
  readonly #turns = new Map<number, Promise<unknown>>();

  constructor(client: SanlockClient, deadlines: Deadlines) {
    this.#client = client;
    this.#deadlines = deadlines;
  }

  /** What a process holds; `undefined` where sanlock does not know it. */
  held(pid: number): Promise<HeldLease[] | undefined> {
    return this.#inTurn(pid, () => this.#held(pid));
  }

  /** All or none. `false` where sanlock does not know the process. */
  acquire(pid: number, resources: readonly Resource[], ownerName: string): Promise<boolean> {
    return this.#inTurn(pid, async () => {
      const held = await this.#held(pid);
      if (held === undefined) return false;
      const missing = resources.filter((each) => !held.some((one) => isSame(one, each)));
      await this.#acquireAll(pid, missing, ownerName);
      return true;
    });
  }

  /** What of it was held, as it was before. */
  release(pid: number, resources: readonly Resource[]): Promise<HeldLease[]> {
    return this.#inTurn(pid, async () => {
      const held = (await this.#held(pid)) ?? [];
      const given = resources.filter((each) => held.some((one) => isSame(one, each)));
      await this.#release(pid, given);
      return held.filter((one) => given.some((each) => isSame(one, each)));
    });
  }

  async #held(pid: number): Promise<HeldLease[] | undefined> {
    const { result, body } = await this.#client.ask(inquireFrame(pid), this.#deadlines.answer);
    if (result === RESULT.ESRCH) return undefined;
    if (result < 0) throw new VirtError("INTERNAL_ERROR", `Failed to inquire lock: ${wordsOf(result)}`);
    return parseState(body.toString());
  }

  async #acquireAll(pid: number, resources: readonly Resource[], ownerName: string): Promise<void> {
    const until = Date.now() + PATIENCE;
    const taken: Resource[] = [];
    try {
      for (const batch of batches(resources)) {
        await this.#acquire(acquireFrame(batch, pid, ownerName), until);
        taken.push(...batch);
      }
    } catch (error) {
      await this.#release(pid, taken).catch(() => {});
      throw error;
    }
  }

  async #acquire(frame: Buffer, until: number): Promise<void> {
    for (;;) {
      const { result } = await this.#client.ask(frame, PATIENCE + this.#deadlines.storage);
      if (result >= 0) return;
      if (!isForNow(result) || Date.now() >= until) throw refusal(result);
      await delay(RETRY_MS);
    }
  }

  async #release(pid: number, resources: readonly Resource[]): Promise<void> {
    for (const batch of batches(resources)) {
      const { result } = await this.#client.ask(releaseFrame(batch, pid), this.#deadlines.storage);
      // A process that has ended, or that lost them meanwhile, holds nothing.
      if (result < 0 && result !== RESULT.ESRCH && result !== RESULT.EPERM)
        throw new VirtError("INTERNAL_ERROR", `Failed to release lock: ${wordsOf(result)}`);
    }
  }

  #inTurn<T>(pid: number, work: () => Promise<T>): Promise<T> {
    const turn = (this.#turns.get(pid) ?? Promise.resolve()).then(work);
    const settled = turn.catch(() => {});
    this.#turns.set(pid, settled);
    void settled.then(() => {
      if (this.#turns.get(pid) === settled) this.#turns.delete(pid);
    });
    return turn;
  }
}

function refusal(result: number): VirtError {
  const { code, words } = acquireRefusal(result);
  const isOld = result === RESULT.ACQUIRE_VERSION;
  const hint = isOld ? "another guest has had the disk since this one gave it up: end this one" : undefined;
  return new VirtError(code, words, hint === undefined ? {} : { hint });
}

import { type HelperOutcome, HelperProcess, type Patience } from "./helper-process.js";
import type { LabelRequest } from "./request.js";

/** As many requests are worked on at a time, those apart that wait for a file or a lock. */
const AT_A_TIME = 4;
/** How long a helper is kept that has nothing to do, in milliseconds. */
const KEPT = 10_000;

/**
 * The helper processes of one security driver. A request that hangs keeps no other one waiting: it does not count among
 * those that are worked on.
 */
export class HelperPool {
  readonly #idle: HelperProcess[] = [];
  readonly #queue: (() => void)[] = [];
  #working = 0;

  async ask(request: LabelRequest, patience: Patience): Promise<HelperOutcome> {
    const leave = await this.#enter();
    const helper = this.#take();
    try {
      return await helper.ask(request, patience, leave);
    } finally {
      leave();
      if (helper.isUsable) this.#keep(helper);
    }
  }

  warmUp(): void {
    if (this.#working === 0 && !this.#idle.some((helper) => helper.isUsable)) this.#keep(new HelperProcess());
  }

  /** Ends the helpers that have nothing to do. */
  close(): void {
    for (const helper of this.#idle.splice(0)) helper.kill();
  }

  #take(): HelperProcess {
    for (let helper = this.#idle.pop(); helper !== undefined; helper = this.#idle.pop())
      if (helper.isUsable) return helper;
    return new HelperProcess();
  }

  #keep(helper: HelperProcess): void {
    this.#idle.push(helper);
    setTimeout(() => {
      const at = this.#idle.indexOf(helper);
      if (at < 0) return;
      this.#idle.splice(at, 1);
      helper.kill();
    }, KEPT).unref();
  }

  /** Waits for a turn, and answers how to give it back; more than once does no harm. */
  async #enter(): Promise<() => void> {
    if (this.#working >= AT_A_TIME) await new Promise<void>((resolve) => this.#queue.push(resolve));
    this.#working++;
    let isIn = true;
    return () => {
      if (!isIn) return;
      isIn = false;
      this.#working--;
      this.#queue.shift()?.();
    };
  }
}

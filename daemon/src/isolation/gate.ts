import { setTimeout as delay } from "node:timers/promises";

/** What calls to a plugin go through: while it is shut, new ones wait. */
export class Gate {
  #running = 0;
  #shut: { readonly opened: Promise<void>; open(): void } | undefined;
  #idle: (() => void) | undefined;

  /** Calls that run. */
  get running(): number {
    return this.#running;
  }

  get isShut(): boolean {
    return this.#shut !== undefined;
  }

  shut(): void {
    if (this.#shut !== undefined) return;
    let open = () => {};
    const opened = new Promise<void>((resolve) => {
      open = resolve;
    });
    this.#shut = { opened, open };
  }

  open(): void {
    this.#shut?.open();
    this.#shut = undefined;
  }

  /** Does something once the gate is open, or at once where it is; it runs until its promise settles. */
  async pass<T>(work: () => Promise<T> | T): Promise<T> {
    while (this.#shut !== undefined) await this.#shut.opened;
    this.#running++;
    try {
      return await work();
    } finally {
      if (--this.#running === 0) this.#idle?.();
    }
  }

  /** Whether nothing runs any more, at the latest after so many milliseconds. Only while the gate is shut. */
  async drained(deadline: number): Promise<boolean> {
    if (this.#running === 0) return true;
    const idle = new Promise<boolean>((resolve) => {
      this.#idle = () => resolve(true);
    });
    const timer = new AbortController();
    const late = delay(deadline, false, { signal: timer.signal }).catch(() => false);
    try {
      return await Promise.race([idle, late]);
    } finally {
      timer.abort();
      this.#idle = undefined;
    }
  }
}

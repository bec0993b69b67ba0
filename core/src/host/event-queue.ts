import type { Unsubscribe } from "../contracts/driver.js";

/**
 * Events between a driver that pushes them and a loop that pulls them. Ends with the loop or with the signal, and fails,
 * after what has arrived, with the connection.
 */
export class EventQueue<T> implements AsyncIterableIterator<T> {
  readonly #waiting: T[] = [];
  readonly #unsubscribes: Unsubscribe[] = [];
  #wake: ((result: IteratorResult<T> | Promise<never>) => void) | undefined;
  #ended = false;
  #failure: unknown;

  constructor(signal?: AbortSignal) {
    if (signal?.aborted) this.#ended = true;
    signal?.addEventListener("abort", () => void this.return(), { once: true });
  }

  push(event: T): void {
    if (this.#ended) return;
    if (this.#wake === undefined) this.#waiting.push(event);
    else this.#settle({ value: event, done: false });
  }

  /** What ends with the loop. */
  onEnd(unsubscribe: Unsubscribe): void {
    if (this.#ended) void unsubscribe();
    else this.#unsubscribes.push(unsubscribe);
  }

  /** No more events will come, for this reason. */
  fail(reason: unknown): void {
    if (this.#ended) return;
    this.#failure ??= reason;
    if (this.#wake !== undefined) void this.#failed();
  }

  next(): Promise<IteratorResult<T>> {
    const event = this.#waiting.shift();
    if (event !== undefined) return Promise.resolve({ value: event, done: false });
    if (this.#failure !== undefined && !this.#ended) return this.#failed();
    if (this.#ended) return Promise.resolve({ value: undefined, done: true });
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }

  async return(): Promise<IteratorResult<T>> {
    const done: IteratorResult<T> = { value: undefined, done: true };
    if (this.#ended) return done;
    this.#ended = true;
    this.#waiting.length = 0;
    this.#settle(done);
    await Promise.all(this.#unsubscribes.map((unsubscribe) => unsubscribe()));
    return done;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  #failed(): Promise<never> {
    const failed = Promise.reject(this.#failure);
    this.#settle(failed);
    void this.return();
    return failed;
  }

  #settle(result: IteratorResult<T> | Promise<never>): void {
    const wake = this.#wake;
    this.#wake = undefined;
    wake?.(result);
  }
}

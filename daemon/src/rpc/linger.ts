import { availableParallelism } from "node:os";

/** How long the loop stays awake after a message, in milliseconds. */
const LINGER_MS = 0.2;

/** Messages that come closer together than this, in milliseconds, are those of a client that calls again and again. */
const BUSY_MS = 1;

/**
 * Keeps the event loop from sleeping for a moment after a message of a busy client. Such a client sends its next call some
 * microseconds after the reply, and to be woken from sleep takes longer than the whole call: answering awake gives it two
 * to three times as many calls a second. An idle daemon sleeps as ever; with a single CPU the client needs it more.
 */
export class Linger {
  readonly #useful = availableParallelism() > 1;
  #last = 0;
  #until = 0;
  #awake = false;

  /** A message has come. */
  touch(): void {
    if (!this.#useful) return;
    const now = performance.now();
    const busy = now - this.#last < BUSY_MS;
    this.#last = now;
    if (!busy) return;
    this.#until = now + LINGER_MS;
    if (this.#awake) return;
    this.#awake = true;
    setImmediate(this.#turn);
  }

  readonly #turn = (): void => {
    if (performance.now() < this.#until) setImmediate(this.#turn);
    else this.#awake = false;
  };
}

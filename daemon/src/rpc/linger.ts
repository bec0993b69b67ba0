import { availableParallelism } from "node:os";

/** How long the loop stays awake after a message, in milliseconds. */
const LINGER_MS = 0.05;

/**
 * Keeps the event loop from sleeping for a moment after a message. A client that calls again and again sends its next call
 * some microseconds after the reply, and to be woken from sleep takes longer than the whole call: two to three times as
 * many calls a second are answered this way. An idle daemon sleeps as ever; with a single CPU the client needs it more.
 */
export class Linger {
  readonly #useful = availableParallelism() > 1;
  #until = 0;
  #awake = false;

  /** A message has come. */
  touch(): void {
    if (!this.#useful) return;
    this.#until = performance.now() + LINGER_MS;
    if (this.#awake) return;
    this.#awake = true;
    setImmediate(this.#turn);
  }

  readonly #turn = (): void => {
    if (performance.now() < this.#until) setImmediate(this.#turn);
    else this.#awake = false;
  };
}

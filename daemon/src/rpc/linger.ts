import { availableParallelism } from "node:os";

/** How long the loop stays awake after a message has been worked on, in milliseconds. */
const LINGER_MS = 0.2;

/** Messages that come closer together than this, in milliseconds, may be those of a client that calls again and again. */
const BUSY_MS = 0.5;

/** So many of them in a row are: fewer belong to somebody who does one thing and then leaves the CPU to others. */
const BUSY_MESSAGES = 8;

/**
 * Keeps the event loop from sleeping for a moment after a message of a busy client. Such a client sends its next call some
 * microseconds after the reply, and to be woken from sleep takes longer than the whole call: answering awake gives it two
 * to three times as many calls a second. An idle daemon sleeps as ever; with a single CPU the client needs it more. After
 * a few calls it sleeps as well: their events have just woken other clients, and those would wait for the CPU.
 */
export class Linger {
  readonly #useful = availableParallelism() > 1;
  #last = 0;
  #inARow = 0;
  #touched = false;
  /** When the last message had been worked on; what was answered at once is answered by then. */
  #since = 0;
  #awake = false;

  /** A message has come. */
  touch(): void {
    if (!this.#useful) return;
    const now = performance.now();
    this.#inARow = now - this.#last < BUSY_MS ? this.#inARow + 1 : 0;
    this.#last = now;
    this.#touched = true;
    if (this.#awake || this.#inARow < BUSY_MESSAGES) return;
    this.#awake = true;
    setImmediate(this.#turn);
  }

  readonly #turn = (): void => {
    const now = performance.now();
    if (this.#touched) this.#since = now;
    this.#touched = false;
    if (now < this.#since + LINGER_MS) setImmediate(this.#turn);
    else this.#awake = false;
  };
}

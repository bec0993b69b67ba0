/**
 * Watches over a silent peer. `heard` is called for each message of any kind; after `interval` seconds without one a ping
 * is sent, and after `count` pings in a row without an answer, one interval later, the peer counts as dead.
 */
export class Keepalive {
  readonly #timer: NodeJS.Timeout;
  readonly #count: number;
  #left: number;

  constructor(interval: number, count: number, on: { ping(): void; dead(): void }) {
    this.#count = count;
    this.#left = count;
    this.#timer = setInterval(() => {
      if (this.#left === 0) return on.dead();
      this.#left--;
      on.ping();
    }, interval * 1000);
    this.#timer.unref();
  }

  heard(): void {
    this.#left = this.#count;
    this.#timer.refresh();
  }

  stop(): void {
    clearInterval(this.#timer);
  }
}

/** Longest stop in milliseconds: a daemon's pings, which wait behind the data, must be answered. */
const STOP_MAX = 1000;

/** What can be paused: a socket. */
interface Source {
  pause(): unknown;
  resume(): unknown;
}

/**
 * Back-pressure of streams on a connection that they share with calls. The protocol can only stop all or nothing, so
 * reading stops while a stream's reader is behind, but never while somebody waits for a reply, and never for long: a
 * reader that stands still costs memory slowly, not the connection.
 */
export class FlowGate {
  readonly #source: Source;
  readonly #full = new Set<unknown>();
  #waiting = 0;
  #stop: NodeJS.Timeout | undefined;

  constructor(source: Source) {
    this.#source = source;
  }

  /** Somebody waits for a message. */
  await(): void {
    this.#waiting++;
    this.#go();
  }

  /** One who waited does so no more. */
  settled(): void {
    this.#waiting--;
  }

  /**
   * The stream has more than its reader takes. Called again with each further packet. The timer keeps the process alive,
   * because a paused socket does not, and events may be awaited behind the data.
   */
  full(stream: unknown): void {
    this.#full.add(stream);
    if (this.#waiting > 0 || this.#stop !== undefined) return;
    this.#source.pause();
    this.#stop = setTimeout(() => this.#go(), STOP_MAX);
  }

  /** The stream's reader has caught up, or the stream is over. */
  drained(stream: unknown): void {
    if (this.#full.delete(stream) && this.#full.size === 0) this.#go();
  }

  #go(): void {
    if (this.#stop === undefined) return;
    clearTimeout(this.#stop);
    this.#stop = undefined;
    this.#source.resume();
  }
}

/** How much of the time the process may have worked for the moment to count as idle. */
const BUSY = 0.1;
/** How long the work goes on before everybody else has a turn, and how long that turn is. */
const SLICE_MS = 2;
const GAP_MS = 4;
/** How long a busy process is left alone before the next look. */
const PATIENCE_MS = 250;

/**
 * Work that nobody waits for, done step by step in moments in which the process has nothing else to do. A call that comes
 * meanwhile waits for one step at most, and the work for the end of what the call began. Keeps no process alive.
 */
export class IdleWork {
  readonly #work: Iterator<unknown>[] = [];
  #timer: NodeJS.Timeout | undefined;
  #before = performance.eventLoopUtilization();

  add(steps: Iterable<unknown>): void {
    this.#work.push(steps[Symbol.iterator]());
    if (this.#timer === undefined) this.#lookIn(PATIENCE_MS);
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#work.length = 0;
  }

  #lookIn(ms: number): void {
    this.#before = performance.eventLoopUtilization();
    this.#timer = setTimeout(this.#look, ms).unref();
  }

  readonly #look = (): void => {
    this.#timer = undefined;
    const { utilization } = performance.eventLoopUtilization(this.#before);
    if (utilization > BUSY) {
      this.#lookIn(PATIENCE_MS);
      return;
    }
    for (const end = performance.now() + SLICE_MS; performance.now() < end; ) {
      const [current] = this.#work;
      if (current === undefined) return;
      if (current.next().done) this.#work.shift();
    }
    this.#lookIn(GAP_MS);
  };
}

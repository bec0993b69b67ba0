interface Gate {
  readonly opened: Promise<void>;
  open(): void;
}

/**
 * Work on one path is done in the order in which it came, one piece after the other; what concerns other paths goes on beside
 * it, also where a file system hangs.
 */
export class PathQueues {
  readonly #tails = new Map<string, Promise<void>>();
  readonly #running = new Set<Promise<unknown>>();
  #gate: Gate | undefined;

  run<T>(path: string, work: () => Promise<T>): Promise<T> {
    const turn = (this.#tails.get(path) ?? Promise.resolve()).then(() => this.#begin(work));
    const tail: Promise<void> = turn
      .catch(() => {})
      .then(() => {
        if (this.#tails.get(path) === tail) this.#tails.delete(path);
      });
    this.#tails.set(path, tail);
    return turn;
  }

  /** Begins nothing more until `release`; resolves when what has begun is done. */
  async hold(): Promise<void> {
    this.#gate ??= newGate();
    await Promise.allSettled(this.#running);
  }

  release(): void {
    this.#gate?.open();
    this.#gate = undefined;
  }

  async #begin<T>(work: () => Promise<T>): Promise<T> {
    while (this.#gate !== undefined) await this.#gate.opened;
    const piece = work();
    this.#running.add(piece);
    try {
      return await piece;
    } finally {
      this.#running.delete(piece);
    }
  }
}

function newGate(): Gate {
  let open = () => {};
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { opened, open };
}

/**
 * Gives clients that send much at once their turns one after the other, so that everybody else is served between any two:
 * what one call of a quiet client waits for does not grow with the number of busy ones.
 */
export class Turns {
  readonly #waiting: (() => void)[] = [];

  /** Calls `turn` when everybody else has had theirs. */
  wait(turn: () => void): void {
    this.#waiting.push(turn);
    if (this.#waiting.length === 1) setImmediate(this.#next);
  }

  readonly #next = (): void => {
    const turn = this.#waiting[0];
    turn?.();
    this.#waiting.shift();
    if (this.#waiting.length > 0) setImmediate(this.#next);
  };
}

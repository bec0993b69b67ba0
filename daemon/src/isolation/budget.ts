/** The first pause before a plugin is started again, in milliseconds; it doubles with each further crash. */
const PAUSE_MS = 250;
const PAUSE_MS_MAX = 30_000;

export interface BudgetTerms {
  /** So many crashes within the period are borne. */
  readonly crashes: number;
  /** Milliseconds. */
  readonly period: number;
}

/** Counts how often a plugin has ended by itself lately. Times are in milliseconds on any one clock. */
export class CrashBudget {
  readonly #terms: BudgetTerms;
  #crashes: number[] = [];

  constructor(terms: BudgetTerms) {
    this.#terms = terms;
  }

  /**
   * One more crash. The answer is how long to wait before the next start: not at all after the first one, longer after each
   * further one; `undefined` where there were too many.
   */
  crashed(now: number): number | undefined {
    this.#crashes = [...this.#crashes.filter((then) => now - then < this.#terms.period), now];
    const count = this.#crashes.length;
    if (count > this.#terms.crashes) return undefined;
    return count === 1 ? 0 : Math.min(PAUSE_MS * 2 ** (count - 2), PAUSE_MS_MAX);
  }

  forget(): void {
    this.#crashes = [];
  }
}

/** How often it is looked, in milliseconds: only while a timeout is set. */
const LOOK_MS = 1000;

export interface IdleQuestions {
  /** Somebody is connected. */
  hasClients(): boolean;
  /** Something runs that the daemon looks after. Asked only when nobody is connected. */
  hasGuests(): Promise<boolean>;
}

/** Finds out when the daemon has had nothing to do for so long that it may end. */
export class IdleTimeout {
  /** Resolves when the daemon should end. */
  readonly reached: Promise<void>;
  readonly #questions: IdleQuestions;
  #reach: () => void = () => {};
  #seconds = 0;
  #timer: NodeJS.Timeout | undefined;
  #since: number | undefined;

  constructor(questions: IdleQuestions) {
    this.#questions = questions;
    this.reached = new Promise((resolve) => {
      this.#reach = resolve;
    });
  }

  /** In seconds; 0 means that the daemon stays. */
  set(seconds: number): void {
    this.stop();
    this.#seconds = seconds;
    this.#since = undefined;
    if (seconds > 0) this.#timer = setInterval(() => void this.#look(), Math.min(LOOK_MS, seconds * 1000)).unref();
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  async #look(): Promise<void> {
    if (this.#questions.hasClients()) {
      this.#since = undefined;
      return;
    }
    this.#since ??= performance.now();
    if (performance.now() - this.#since < this.#seconds * 1000) return;
    this.#since = undefined;
    if ((await this.#questions.hasGuests()) || this.#questions.hasClients()) return;
    if (this.#timer !== undefined) this.#reach();
  }
}

import type { VirtError } from "@polyvisor/core";
import { type Course, failureOf } from "../simulation/behaviour.js";

/** What a job that hangs has done of its work when it comes to a stand, and how fast it gets there, in milliseconds. */
const STUCK_AT = 0.5;
const SLOWING = 5000;

/** Work that does nothing but take its time. */
export class TimedWork {
  /** Resolves when it is done; rejects when it fails or is stopped. */
  readonly ended: Promise<void>;
  readonly #course: Course;
  readonly #started = performance.now();
  #timer: NodeJS.Timeout | undefined;
  #finish: (error?: VirtError) => void = () => {};
  #stoppedAt: number | undefined;

  constructor(course: Course) {
    this.#course = course;
    this.ended = new Promise((resolve, reject) => {
      this.#finish = (error) => (error === undefined ? resolve() : reject(error));
    });
    // whoever only looks at its progress need not know how it ended
    this.ended.catch(() => {});
    if (course.ending !== "hangs") this.#timer = setTimeout(() => this.#end(), course.seconds * 1000);
  }

  get bounded(): boolean {
    return this.#course.ending !== "hangs";
  }

  /** Milliseconds. */
  get elapsed(): number {
    return (this.#stoppedAt ?? performance.now()) - this.#started;
  }

  /** Milliseconds; 0 where nobody knows. */
  get remaining(): number {
    return this.bounded ? Math.max(0, this.#course.seconds * 1000 - this.elapsed) : 0;
  }

  /** From 0 to 1. */
  get fraction(): number {
    if (!this.bounded) return STUCK_AT * (1 - Math.exp(-this.elapsed / SLOWING));
    const { seconds } = this.#course;
    return seconds === 0 ? 1 : Math.min(1, this.elapsed / (seconds * 1000));
  }

  /** Ends it before its time. */
  stop(reason: VirtError): void {
    clearTimeout(this.#timer);
    this.#stoppedAt ??= performance.now();
    this.#finish(reason);
  }

  #end(): void {
    const { ending } = this.#course;
    this.#stoppedAt ??= performance.now();
    this.#finish(typeof ending === "object" ? failureOf(ending) : undefined);
  }
}

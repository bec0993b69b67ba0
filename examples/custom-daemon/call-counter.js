/**
 * Counts answers by the name of the call, and how many of them were errors.
 *
 * @implements {import("@polyvisor/daemon").CallMeter}
 */
export class CallCounter {
  /** @type {Record<string, { answers: number, errors: number }>} */
  figures = {};

  answered({ name }, _started, error) {
    this.figures[name] ??= { answers: 0, errors: 0 };
    const figures = this.figures[name];
    figures.answers++;
    if (error !== undefined) figures.errors++;
  }

  sentEvent() {}
}

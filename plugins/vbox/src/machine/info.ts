/** What `showvminfo --machinereadable` tells of one machine, read by key. */
export class MachineInfo {
  readonly #pairs: ReadonlyMap<string, string>;

  constructor(pairs: ReadonlyMap<string, string>) {
    this.#pairs = pairs;
  }

  /** `undefined` where it is not said or empty. */
  text(key: string): string | undefined {
    return this.#pairs.get(key) || undefined;
  }

  number(key: string, otherwise: number): number {
    const value = Number(this.text(key) ?? Number.NaN);
    return Number.isSafeInteger(value) ? value : otherwise;
  }

  isOn(key: string): boolean {
    return this.text(key) === "on";
  }

  /** The values of `PREFIX0`, `PREFIX1` and so on, with their numbers, as long as they go on from `first`. */
  *numbered(prefix: string, first: number): Generator<{ readonly number: number; readonly value: string }> {
    for (let number = first; ; number++) {
      const value = this.#pairs.get(`${prefix}${number}`);
      if (value === undefined) return;
      yield { number, value };
    }
  }

  /** The entries whose keys fit. */
  *matching(pattern: RegExp): Generator<{ readonly match: RegExpExecArray; readonly value: string }> {
    for (const [key, value] of this.#pairs) {
      const match = pattern.exec(key);
      if (match !== null) yield { match, value };
    }
  }

  get name(): string {
    return this.text("name") ?? "";
  }

  get uuid(): string {
    return (this.text("UUID") ?? "").toLowerCase();
  }
}

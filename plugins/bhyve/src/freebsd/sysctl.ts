/** Values of the kernel by their names, as `sysctl -i NAME...` prints them. */
export class Sysctls {
  readonly #values: ReadonlyMap<string, string>;

  constructor(printed: string) {
    const lines = printed.split("\n").flatMap((line): [string, string][] => {
      const at = line.indexOf(": ");
      return at === -1 ? [] : [[line.slice(0, at), line.slice(at + 2).trim()]];
    });
    this.#values = new Map(lines);
  }

  text(name: string): string | undefined {
    return this.#values.get(name);
  }

  /** 0 where the kernel does not say. */
  number(name: string): number {
    const value = Number(this.#values.get(name));
    return Number.isFinite(value) ? value : 0;
  }

  /** Several, parted by blanks. */
  numbers(name: string): readonly number[] {
    return (this.#values.get(name) ?? "")
      .split(/\s+/)
      .filter((word) => /^\d+$/.test(word))
      .map(Number);
  }
}

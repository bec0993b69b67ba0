/**
 * A string that is put together from UTF-16 code units. Where a text of a megabyte has a reference every few characters, to
 * append strings, or to replace them, takes ten times as long.
 */
export class Units {
  readonly #units: Uint16Array<ArrayBuffer>;
  #length = 0;

  /** `most`: how many units there may be at the end. */
  constructor(most: number) {
    this.#units = new Uint16Array(most);
  }

  add(unit: number): void {
    this.#units[this.#length++] = unit;
  }

  addText(text: string): void {
    for (let at = 0; at < text.length; at++) this.add(text.charCodeAt(at));
  }

  toString(): string {
    return Buffer.from(this.#units.buffer, 0, 2 * this.#length).toString("utf16le");
  }
}

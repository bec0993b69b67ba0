/** Cuts a byte stream into lines, and keeps no more of an unfinished one than `maxLine` bytes. */
export class LineReader {
  readonly #maxLine: number;
  #parts: Buffer[] = [];
  #size = 0;

  constructor(maxLine: number) {
    this.#maxLine = maxLine;
  }

  /** The lines that end in this chunk, without their ends. Throws a `RangeError` for one that is too long. */
  *feed(chunk: Buffer): Generator<string> {
    let begin = 0;
    for (;;) {
      const end = chunk.indexOf(0x0a, begin);
      this.#keep(chunk.subarray(begin, end < 0 ? undefined : end));
      if (end < 0) return;
      yield this.#take();
      begin = end + 1;
    }
  }

  #keep(part: Buffer): void {
    if (part.length === 0) return;
    this.#size += part.length;
    if (this.#size > this.#maxLine) throw new RangeError(`a line has more than ${this.#maxLine} bytes`);
    this.#parts.push(part);
  }

  #take(): string {
    const [only] = this.#parts;
    const line = this.#parts.length === 1 && only !== undefined ? only : Buffer.concat(this.#parts);
    this.#parts = [];
    this.#size = 0;
    return line.toString("utf8");
  }
}

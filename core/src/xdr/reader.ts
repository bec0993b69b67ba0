import { copyOf, XdrError } from "./writer.js";

/** Reads XDR from a part of a buffer. Never reads past `end`; what it returns does not share the buffer's memory. */
export class XdrReader {
  #buffer: Buffer;
  #end: number;
  offset: number;

  constructor(buffer: Buffer, offset = 0, end = buffer.length) {
    this.#buffer = buffer;
    this.offset = offset;
    this.#end = end;
  }

  /** Points this reader at another message, so that a connection needs only one reader. */
  reset(buffer: Buffer, offset: number, end: number): this {
    this.#buffer = buffer;
    this.offset = offset;
    this.#end = end;
    return this;
  }

  get remaining(): number {
    return this.#end - this.offset;
  }

  /** The memory behind the message, for codecs that read in place what `skip` found. */
  get buffer(): Buffer {
    return this.#buffer;
  }

  /** Goes over `length` bytes and the padding behind them. Returns where they stand in `buffer`. */
  skip(length: number): number {
    return this.#take(length + (-length & 3));
  }

  u32(): number {
    const at = this.#take(4);
    const b = this.#buffer;
    return (
      ((b[at] as number) * 16777216 +
        (((b[at + 1] as number) << 16) | ((b[at + 2] as number) << 8) | (b[at + 3] as number))) >>>
      0
    );
  }

  i32(): number {
    return this.u32() | 0;
  }

  u64(): bigint {
    return this.#buffer.readBigUInt64BE(this.#take(8));
  }

  i64(): bigint {
    return this.#buffer.readBigInt64BE(this.#take(8));
  }

  f64(): number {
    return this.#buffer.readDoubleBE(this.#take(8));
  }

  /** A copy of `length` bytes; the padding behind them is skipped. */
  bytes(length: number): Buffer {
    const at = this.skip(length);
    return copyOf(this.#buffer, at, at + length);
  }

  /** A string of at most `max` bytes. It has no zero byte: to libvirt that is its end, and to a file's name poison. */
  string(max: number): string {
    const length = this.length(max);
    const at = this.skip(length);
    const text = this.#buffer.toString("utf8", at, at + length);
    if (text.includes("\0")) throw new XdrError("a string has a zero byte");
    return text;
  }

  /** The length in front of a string, an opaque or an array. */
  length(max: number): number {
    const length = this.u32();
    if (length > max) throw new XdrError(`length ${length} is over the limit of ${max}`);
    return length;
  }

  #take(bytes: number): number {
    const at = this.offset;
    if (at + bytes > this.#end) throw new XdrError("the message ends too early");
    this.offset = at + bytes;
    return at;
  }
}

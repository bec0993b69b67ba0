/** A value that XDR cannot carry, or bytes that are not what the codec expects. */
export class XdrError extends Error {
  override readonly name = "XdrError";
}

const TWO_32 = 4294967296;

/**
 * Appends XDR (RFC 4506, big-endian, padded to four bytes) to a buffer that grows.
 *
 * One writer is used for many messages: `reset` keeps the buffer, `take` copies the bytes out.
 */
export class XdrWriter {
  buffer: Buffer;
  offset = 0;

  constructor(size = 4096) {
    this.buffer = Buffer.allocUnsafeSlow(size);
  }

  reset(): void {
    this.offset = 0;
  }

  /** A copy of the bytes from `start` to here. */
  take(start = 0): Buffer {
    return copyOf(this.buffer, start, this.offset);
  }

  ensure(bytes: number): void {
    const wanted = this.offset + bytes;
    if (wanted <= this.buffer.length) return;
    const larger = Buffer.allocUnsafeSlow(Math.max(this.buffer.length * 2, wanted));
    this.buffer.copy(larger, 0, 0, this.offset);
    this.buffer = larger;
  }

  u32(value: number): void {
    if (value >>> 0 !== value) throw new XdrError(`${value} is not an unsigned 32-bit integer`);
    this.#put32(value);
  }

  i32(value: number): void {
    if ((value | 0) !== value) throw new XdrError(`${value} is not a 32-bit integer`);
    this.#put32(value);
  }

  u64(value: bigint | number): void {
    if (typeof value === "number") {
      if (value < 0 || !Number.isSafeInteger(value)) throw new XdrError(`${value} is not an unsigned 64-bit integer`);
      this.#put32(Math.floor(value / TWO_32));
      this.#put32(value % TWO_32);
      return;
    }
    if (BigInt.asUintN(64, value) !== value) throw new XdrError(`${value} is not an unsigned 64-bit integer`);
    this.ensure(8);
    this.offset = this.buffer.writeBigUInt64BE(value, this.offset);
  }

  i64(value: bigint | number): void {
    const wide = typeof value === "number" ? safeBigInt(value) : value;
    if (BigInt.asIntN(64, wide) !== wide) throw new XdrError(`${value} is not a 64-bit integer`);
    this.ensure(8);
    this.offset = this.buffer.writeBigInt64BE(wide, this.offset);
  }

  f64(value: number): void {
    this.ensure(8);
    this.offset = this.buffer.writeDoubleBE(value, this.offset);
  }

  /** Bytes as they are, padded to a multiple of four. */
  bytes(value: Uint8Array): void {
    const padding = -value.length & 3;
    this.ensure(value.length + padding);
    this.buffer.set(value, this.offset);
    this.offset += value.length;
    this.#pad(padding);
  }

  /** UTF-8 with its length in front. Returns the length in bytes. */
  string(value: string): number {
    this.ensure(value.length * 3 + 7);
    const length = this.buffer.write(value, this.offset + 4, "utf8");
    this.#put32(length);
    this.offset += length;
    this.#pad(-length & 3);
    return length;
  }

  #put32(value: number): void {
    this.ensure(4);
    const { buffer, offset } = this;
    buffer[offset] = value >>> 24;
    buffer[offset + 1] = value >>> 16;
    buffer[offset + 2] = value >>> 8;
    buffer[offset + 3] = value;
    this.offset = offset + 4;
  }

  #pad(bytes: number): void {
    for (let i = 0; i < bytes; i++) this.buffer[this.offset++] = 0;
  }
}

/** Faster than `Buffer.from`, which looks at what it is given first. */
export function copyOf(buffer: Buffer, start: number, end: number): Buffer {
  const copy = Buffer.allocUnsafe(end - start);
  buffer.copy(copy, 0, start, end);
  return copy;
}

function safeBigInt(value: number): bigint {
  if (!Number.isSafeInteger(value)) throw new XdrError(`${value} is not a 64-bit integer`);
  return BigInt(value);
}

import { FrameError, FrameSplitter, HEADER_BYTES, MESSAGE_BYTES_MAX } from "../rpc/frame.js";

const LENGTH_BYTES = 4;

/** What a client has sent and nobody has worked on yet. It is kept as bytes, so that it can outlive a program. */
export class ByteQueue {
  #chunks: Buffer[] = [];
  #length = 0;

  get length(): number {
    return this.#length;
  }

  /** Bytes that the next message lacks, or its length word; of a message that is there, none. */
  get wanted(): number {
    if (this.#length < LENGTH_BYTES) return LENGTH_BYTES - this.#length;
    return Math.max(0, this.#firstBytes(LENGTH_BYTES).readUInt32BE(0) - this.#length);
  }

  /** Keeps the chunk: its memory must not be used for anything else. */
  push(chunk: Buffer): void {
    this.#chunks.push(chunk);
    this.#length += chunk.length;
  }

  /** The next whole message; `undefined` where it has not come yet. Throws a `FrameError` where its length is impossible. */
  message(): Buffer | undefined {
    if (this.#length < LENGTH_BYTES) return undefined;
    const length = this.#firstBytes(LENGTH_BYTES).readUInt32BE(0);
    if (length < HEADER_BYTES || length > MESSAGE_BYTES_MAX) throw new FrameError(`a message of ${length} bytes`);
    if (this.#length < length) return undefined;
    const bytes = this.#firstBytes(length);
    this.#drop(length);
    return bytes;
  }

  /** All of it, from the first byte that belongs to no message yet given out. */
  rest(): Buffer {
    return Buffer.concat(this.#chunks, this.#length);
  }

  #firstBytes(count: number): Buffer {
    let [first] = this.#chunks;
    if (first === undefined || first.length < count) {
      const some = this.#takeChunks(count);
      first = Buffer.concat(some);
      this.#chunks.unshift(first);
    }
    return first.subarray(0, count);
  }

  /** Chunks that have so many bytes together. */
  #takeChunks(count: number): Buffer[] {
    let bytes = 0;
    const index = this.#chunks.findIndex((chunk) => {
      bytes += chunk.length;
      return bytes >= count;
    });
    return this.#chunks.splice(0, index + 1);
  }

  #drop(count: number): void {
    const [first] = this.#chunks as [Buffer];
    if (first.length === count) this.#chunks.shift();
    else this.#chunks[0] = first.subarray(count);
    this.#length -= count;
  }
}

/** The header and the body of a whole message. */
export function frameOf(message: Buffer): FrameSplitter["frame"] {
  const splitter = new FrameSplitter();
  splitter.feed(message);
  splitter.next();
  return splitter.frame;
}

import type { xdr } from "@polyvisor/core";

/** What a message is (`virNetMessageType`). */
export const MESSAGE_TYPE = {
  CALL: 0,
  REPLY: 1,
  /** An event; nobody answers. */
  MESSAGE: 2,
  STREAM: 3,
  CALL_WITH_FDS: 4,
  REPLY_WITH_FDS: 5,
  STREAM_HOLE: 6,
} as const;

/** How a call ended, or what a stream packet says (`virNetMessageStatus`). */
export const MESSAGE_STATUS = {
  /** A call that worked; of a stream: finish, or its confirmation. */
  OK: 0,
  /** A call that failed; of a stream: abort. An error follows, except where a client aborts. */
  ERROR: 1,
  /** Data of a stream. No data means that this side sends no more. */
  CONTINUE: 2,
} as const;

/** Bytes of the length word and the header, which stand in front of every body. */
export const HEADER_BYTES = 28;

const LENGTH_BYTES = 4;

/** The longest message in bytes, its length word included. */
export const MESSAGE_BYTES_MAX = 33554432 + LENGTH_BYTES;

/** The most descriptors that one message brings. */
export const DESCRIPTORS_MAX = 32;

/** The most data in bytes that libvirt puts into one stream packet. */
export const STREAM_DATA_MAX = 262120;

/** A peer that does not speak the protocol, or a message that it cannot carry: the connection is of no more use. */
export class FrameError extends Error {
  override readonly name = "FrameError";
}

/** One message: its header, and where its body stands in a buffer. Valid until the splitter goes on. */
export interface Frame {
  readonly buffer: Buffer;
  /** Where the length word stands. */
  readonly start: number;
  /** Where the body stands. */
  readonly body: number;
  readonly end: number;
  readonly program: number;
  readonly version: number;
  readonly procedure: number;
  /** A member of `MESSAGE_TYPE`, if the peer keeps to the protocol. */
  readonly type: number;
  readonly serial: number;
  /** A member of `MESSAGE_STATUS`, if the peer keeps to the protocol. */
  readonly status: number;
}

type MutableFrame = { -readonly [K in keyof Frame]: Frame[K] };

const EMPTY = Buffer.alloc(0);

/** First size of the memory for a torn message. It grows with what arrives, never with what the length word promises. */
const TORN_BYTES = 4096;

/** A longer message is put together only when it is complete: to copy much whenever more is needed would hold up everybody. */
const BLOCK_BYTES = 1048576;

/**
 * Cuts the bytes of a connection into messages. A message that lies whole in a chunk is read where it lies; only one that
 * is torn across chunks is copied.
 *
 * A reader calls `feed` with a chunk and then `next` until it returns `false`; then the chunk's memory may be used again.
 * One that wants to go on later calls `hold` first.
 */
export class FrameSplitter {
  /** The message that `next` found. */
  readonly frame: Frame;
  readonly #frame: MutableFrame;
  #chunk: Buffer = EMPTY;
  #at = 0;
  #end = 0;
  /** The torn message: full blocks, then `#torn`, of which `#tornEnd` bytes are in use. `#tornBytes` counts all of it. */
  #blocks: Buffer[] = [];
  #torn: Buffer = EMPTY;
  #tornEnd = 0;
  #tornBytes = 0;

  constructor() {
    this.#frame = {
      buffer: EMPTY,
      start: 0,
      body: 0,
      end: 0,
      program: 0,
      version: 0,
      procedure: 0,
      type: 0,
      serial: 0,
      status: 0,
    };
    this.frame = this.#frame;
  }

  /** Bytes of memory that the torn message takes. */
  get held(): number {
    return this.#blocks.length * BLOCK_BYTES + this.#torn.length;
  }

  /** Bytes that the torn message or its length word lacks; of the next one where none is torn. Only after `next` returned. */
  get wanted(): number {
    if (this.#tornBytes < LENGTH_BYTES) return LENGTH_BYTES - this.#tornBytes;
    return (word(this.#blocks[0] ?? this.#torn, 0) >>> 0) - this.#tornBytes;
  }

  /** Takes the first `length` bytes of a chunk. Only after `next` returned `false`. */
  feed(chunk: Buffer, length = chunk.length): void {
    this.#chunk = chunk;
    this.#at = 0;
    this.#end = length;
  }

  /** Finds the next message. Throws a `FrameError` where the length word is impossible. */
  next(): boolean {
    if (this.#tornBytes > 0) return this.#mend();
    const left = this.#end - this.#at;
    if (left >= LENGTH_BYTES) {
      const length = checkedLength(this.#chunk, this.#at);
      if (left >= length) {
        this.#found(this.#chunk, this.#at, length);
        this.#at += length;
        return true;
      }
    }
    this.#keep(left);
    this.#letGo();
    return false;
  }

  /** A connection that is idle keeps nothing of what came last: it may be all that is left of a large piece of memory. */
  #letGo(): void {
    this.#chunk = this.#frame.buffer = EMPTY;
    this.#at = this.#end = 0;
  }

  /** Copies what has not been read, because the chunk's memory will be used for something else. */
  hold(): void {
    this.feed(Buffer.from(this.#chunk.subarray(this.#at, this.#end)));
  }

  /** Completes the torn message with bytes of the chunk, and with those alone: what follows is read in place. */
  #mend(): boolean {
    this.#keep(Math.min(LENGTH_BYTES - this.#tornBytes, this.#end - this.#at));
    if (this.#tornBytes < LENGTH_BYTES) return false;
    const length = checkedLength(this.#blocks[0] ?? this.#torn, 0);
    this.#keep(Math.min(length - this.#tornBytes, this.#end - this.#at));
    if (this.#tornBytes < length) return false;
    const whole = this.#blocks.length === 0 ? this.#torn : Buffer.concat([...this.#blocks, this.#torn], length);
    this.#found(whole, 0, length);
    this.#blocks = [];
    this.#torn = EMPTY;
    this.#tornEnd = this.#tornBytes = 0;
    return true;
  }

  #keep(bytes: number): void {
    for (let left = bytes; left > 0; ) {
      this.#makeRoom(left);
      const taken = Math.min(left, this.#torn.length - this.#tornEnd);
      this.#chunk.copy(this.#torn, this.#tornEnd, this.#at, this.#at + taken);
      this.#at += taken;
      this.#tornEnd += taken;
      this.#tornBytes += taken;
      left -= taken;
    }
  }

  #makeRoom(bytes: number): void {
    if (this.#tornEnd === BLOCK_BYTES) {
      this.#blocks.push(this.#torn);
      this.#torn = Buffer.allocUnsafeSlow(BLOCK_BYTES);
      this.#tornEnd = 0;
    }
    const wanted = Math.min(BLOCK_BYTES, this.#tornEnd + bytes);
    if (wanted <= this.#torn.length) return;
    const size = Math.min(BLOCK_BYTES, Math.max(TORN_BYTES, this.#torn.length * 2, wanted));
    const larger = Buffer.allocUnsafeSlow(size);
    this.#torn.copy(larger, 0, 0, this.#tornEnd);
    this.#torn = larger;
  }

  #found(buffer: Buffer, start: number, length: number): void {
    const frame = this.#frame;
    frame.buffer = buffer;
    frame.start = start;
    frame.body = start + HEADER_BYTES;
    frame.end = start + length;
    frame.program = word(buffer, start + 4) >>> 0;
    frame.version = word(buffer, start + 8) >>> 0;
    frame.procedure = word(buffer, start + 12);
    frame.type = word(buffer, start + 16);
    frame.serial = word(buffer, start + 20) >>> 0;
    frame.status = word(buffer, start + 24);
  }
}

/**
 * How many descriptors come behind a message of type `CALL_WITH_FDS` or `REPLY_WITH_FDS`, and the message without what says
 * so. Throws a `FrameError` where there are too many.
 */
export function descriptorsBehind(frame: Frame): { readonly count: number; readonly frame: Frame } {
  if (frame.end - frame.body < 4) throw new FrameError("Unable to decode number of FDs");
  const count = word(frame.buffer, frame.body) >>> 0;
  if (count > DESCRIPTORS_MAX)
    throw new FrameError(`Received too many FDs ${count}, expected ${DESCRIPTORS_MAX} maximum`);
  return { count, frame: { ...frame, body: frame.body + 4 } };
}

/** What a message says of itself in front of its body. */
export interface FrameHeader {
  readonly program: number;
  readonly version: number;
  readonly procedure: number;
  readonly type: number;
  readonly serial: number;
  readonly status: number;
}

/** Appends a header; the body follows, then `endFrame` with the position that this returns. */
export function beginFrame(writer: xdr.XdrWriter, header: FrameHeader): number {
  writer.ensure(HEADER_BYTES);
  const start = writer.offset;
  const { buffer } = writer;
  putWord(buffer, start + 4, header.program);
  putWord(buffer, start + 8, header.version);
  putWord(buffer, start + 12, header.procedure);
  putWord(buffer, start + 16, header.type);
  putWord(buffer, start + 20, header.serial);
  putWord(buffer, start + 24, header.status);
  writer.offset = start + HEADER_BYTES;
  return start;
}

/** Completes the message that began at `start`. Throws a `FrameError` where it is over the limit of the protocol. */
export function endFrame(writer: xdr.XdrWriter, start: number): void {
  const length = writer.offset - start;
  if (length > MESSAGE_BYTES_MAX)
    throw new FrameError(`a message of ${length} bytes is over the limit of ${MESSAGE_BYTES_MAX}`);
  putWord(writer.buffer, start, length);
}

/** One message in bytes of its own. */
export function frameBytes(header: FrameHeader, body: Uint8Array = EMPTY): Buffer {
  const length = HEADER_BYTES + body.length;
  if (length > MESSAGE_BYTES_MAX)
    throw new FrameError(`a message of ${length} bytes is over the limit of ${MESSAGE_BYTES_MAX}`);
  const bytes = Buffer.allocUnsafe(length);
  putWord(bytes, 0, length);
  putWord(bytes, 4, header.program);
  putWord(bytes, 8, header.version);
  putWord(bytes, 12, header.procedure);
  putWord(bytes, 16, header.type);
  putWord(bytes, 20, header.serial);
  putWord(bytes, 24, header.status);
  bytes.set(body, HEADER_BYTES);
  return bytes;
}

function checkedLength(buffer: Buffer, at: number): number {
  const length = word(buffer, at) >>> 0;
  if (length < HEADER_BYTES)
    throw new FrameError(`packet ${length} bytes received from peer too small, want ${HEADER_BYTES}`);
  if (length > MESSAGE_BYTES_MAX)
    throw new FrameError(`packet ${length} bytes received from peer too large, want ${MESSAGE_BYTES_MAX}`);
  return length;
}

function word(buffer: Buffer, at: number): number {
  return (
    ((buffer[at] as number) << 24) |
    ((buffer[at + 1] as number) << 16) |
    ((buffer[at + 2] as number) << 8) |
    (buffer[at + 3] as number)
  );
}

function putWord(buffer: Buffer, at: number, value: number): void {
  buffer[at] = value >>> 24;
  buffer[at + 1] = value >>> 16;
  buffer[at + 2] = value >>> 8;
  buffer[at + 3] = value;
}

import type { Socket } from "node:net";
import { Duplex } from "node:stream";

/** A message's fixed beginning; its lengths are at 4 (body) and 12 (header's fields). */
const HEADER_BYTES = 16;

/** `METHOD_RETURN` and `ERROR` */
const REPLIES: ReadonlySet<number> = new Set([2, 3]);

/** More than any answer that is waited for. */
const REPLY_BYTES_MAX = 65536;

const LITTLE_ENDIAN = 0x6c;

/**
 * A connection to a message bus on which nothing but replies is heard. Whoever is on the bus may send signals to everybody,
 * of any size: they are dropped before anything is made of them. It does not keep the process from ending.
 */
export class BusStream extends Duplex {
  readonly #socket: Socket;
  /** Lines are exchanged until the bus has accepted us. */
  #isAccepted = false;
  #held: Buffer = Buffer.alloc(0);
  /** Bytes of a message that is dropped, which are still to come. */
  #drop = 0;

  constructor(socket: Socket) {
    super();
    this.#socket = socket;
    socket.unref();
    socket.on("data", (chunk) => this.#heard(chunk));
    socket.once("end", () => this.push(null));
    socket.once("error", (error) => this.destroy(error));
    socket.once("close", () => this.destroy());
  }

  /** Called by the bus library, which expects a socket. */
  setNoDelay(): void {
    this.#socket.setNoDelay();
  }

  override _read(): void {}

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    this.#socket.write(chunk, done);
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.#socket.destroy();
    done(error);
  }

  #heard(chunk: Buffer): void {
    this.#held = this.#held.length === 0 ? chunk : Buffer.concat([this.#held, chunk]);
    if (!this.#isAccepted) this.#takeLines();
    if (this.#isAccepted) while (this.#takeMessage());
    if (this.#held.length > REPLY_BYTES_MAX) this.destroy(new Error("the bus sends a reply that is too large"));
  }

  #takeLines(): void {
    for (let end = this.#held.indexOf("\n"); end >= 0 && !this.#isAccepted; end = this.#held.indexOf("\n")) {
      const line = this.#held.subarray(0, end + 1);
      this.#held = this.#held.subarray(end + 1);
      this.#isAccepted = line.toString("latin1").startsWith("OK ");
      this.push(line);
    }
  }

  /** Tells whether there may be more. */
  #takeMessage(): boolean {
    const dropped = Math.min(this.#drop, this.#held.length);
    this.#drop -= dropped;
    this.#held = this.#held.subarray(dropped);
    if (this.#held.length < HEADER_BYTES) return false;
    const length = lengthOf(this.#held);
    if (!REPLIES.has(this.#held[1] ?? 0)) {
      this.#drop = length;
      return true;
    }
    if (this.#held.length < length) return false;
    this.push(this.#held.subarray(0, length));
    this.#held = this.#held.subarray(length);
    return true;
  }
}

/** The fields are padded to a multiple of 8. */
function lengthOf(message: Buffer): number {
  const numberAt = (at: number) => (message[0] === LITTLE_ENDIAN ? message.readUInt32LE(at) : message.readUInt32BE(at));
  return HEADER_BYTES + Math.ceil(numberAt(12) / 8) * 8 + numberAt(4);
}

/** Kinds of messages on xenstored's socket, as far as they are used here. */
export const XS = { DIRECTORY: 1, READ: 2, WATCH: 4, UNWATCH: 5, WRITE: 11, WATCH_EVENT: 15, ERROR: 16 } as const;

export interface XsMessage {
  readonly type: number;
  readonly id: number;
  readonly body: Buffer;
}

const HEADER = 16;
/** The most that a body may have (`XENSTORE_PAYLOAD_MAX`). */
const BODY_MAX = 4096;

/** Kind, number, transaction (none) and length, each 32 bits in little-endian order; then the body. */
export function encodeXs({ type, id, body }: XsMessage): Buffer {
  if (body.length > BODY_MAX) throw new RangeError(`a body of ${body.length} bytes is too long for xenstore`);
  const header = Buffer.alloc(HEADER);
  header.writeUInt32LE(type, 0);
  header.writeUInt32LE(id, 4);
  header.writeUInt32LE(body.length, 12);
  return Buffer.concat([header, body]);
}

/** Words that each end with a zero byte. */
export function xsWords(...words: readonly string[]): Buffer {
  return Buffer.from(words.map((word) => `${word}\0`).join(""));
}

export function readXsWords(body: Buffer): string[] {
  const text = body.toString();
  return text === "" ? [] : text.replace(/\0$/, "").split("\0");
}

/** Takes what arrives, in whatever pieces, apart into messages. */
export class XsDecoder {
  #rest: Buffer = Buffer.alloc(0);

  /** Throws where what arrives is no xenstore's: nothing that follows can be read then. */
  *feed(chunk: Buffer): Generator<XsMessage> {
    this.#rest = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    while (this.#rest.length >= HEADER) {
      const length = this.#rest.readUInt32LE(12);
      if (length > BODY_MAX) throw new RangeError(`xenstore sent a body of ${length} bytes`);
      if (this.#rest.length < HEADER + length) return;
      const message = this.#rest.subarray(0, HEADER + length);
      this.#rest = this.#rest.subarray(HEADER + length);
      yield { type: message.readUInt32LE(0), id: message.readUInt32LE(4), body: message.subarray(HEADER) };
    }
  }
}

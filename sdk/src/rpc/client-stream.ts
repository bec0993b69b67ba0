import { Duplex } from "node:stream";
import type { VirtError } from "@polyvisor/core";
import { MESSAGE_STATUS, STREAM_DATA_MAX } from "./frame.js";

/** The connection, as one of its streams sees it. */
export interface StreamPort {
  /** Sends a packet of the stream; `sent` is called once the socket has taken it. */
  send(status: number, data: Uint8Array, sent?: (error?: Error | null) => void): void;
  /** From here to `over` the stream waits for the daemon to confirm that all has arrived. */
  awaitFinish(): void;
  /** The stream's reader is behind. */
  full(): void;
  /** The stream's reader has caught up. */
  drained(): void;
  /** No more packets of the stream are wanted. */
  over(): void;
}

const NOTHING = new Uint8Array(0);

/** What could not be handed to the reader at once: a hole of so many bytes and what came behind it; `null` is the end. */
type Delayed = Buffer | bigint | null;

/**
 * The client's end of a stream, such as a console. `end()` finishes it: the callback comes when the daemon has confirmed
 * that everything arrived. `destroy()` aborts it. The daemon's error destroys it.
 */
export class RpcStream extends Duplex {
  readonly #port: StreamPort;
  readonly #delayed: Delayed[] = [];
  #finished: ((error?: Error | null) => void) | undefined;
  #ended = false;
  #over = false;

  constructor(port: StreamPort) {
    super({ allowHalfOpen: false, highWaterMark: STREAM_DATA_MAX });
    this.#port = port;
  }

  /** The daemon sent data; none means that no more will come. The bytes are copied. */
  receive(data: Uint8Array): void {
    if (this.#ended) return;
    if (data.length === 0) this.#end();
    else this.#deliver(Buffer.from(data));
  }

  /** The daemon says that so many bytes are zero, instead of sending them. The reader gets them as it goes on. */
  hole(length: bigint): void {
    if (!this.#ended && length > 0n) this.#deliver(length);
  }

  /** The daemon confirmed the finish. `false` where none was asked for. */
  confirm(): boolean {
    const finished = this.#finished;
    if (finished === undefined) return false;
    this.#leave();
    this.#end();
    finished();
    return true;
  }

  /** The daemon, or the loss of the connection, ended the stream. */
  fail(error?: VirtError): void {
    this.#leave();
    this.destroy(error);
  }

  override _read(): void {
    this.#catchUp();
    if (this.#delayed.length === 0) this.#port.drained();
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    let at = 0;
    for (; chunk.length - at > STREAM_DATA_MAX; at += STREAM_DATA_MAX)
      this.#port.send(MESSAGE_STATUS.CONTINUE, chunk.subarray(at, at + STREAM_DATA_MAX));
    if (chunk.length === 0) done();
    else this.#port.send(MESSAGE_STATUS.CONTINUE, chunk.subarray(at), done);
  }

  override _final(done: (error?: Error | null) => void): void {
    if (this.#over) {
      done();
      return;
    }
    this.#finished = done;
    this.#port.awaitFinish();
    this.#port.send(MESSAGE_STATUS.OK, NOTHING);
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    if (!this.#over) {
      this.#port.send(MESSAGE_STATUS.ERROR, NOTHING);
      this.#leave();
    }
    done(error);
  }

  #end(): void {
    this.#ended = true;
    this.#deliver(null);
  }

  /** What is no hole, and behind none, goes to the reader's buffer however full that is: it has arrived already. */
  #deliver(what: Delayed): void {
    if (typeof what !== "bigint" && this.#delayed.length === 0) {
      if (!this.push(what) && what !== null) this.#port.full();
      return;
    }
    this.#delayed.push(what);
    if (this.#delayed.length === 1) this.#catchUp();
    else this.#port.full();
  }

  #catchUp(): void {
    while (this.#delayed.length > 0)
      if (!this.push(this.#next())) {
        if (this.#delayed.length > 0) this.#port.full();
        return;
      }
  }

  /** The next bytes to hand on: of a hole, no more than a packet would bring. */
  #next(): Buffer | null {
    const [first = null] = this.#delayed;
    if (typeof first !== "bigint") {
      this.#delayed.shift();
      return first;
    }
    const length = Number(first < STREAM_DATA_MAX ? first : BigInt(STREAM_DATA_MAX));
    if (BigInt(length) === first) this.#delayed.shift();
    else this.#delayed[0] = first - BigInt(length);
    return Buffer.alloc(length);
  }

  #leave(): void {
    if (this.#over) return;
    this.#over = true;
    this.#port.over();
  }
}

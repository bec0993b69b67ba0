import { Duplex } from "node:stream";
import { isHole, type StreamChunk, type VirtError } from "@polyvisor/core";
import { protocolError } from "./client-errors.js";
import { MESSAGE_STATUS, STREAM_DATA_MAX } from "./frame.js";

/** The connection, as one of its streams sees it. */
export interface StreamPort {
  /** Sends a packet of the stream; `sent` is called once the socket has taken it. */
  send(status: number, data: Uint8Array, sent?: (error?: Error | null) => void): void;
  /** Tells of so many bytes that are zero. */
  sendHole(length: bigint, sent: (error?: Error | null) => void): void;
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

/**
 * The client's end of a stream, such as a console. `end()` finishes it: the callback comes when the daemon has confirmed
 * that everything arrived. `destroy()` aborts it. The daemon's error destroys it. With holes it is in object mode, and its
 * chunks are buffers and `StreamHole`s.
 */
export class RpcStream extends Duplex {
  readonly #port: StreamPort;
  readonly #hasHoles: boolean;
  #finished: ((error?: Error | null) => void) | undefined;
  #ended = false;
  #over = false;

  constructor(portOf: (self: RpcStream) => StreamPort, hasHoles: boolean) {
    super({ allowHalfOpen: false, ...(hasHoles ? { objectMode: true } : { highWaterMark: STREAM_DATA_MAX }) });
    this.#port = portOf(this);
    this.#hasHoles = hasHoles;
  }

  /** The daemon sent data; none means that no more will come. The bytes are the stream's from here on. */
  receive(data: Uint8Array): void {
    if (this.#ended) return;
    if (data.length === 0) this.#end();
    else this.#deliver(data);
  }

  /** The daemon says that so many bytes are zero, instead of sending them. */
  hole(length: bigint): void {
    if (!this.#hasHoles) this.destroy(protocolError("Unexpected stream hole"));
    else if (!this.#ended && length > 0n) this.#deliver({ hole: length });
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
    this.#port.drained();
  }

  override _write(chunk: StreamChunk, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    if (isHole(chunk)) {
      this.#port.sendHole(chunk.hole, done);
      return;
    }
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
    this.push(null);
  }

  /** It goes to the reader's buffer however full that is: it has arrived already. */
  #deliver(chunk: StreamChunk): void {
    if (!this.push(chunk)) this.#port.full();
  }

  #leave(): void {
    if (this.#over) return;
    this.#over = true;
    this.#port.over();
  }
}

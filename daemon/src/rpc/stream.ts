import { type ByteStream, type Call, isHole, type StreamChunk, VirtError } from "@polyvisor/core";
import { type Frame, FrameError, holeOf, MESSAGE_STATUS, MESSAGE_TYPE, STREAM_DATA_MAX } from "@polyvisor/sdk/rpc/wire";
import { type Answered, writeError, writeStreamHole, writeStreamPacket } from "./messages.js";
import type { Outbox } from "./outbox.js";

/** With this much not yet taken by the driver's end, no more is read from the client. */
const WAITING_BYTES = 1048576;

/** What a hole counts among the bytes that wait: many of them take memory, however little each means. */
const HOLE_BYTES = 64;

/** What a stream takes from the session that it belongs to. */
export interface StreamClient {
  readonly outbox: Outbox;
  /** The driver's end takes no more for the moment: stop reading from the client until `streamReady`. */
  streamFull(stream: ServerStream): void;
  streamReady(stream: ServerStream): void;
  /** Nothing more will come of this stream. */
  streamOver(stream: ServerStream): void;
}

/** Whether the client gets anything: it may always send. */
export type StreamDirection = NonNullable<Call["stream"]>;

/** The daemon's end of a stream: packets of the client on one side, a driver's byte stream on the other. */
export class ServerStream {
  /** The call that opened it; every packet repeats its procedure and serial. */
  readonly opened: Answered;
  readonly #client: StreamClient;
  readonly #bytes: ByteStream;
  #waiting = 0;
  #over = false;
  #ended = false;

  constructor(client: StreamClient, opened: Answered, bytes: ByteStream, direction: StreamDirection) {
    this.#client = client;
    this.opened = opened;
    this.#bytes = bytes;
    if (direction === "read") {
      bytes.on("data", this.#onData);
      bytes.once("end", this.#onEnd);
    }
    bytes.on("error", this.#onError);
    bytes.once("close", this.#onEnd);
  }

  /** Bytes that the driver's end has not taken yet. */
  get waiting(): number {
    return this.#waiting;
  }

  /** A packet of the client. */
  take(frame: Frame): void {
    if (this.#over) return;
    if (frame.type === MESSAGE_TYPE.STREAM_HOLE) this.#takeHole(frame);
    else if (frame.status === MESSAGE_STATUS.CONTINUE) this.#takeData(frame);
    else if (frame.status === MESSAGE_STATUS.OK) this.#finish();
    else if (frame.status === MESSAGE_STATUS.ERROR) this.#close(() => this.#confirm());
    else this.#close(() => this.#fail(streamError(`stream aborted with unexpected status ${frame.status}`)));
  }

  /** The client reads again. */
  drained(): void {
    if (!this.#over) this.#bytes.resume();
  }

  /** The client is gone. */
  abort(): void {
    this.#close(() => {});
  }

  #takeData(frame: Frame): void {
    if (frame.body === frame.end) return;
    const data = Buffer.from(frame.buffer.subarray(frame.body, frame.end));
    this.#write(data, data.length);
  }

  /** Only a stream in object mode has holes. Of any other a client that keeps to the protocol sends none. */
  #takeHole(frame: Frame): void {
    if (!this.#bytes.writableObjectMode) throw new FrameError("Unexpected stream hole");
    const { length, flags } = holeOf(frame);
    const problem = problemOf(length, flags);
    if (problem === undefined) this.#write({ hole: length }, HOLE_BYTES);
    else this.#close(() => this.#fail(problem));
  }

  #write(chunk: StreamChunk, size: number): void {
    if (!this.#bytes.writable) return;
    this.#waiting += size;
    this.#bytes.write(chunk, () => this.#taken(size));
    if (this.#waiting > WAITING_BYTES) this.#client.streamFull(this);
  }

  #taken(size: number): void {
    this.#waiting -= size;
    if (this.#waiting <= WAITING_BYTES) this.#client.streamReady(this);
  }

  /** The client has sent everything. It learns that it worked once the driver's end has taken all of it. */
  #finish(): void {
    const done = () => this.#close(() => this.#confirm());
    if (this.#bytes.writable) this.#bytes.end(done);
    else done();
  }

  readonly #onData = (chunk: StreamChunk): void => {
    if (isHole(chunk)) writeStreamHole(this.#client.outbox, this.opened, chunk.hole);
    else
      for (let at = 0; at < chunk.length; at += STREAM_DATA_MAX)
        this.#packet(MESSAGE_STATUS.CONTINUE, chunk.subarray(at, at + STREAM_DATA_MAX));
    if (this.#client.outbox.congested) this.#bytes.pause();
  };

  /** An empty packet tells the client that there is no more to read. It still has to finish or abort. */
  readonly #onEnd = (): void => {
    if (this.#over || this.#ended) return;
    this.#ended = true;
    this.#packet(MESSAGE_STATUS.CONTINUE);
  };

  readonly #onError = (error: Error): void => {
    if (this.#over) return;
    this.#close(() =>
      this.#fail(error instanceof VirtError ? error : streamError(`stream had I/O failure: ${error.message}`)),
    );
  };

  #close(lastWords: () => void): void {
    if (this.#over) return;
    this.#over = true;
    this.#bytes.off("data", this.#onData);
    this.#bytes.destroy();
    lastWords();
    this.#client.streamOver(this);
  }

  #confirm(): void {
    this.#packet(MESSAGE_STATUS.OK);
  }

  #fail(error: VirtError): void {
    writeError(this.#client.outbox, this.opened, MESSAGE_TYPE.STREAM, error);
  }

  #packet(status: number, data?: Uint8Array): void {
    writeStreamPacket(this.#client.outbox, this.opened, status, data);
  }
}

function streamError(detail: string): VirtError {
  return new VirtError("RPC", detail, { domain: "STREAMS" });
}

/** What libvirt's driver for files says of a hole that is none. */
function problemOf(length: bigint, flags: number): VirtError | undefined {
  const caller = "virFDStreamSendHole";
  const words =
    flags !== 0
      ? `unsupported flags (0x${flags.toString(16)}) in function ${caller}`
      : length <= 0n
        ? `length in ${caller} must be greater than zero`
        : undefined;
  return words === undefined ? undefined : new VirtError("INVALID_ARG", words, { domain: "STREAMS" });
}

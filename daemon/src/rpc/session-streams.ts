import type { ByteStream } from "@polyvisor/core";
import type { Frame } from "@polyvisor/sdk/rpc/wire";
import type { Answered } from "./messages.js";
import type { Outbox } from "./outbox.js";
import { ServerStream, type StreamClient, type StreamDirection } from "./stream.js";

/** Whether the client is read from, as far as its streams are concerned. */
export interface ReadGate {
  hold(): void;
  release(): void;
}

/** The streams of one client, by the serials of the calls that opened them. */
export class SessionStreams implements StreamClient {
  readonly outbox: Outbox;
  readonly #gate: ReadGate;
  readonly #all = new Map<number, ServerStream>();
  readonly #full = new Set<ServerStream>();

  constructor(outbox: Outbox, gate: ReadGate) {
    this.outbox = outbox;
    this.#gate = gate;
  }

  /** Bytes that the drivers' ends have not taken yet. */
  get waiting(): number {
    let waiting = 0;
    for (const stream of this.#all.values()) waiting += stream.waiting;
    return waiting;
  }

  open(opened: Answered, bytes: ByteStream, direction: StreamDirection): void {
    this.#all.get(opened.serial)?.abort();
    this.#all.set(opened.serial, new ServerStream(this, opened, bytes, direction));
  }

  /** A packet may come after its stream is over, because nobody acknowledges packets: it is dropped. */
  take(frame: Frame): void {
    const stream = this.#all.get(frame.serial);
    if (stream !== undefined && stream.opened.procedure === frame.procedure) stream.take(frame);
  }

  /** The client reads again. */
  drained(): void {
    for (const stream of this.#all.values()) stream.drained();
  }

  /** The client is gone. */
  abort(): void {
    for (const stream of this.#all.values()) stream.abort();
  }

  streamFull(stream: ServerStream): void {
    this.#full.add(stream);
    this.#gate.hold();
  }

  streamReady(stream: ServerStream): void {
    if (this.#full.delete(stream) && this.#full.size === 0) this.#gate.release();
  }

  streamOver(stream: ServerStream): void {
    if (this.#all.get(stream.opened.serial) === stream) this.#all.delete(stream.opened.serial);
    this.streamReady(stream);
  }
}

import { type Call, mayHaveHoles, type VirtError, wireError, xdr } from "@polyvisor/core";
import { decodeBody, isOf, type ProgramId } from "./client-body.js";
import type { PendingCall } from "./client-calls.js";
import { callAborted, errorOfPeer, protocolError } from "./client-errors.js";
import type { FlowGate } from "./client-flow.js";
import { RpcStream, type StreamPort } from "./client-stream.js";
import { type Frame, frameBytes, MESSAGE_STATUS, MESSAGE_TYPE } from "./frame.js";
import { holeBody, holeOf } from "./hole.js";

/** The connection, as its streams see it. */
export interface StreamCarrier {
  readonly flow: FlowGate;
  write(bytes: Uint8Array, sent?: (error?: Error | null) => void): void;
  /** The peer does not keep to the protocol. */
  broken(error: VirtError): void;
}

interface ClientStream {
  readonly program: ProgramId;
  readonly procedure: number;
  readonly stream: RpcStream;
  /** What has come for a caller who has not got the stream yet, in order; `undefined` once it goes to the stream at once. */
  kept: (() => void)[] | undefined;
  isHandedOver: boolean;
}

/**
 * The streams of one connection, by the serials of their calls. A daemon may send packets before the reply of the call that
 * opened the stream, so that each is here from when its call is made.
 */
export class ClientStreams {
  readonly #carrier: StreamCarrier;
  readonly #streams = new Map<number, ClientStream>();
  readonly #reader = new xdr.XdrReader(Buffer.alloc(0));

  constructor(carrier: StreamCarrier) {
    this.#carrier = carrier;
  }

  has(serial: number): boolean {
    return this.#streams.has(serial);
  }

  /** A call is made that opens a stream. */
  prepare(serial: number, program: ProgramId, entry: Call, args: Record<string, unknown>): void {
    const stream = new RpcStream((self) => this.#portOf(serial, program, entry, self), mayHaveHoles(entry, args));
    this.#streams.set(serial, { program, procedure: entry.number, stream, kept: [], isHandedOver: false });
  }

  /** The call failed: there is no stream. */
  drop(serial: number): void {
    this.#streams.get(serial)?.stream.fail();
  }

  /** The call worked. What has come is kept until the caller had time to listen to the stream. */
  handOver(serial: number, { signal, givenUp }: PendingCall): RpcStream {
    const open = this.#streams.get(serial) as ClientStream;
    const { stream } = open;
    open.isHandedOver = true;
    if (givenUp) stream.destroy();
    else if (signal !== undefined) abortWith(stream, signal);
    setImmediate(() => {
      const { kept = [] } = open;
      open.kept = undefined;
      for (const act of stream.destroyed ? [] : kept) act();
    });
    return stream;
  }

  /** Packets of a stream that this side gave up go on for a while, so nobody misses a stream. */
  take(frame: Frame): void {
    const open = this.#streams.get(frame.serial);
    if (open === undefined || !isOf(open.program, frame) || open.procedure !== frame.procedure) return;
    const act = this.#actOf(frame, open.stream);
    if (open.kept === undefined) act();
    else open.kept.push(act);
  }

  /** The connection is over. Who never got a stream hears of it by the call. */
  end(reason: VirtError | undefined): void {
    for (const { stream, isHandedOver, kept } of [...this.#streams.values()]) {
      const fail = () => stream.fail(isHandedOver ? reason : undefined);
      if (isHandedOver && kept !== undefined) kept.push(fail);
      else fail();
    }
  }

  /** What a packet does to its stream. Takes out of the frame what it needs, because the frame's memory is used again. */
  #actOf(frame: Frame, stream: RpcStream): () => void {
    if (frame.type === MESSAGE_TYPE.STREAM_HOLE) {
      const { length } = holeOf(frame);
      return () => stream.hole(length);
    }
    if (frame.status === MESSAGE_STATUS.CONTINUE) {
      const data = Buffer.from(frame.buffer.subarray(frame.body, frame.end));
      return () => stream.receive(data);
    }
    if (frame.status === MESSAGE_STATUS.ERROR) {
      const error = errorOfPeer(decodeBody(wireError, this.#reader, frame));
      return () => stream.fail(error);
    }
    return () => {
      if (!stream.confirm()) this.#carrier.broken(protocolError("the peer confirmed a stream that nobody finished"));
    };
  }

  #portOf(serial: number, { number, version }: ProgramId, entry: Call, stream: RpcStream): StreamPort {
    const { flow, write } = this.#carrier;
    const header = { program: number, version, procedure: entry.number, serial };
    let finishing = false;
    return {
      send: (status, data, sent) => write(frameBytes({ ...header, type: MESSAGE_TYPE.STREAM, status }, data), sent),
      sendHole: (length, sent) => {
        const ofHole = { ...header, type: MESSAGE_TYPE.STREAM_HOLE, status: MESSAGE_STATUS.CONTINUE };
        write(frameBytes(ofHole, holeBody(length)), sent);
      },
      awaitFinish: () => {
        finishing = true;
        flow.await();
      },
      full: () => flow.full(stream),
      drained: () => flow.drained(stream),
      over: () => {
        this.#streams.delete(serial);
        flow.drained(stream);
        if (finishing) flow.settled();
      },
    };
  }
}

function abortWith(stream: RpcStream, signal: AbortSignal): void {
  const abort = () => stream.destroy(callAborted(signal));
  signal.addEventListener("abort", abort, { once: true });
  stream.once("close", () => signal.removeEventListener("abort", abort));
}

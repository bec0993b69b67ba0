import type { Socket } from "node:net";
import {
  argsToWire,
  type Call,
  keepaliveProgram,
  mayHaveHoles,
  resultFromWire,
  streamed,
  VirtError,
  wireError,
  xdr,
} from "@polyvisor/core";
import { decodeBody, isOf, type ProgramId } from "./client-body.js";
import { type PendingCall, PendingCalls } from "./client-calls.js";
import { connectPatiently } from "./client-connect.js";
import {
  callAborted,
  clientClosed,
  errorOfPeer,
  keepaliveTimeout,
  peerGone,
  protocolError,
  socketFailed,
} from "./client-errors.js";
import { FlowGate } from "./client-flow.js";
import { Keepalive } from "./client-keepalive.js";
import { MessageListeners, type MessageSpec } from "./client-messages.js";
import { RpcStream, type StreamPort } from "./client-stream.js";
import { beginFrame, endFrame, type Frame, FrameSplitter, frameBytes, MESSAGE_STATUS, MESSAGE_TYPE } from "./frame.js";
import { holeBody, holeOf } from "./hole.js";

export interface CallSettings {
  /**
   * Ends the wait for the reply with `OPERATION_ABORTED`, and aborts the stream that the call opened. The daemon carries
   * the call out all the same.
   */
  readonly signal?: AbortSignal;
}

interface OpenStream {
  readonly program: ProgramId;
  readonly procedure: number;
  readonly stream: RpcStream;
}

/**
 * A connection to a libvirtd, a polyvisord or any other server of libvirt's protocol. Calls are pipelined: as many as the
 * caller likes wait at once, each for its own reply.
 */
export class RpcClient {
  /** Settles when the connection is over: with the reason where it was lost, with `undefined` where `close` was called. */
  readonly closed: Promise<VirtError | undefined>;
  readonly #socket: Socket;
  readonly #flow: FlowGate;
  readonly #splitter = new FrameSplitter();
  readonly #reader = new xdr.XdrReader(Buffer.alloc(0));
  readonly #writer = new xdr.XdrWriter();
  readonly #pending: PendingCalls;
  readonly #streams = new Map<number, OpenStream>();
  readonly #messages = new MessageListeners();
  #keepalive: Keepalive | undefined;
  #serial = 0;
  #over = false;
  #settleClosed: (reason: VirtError | undefined) => void = () => {};

  /**
   * Takes over a connected socket.
   *
   * @param lastWords what the program that carries the connection said, asked for when the connection is over
   */
  constructor(socket: Socket, lastWords?: () => Promise<string>) {
    this.#socket = socket;
    this.#flow = new FlowGate(socket);
    this.#pending = new PendingCalls(this.#flow);
    this.closed = new Promise((resolve) => {
      this.#settleClosed = resolve;
    });
    socket.on("data", (chunk) => this.#received(chunk));
    const ended = (tell: (words?: string) => VirtError) => {
      if (lastWords === undefined) this.#end(tell());
      else void lastWords().then((words) => this.#end(tell(words)));
    };
    socket.on("end", () => ended(peerGone));
    socket.on("error", (error) => ended((words) => socketFailed(error, words)));
    socket.on("close", () => ended(peerGone));
  }

  /** Connects to a unix socket. Fails with `SYSTEM_ERROR` in libvirt's words. */
  static async connect(path: string): Promise<RpcClient> {
    return new RpcClient(await connectPatiently(path));
  }

  /** Makes a call. Rejects with the daemon's error, or with the reason why the connection is over. */
  call<Args, Ret>(
    program: ProgramId,
    entry: Call<unknown, unknown, Args, Ret>,
    args: Args,
    settings: CallSettings = {},
  ): Promise<Ret> {
    return new Promise<Ret>((resolve, reject) => {
      const { signal } = settings;
      if (this.#over) throw clientClosed();
      if (signal?.aborted) throw callAborted(signal);
      const serial = this.#nextSerial();
      this.#write(this.#encode(program, entry, serial, args));
      const hasHoles = mayHaveHoles(entry as Call, args as Record<string, unknown>);
      this.#pending.add(serial, {
        program,
        entry,
        signal,
        hasHoles,
        resolve: resolve as (value: unknown) => void,
        reject,
      });
    });
  }

  /** Calls `listener` for each message of that number, in the order of the wire. Returns what ends it. */
  onMessage<Body>(program: ProgramId, message: MessageSpec<Body>, listener: (body: Body) => void): () => void {
    return this.#messages.add(program, message, listener);
  }

  /**
   * Pings the peer after `interval` seconds of silence and gives the connection up after `count` pings without an answer.
   * Only for a peer that says it supports keepalive; the peer's own pings are always answered.
   */
  keepAlive(interval: number, count: number): void {
    this.#keepalive?.stop();
    if (this.#over) return;
    this.#keepalive = new Keepalive(interval, count, {
      ping: () => this.#sendKeepalive(keepaliveProgram.ping),
      dead: () => this.#end(keepaliveTimeout()),
    });
  }

  /** Closes the connection once what was sent is out. Calls that wait are rejected, streams destroyed. */
  async close(): Promise<void> {
    this.#end(undefined);
    await this.closed;
  }

  #nextSerial(): number {
    do this.#serial = (this.#serial + 1) >>> 0;
    while (this.#pending.has(this.#serial) || this.#streams.has(this.#serial));
    return this.#serial;
  }

  #encode(program: ProgramId, entry: Call, serial: number, args: unknown): Buffer {
    const writer = this.#writer;
    writer.reset();
    try {
      const start = beginFrame(writer, {
        program: program.number,
        version: program.version,
        procedure: entry.number,
        type: MESSAGE_TYPE.CALL,
        serial,
        status: MESSAGE_STATUS.OK,
      });
      entry.args.encode(writer, argsToWire(entry, args as Record<string, unknown>) as never);
      endFrame(writer, start);
    } catch (error) {
      throw protocolError(`Unable to encode message payload: ${(error as Error).message}`, error);
    }
    return writer.take();
  }

  /** Writes of one turn leave together. */
  #write(bytes: Uint8Array, sent?: (error?: Error | null) => void): void {
    const socket = this.#socket;
    if (socket.writableCorked === 0) {
      socket.cork();
      process.nextTick(() => socket.uncork());
    }
    socket.write(bytes, sent && ((error) => sent(error && socketFailed(error))));
  }

  #received(chunk: Buffer): void {
    this.#keepalive?.heard();
    try {
      this.#splitter.feed(chunk);
      while (!this.#over && this.#splitter.next()) this.#dispatch(this.#splitter.frame);
    } catch (error) {
      this.#end(error instanceof VirtError ? error : protocolError((error as Error).message, error));
    }
  }

  #dispatch(frame: Frame): void {
    if (frame.type === MESSAGE_TYPE.REPLY) this.#replied(frame);
    else if (frame.type === MESSAGE_TYPE.MESSAGE) this.#notified(frame);
    else if (frame.type === MESSAGE_TYPE.STREAM) this.#streamed(frame);
    else if (frame.type === MESSAGE_TYPE.STREAM_HOLE) this.#openAt(frame)?.hole(holeOf(frame).length);
    else {
      const { program, version, procedure, type } = frame;
      throw protocolError(`got unexpected RPC call prog ${program} vers ${version} proc ${procedure} type ${type}`);
    }
  }

  #replied(frame: Frame): void {
    const pending = this.#pending.take(frame);
    try {
      if (frame.status !== MESSAGE_STATUS.OK) throw this.#errorIn(frame);
      const { entry } = pending;
      const reply = decodeBody(entry.ret, this.#reader, frame);
      if (entry.stream === undefined) pending.resolve(resultFromWire(entry, reply));
      else pending.resolve(streamed(entry, this.#openStream(frame.serial, pending), reply));
    } catch (error) {
      pending.reject(error as VirtError);
    }
  }

  #notified(frame: Frame): void {
    if (!isOf(keepaliveProgram, frame)) this.#messages.dispatch(frame, this.#reader);
    else if (frame.procedure === keepaliveProgram.ping) this.#sendKeepalive(keepaliveProgram.pong);
  }

  /** Packets of a stream that this side gave up go on for a while, so nobody misses a stream. */
  #streamed(frame: Frame): void {
    const stream = this.#openAt(frame);
    if (stream === undefined) return;
    if (frame.status === MESSAGE_STATUS.CONTINUE) stream.receive(frame.buffer.subarray(frame.body, frame.end));
    else if (frame.status === MESSAGE_STATUS.ERROR) stream.fail(this.#errorIn(frame));
    else if (!stream.confirm()) throw protocolError("the peer confirmed a stream that nobody finished");
  }

  #openAt(frame: Frame): RpcStream | undefined {
    const open = this.#streams.get(frame.serial);
    return open !== undefined && isOf(open.program, frame) && open.procedure === frame.procedure
      ? open.stream
      : undefined;
  }

  #openStream(serial: number, { program, entry, signal, hasHoles, givenUp }: PendingCall): RpcStream {
    const header = { program: program.number, version: program.version, procedure: entry.number, serial };
    let finishing = false;
    const abort = () => stream.destroy(callAborted(signal as AbortSignal));
    const port: StreamPort = {
      send: (status, data, sent) =>
        this.#write(frameBytes({ ...header, type: MESSAGE_TYPE.STREAM, status }, data), sent),
      sendHole: (length, sent) => {
        const ofHole = { ...header, type: MESSAGE_TYPE.STREAM_HOLE, status: MESSAGE_STATUS.CONTINUE };
        this.#write(frameBytes(ofHole, holeBody(length)), sent);
      },
      awaitFinish: () => {
        finishing = true;
        this.#flow.await();
      },
      full: () => this.#flow.full(stream),
      drained: () => this.#flow.drained(stream),
      over: () => {
        this.#streams.delete(serial);
        this.#flow.drained(stream);
        if (finishing) this.#flow.settled();
        signal?.removeEventListener("abort", abort);
      },
    };
    const stream = new RpcStream(port, hasHoles);
    this.#streams.set(serial, { program, procedure: entry.number, stream });
    if (givenUp) stream.destroy();
    else signal?.addEventListener("abort", abort, { once: true });
    return stream;
  }

  #errorIn(frame: Frame): VirtError {
    return errorOfPeer(decodeBody(wireError, this.#reader, frame));
  }

  #sendKeepalive(procedure: number): void {
    const { number: program, version } = keepaliveProgram;
    const header = { program, version, procedure, type: MESSAGE_TYPE.MESSAGE, serial: 0, status: MESSAGE_STATUS.OK };
    this.#write(frameBytes(header));
  }

  #end(reason: VirtError | undefined): void {
    if (this.#over) return;
    this.#over = true;
    this.#keepalive?.stop();
    this.#pending.rejectAll(reason ?? clientClosed());
    for (const { stream } of [...this.#streams.values()]) stream.fail(reason);
    this.#messages.clear();
    if (reason === undefined) this.#socket.destroySoon();
    else this.#socket.destroy();
    this.#settleClosed(reason);
  }
}

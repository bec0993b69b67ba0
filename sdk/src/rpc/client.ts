import type { Socket } from "node:net";
import {
  argsToWire,
  type Call,
  closeAll,
  type Descriptor,
  keepaliveProgram,
  resultFromWire,
  streamed,
  VirtError,
  wireError,
  xdr,
} from "@polyvisor/core";
import { decodeBody, isOf, type ProgramId } from "./client-body.js";
import { type PendingCall, PendingCalls } from "./client-calls.js";
import { connectPatiently } from "./client-connect.js";
import { descriptorsFor, noDescriptors, resultWithDescriptors } from "./client-descriptors.js";
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
import { ClientStreams } from "./client-streams.js";
import type { Transport } from "./client-ways.js";
import { ClientWriter } from "./client-writer.js";
import {
  beginFrame,
  DESCRIPTORS_MAX,
  descriptorsBehind,
  endFrame,
  type Frame,
  FrameSplitter,
  frameBytes,
  MESSAGE_STATUS,
  MESSAGE_TYPE,
} from "./frame.js";
import { Incoming } from "./incoming.js";

export interface CallSettings {
  /**
   * Ends the wait for the reply with `OPERATION_ABORTED`, and aborts the stream that the call opened. The daemon carries
   * the call out all the same.
   */
  readonly signal?: AbortSignal;
}

/**
 * A connection to a libvirtd, a polyvisord or any other server of libvirt's protocol. Calls are pipelined: as many as the
 * caller likes wait at once, each for its own reply.
 */
export class RpcClient {
  /** Settles when the connection is over: with the reason where it was lost, with `undefined` where `close` was called. */
  readonly closed: Promise<VirtError | undefined>;
  /** Descriptors may go with messages both ways. */
  readonly passesDescriptors: boolean;
  readonly #socket: Socket;
  readonly #incoming: Incoming;
  readonly #outgoing: ClientWriter;
  readonly #flow: FlowGate;
  readonly #splitter = new FrameSplitter();
  readonly #reader = new xdr.XdrReader(Buffer.alloc(0));
  readonly #writer = new xdr.XdrWriter();
  readonly #pending: PendingCalls;
  readonly #streams: ClientStreams;
  readonly #messages = new MessageListeners();
  #keepalive: Keepalive | undefined;
  #serial = 0;
  #over = false;
  #isReceiving = false;
  #settleClosed: (reason: VirtError | undefined) => void = () => {};

  /** Takes over a connected socket. */
  constructor({ socket, lastWords, isDirect = false }: Transport) {
    this.passesDescriptors = isDirect;
    this.#socket = socket;
    this.#incoming = new Incoming(socket, this.#splitter, (chunk) => this.#received(chunk));
    this.#outgoing = new ClientWriter(socket);
    this.#flow = new FlowGate(this.#incoming);
    this.#pending = new PendingCalls(this.#flow);
    this.#streams = new ClientStreams({
      flow: this.#flow,
      write: (bytes, sent) => this.#write(bytes, sent),
      broken: (error) => this.#broken(error),
    });
    this.closed = new Promise((resolve) => {
      this.#settleClosed = resolve;
    });
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
    return new RpcClient({ socket: await connectPatiently(path), isDirect: true });
  }

  /**
   * Makes a call. Rejects with the daemon's error, or with the reason why the connection is over. Descriptors that it takes
   * are sent and closed, whatever comes of it; whether the daemon takes any (`SUPPORTS_FEATURE`) is for the caller to ask.
   */
  call<Args, Ret>(
    program: ProgramId,
    entry: Call<unknown, unknown, Args, Ret>,
    args: Args,
    settings: CallSettings = {},
  ): Promise<Ret> {
    return new Promise<Ret>((resolve, reject) => {
      const { signal } = settings;
      const descriptors = descriptorsFor(entry as Call, args);
      const serial = this.#nextSerial();
      try {
        if (this.#over) throw clientClosed();
        if (signal?.aborted) throw callAborted(signal);
        this.#prepareFor(entry as Call, descriptors);
        this.#send(this.#encode(program, entry, serial, args, descriptors.length), descriptors);
      } catch (error) {
        closeAll(descriptors);
        throw error;
      }
      if (entry.stream !== undefined)
        this.#streams.prepare(serial, program, entry as Call, args as Record<string, unknown>);
      this.#pending.add(serial, { program, entry, signal, resolve: resolve as (value: unknown) => void, reject });
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

  #prepareFor({ descriptors: way }: Call, descriptors: readonly Descriptor[]): void {
    const isGiven = way === "given" || way === "several";
    if (descriptors.length === 0 && !isGiven) return;
    if (!this.passesDescriptors) throw noDescriptors();
    if (descriptors.length > DESCRIPTORS_MAX)
      throw protocolError(`Too many FDs to send ${descriptors.length}, expected ${DESCRIPTORS_MAX} maximum`);
    if (isGiven) this.#incoming.expectDescriptors();
    // In the midst of messages that were read together, the rest of them comes first.
    if (!this.#isReceiving) this.#incoming.settle();
  }

  #send(bytes: Uint8Array, descriptors: readonly Descriptor[]): void {
    if (descriptors.length === 0) this.#write(bytes);
    else this.#outgoing.pass(bytes, descriptors);
  }

  #encode(program: ProgramId, entry: Call, serial: number, args: unknown, descriptors: number): Buffer {
    const writer = this.#writer;
    writer.reset();
    try {
      const start = beginFrame(writer, {
        program: program.number,
        version: program.version,
        procedure: entry.number,
        type: descriptors === 0 ? MESSAGE_TYPE.CALL : MESSAGE_TYPE.CALL_WITH_FDS,
        serial,
        status: MESSAGE_STATUS.OK,
      });
      if (descriptors > 0) writer.u32(descriptors);
      entry.args.encode(writer, argsToWire(entry, args as Record<string, unknown>) as never);
      endFrame(writer, start);
    } catch (error) {
      throw protocolError(`Unable to encode message payload: ${(error as Error).message}`, error);
    }
    return writer.take();
  }

  #write(bytes: Uint8Array, sent?: (error?: Error | null) => void): void {
    this.#outgoing.write(bytes, sent && ((error) => sent(error && socketFailed(error))));
  }

  #received(chunk: Buffer): void {
    this.#keepalive?.heard();
    this.#isReceiving = true;
    try {
      this.#splitter.feed(chunk);
      while (!this.#over && this.#splitter.next()) this.#dispatch(this.#splitter.frame);
      this.#incoming.settle();
    } catch (error) {
      this.#broken(error);
    }
    this.#isReceiving = false;
  }

  /** The peer does not keep to the protocol. */
  #broken(error: unknown): void {
    this.#end(error instanceof VirtError ? error : protocolError((error as Error).message, error));
  }

  #dispatch(frame: Frame): void {
    if (frame.type === MESSAGE_TYPE.REPLY) this.#replied(frame, []);
    else if (frame.type === MESSAGE_TYPE.MESSAGE) this.#notified(frame);
    else if (frame.type === MESSAGE_TYPE.STREAM || frame.type === MESSAGE_TYPE.STREAM_HOLE) this.#streams.take(frame);
    else if (frame.type === MESSAGE_TYPE.REPLY_WITH_FDS) this.#repliedWithDescriptors(frame);
    else {
      const { program, version, procedure, type } = frame;
      throw protocolError(`got unexpected RPC call prog ${program} vers ${version} proc ${procedure} type ${type}`);
    }
  }

  #repliedWithDescriptors(message: Frame): void {
    const { count, frame } = descriptorsBehind(message);
    this.#incoming.receive(count, (result) => {
      try {
        if (result instanceof Error) throw result;
        this.#replied(frame, result);
      } catch (error) {
        if (!(result instanceof Error)) closeAll(result);
        this.#broken(error);
      }
    });
  }

  #replied(frame: Frame, descriptors: readonly Descriptor[]): void {
    const pending = this.#pending.take(frame);
    try {
      if (frame.status !== MESSAGE_STATUS.OK) throw this.#errorIn(frame);
      this.#resolve(pending, frame, descriptors);
    } catch (error) {
      closeAll(descriptors);
      this.#streams.drop(frame.serial);
      pending.reject(error as VirtError);
    }
  }

  #resolve(pending: PendingCall, frame: Frame, descriptors: readonly Descriptor[]): void {
    const { entry } = pending;
    const reply = decodeBody(entry.ret, this.#reader, frame);
    if (pending.givenUp) closeAll(descriptors);
    if (entry.stream === undefined)
      pending.resolve(resultWithDescriptors(entry, resultFromWire(entry, reply), descriptors));
    else pending.resolve(streamed(entry, this.#streams.handOver(frame.serial, pending), reply));
  }

  #notified(frame: Frame): void {
    if (!isOf(keepaliveProgram, frame)) this.#messages.dispatch(frame, this.#reader);
    else if (frame.procedure === keepaliveProgram.ping) this.#sendKeepalive(keepaliveProgram.pong);
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
    this.#streams.end(reason);
    this.#messages.clear();
    if (reason === undefined) this.#socket.destroySoon();
    else this.#socket.destroy();
    this.#settleClosed(reason);
  }
}

import type { Socket } from "node:net";
import { TLSSocket } from "node:tls";
import {
  type AccessPolicy,
  type ByteStream,
  type CallContext,
  CLIENT_TRANSPORT,
  type HypervisorConnection,
  type Identity,
  keepaliveProgram,
  type Log,
  VirtError,
} from "@polyvisor/core";
import { type Frame, FrameError, FrameSplitter, MESSAGE_STATUS, MESSAGE_TYPE } from "@polyvisor/sdk/rpc";
import type { Asker } from "../access/authorize.js";
import { EventGate } from "../access/event-gate.js";
import { Login, type LoginClient, type LoginTerms } from "../auth/login.js";
import { type CallLoad, ClientCalls } from "./calls.js";
import { argsOf, entryOf } from "./dispatch.js";
import { notOpen, rpcError } from "./errors.js";
import { EventRegistrations } from "./events.js";
import type { HangUps } from "./hang-ups.js";
import type { HeldMemory, Holder } from "./held-memory.js";
import { ClientWatch, type KeepaliveSettings } from "./keepalive.js";
import type { Linger } from "./linger.js";
import { type Answered, writeError, writeKeepalive } from "./messages.js";
import type { Meter } from "./meter.js";
import { ObjectEventRegistrations } from "./object-events.js";
import { Outbox } from "./outbox.js";
import { isLoginCall } from "./session-calls.js";
import { ServerStream } from "./stream.js";
import { type DispatchTable, tableOf } from "./table.js";
import type { Trace } from "./trace.js";
import type { Turns } from "./turns.js";

/** What every session of a server shares. */
export interface SessionServices {
  /** Opens the URI that a client named; an empty name means the default. */
  openDriver(name: string, context: CallContext): Promise<HypervisorConnection>;
  /** The settings of now. */
  live(): { readonly keepalive: KeepaliveSettings; readonly maxClientRequests: number };
  readonly trace: Trace;
  readonly meter?: Meter;
  /** Without one everything is allowed. */
  readonly policy?: AccessPolicy;
  readonly linger: Linger;
  readonly turns: Turns;
  readonly hangUps: HangUps;
  readonly memory: HeldMemory;
}

/** One client as the server that accepted it knows it. */
export interface ClientInfo {
  /** Unique in the life of a server, counted from 1. */
  readonly id: number;
  readonly identity: Identity;
  /** It came by the read-only socket. */
  readonly readOnly: boolean;
  readonly log: Log;
  /** The address from which it came over a network. */
  readonly peer?: string;
  /** What it has to prove before it may do anything, and whom that concerns once it has. */
  readonly login?: { readonly terms: LoginTerms; known(): void };
}

/** Messages of one client that are worked off before others get their turn. */
const FRAMES_PER_TURN = 64;

/** Why nothing is read from a client for the moment. */
const HOLD = { TURN: 1, CALLS: 2, UNREAD: 4, STREAM: 8 } as const;

type Opening =
  | { readonly state: "closed" }
  | { readonly state: "opening" }
  | { readonly state: "open"; readonly connection: HypervisorConnection };

/** One client's connection: what it sends is cut into messages and dispatched, what goes to it leaves through the outbox. */
export class Session implements Holder, LoginClient {
  readonly id: number;
  /** When it came, in milliseconds since 1970. */
  readonly since = Date.now();
  readonly outbox: Outbox;
  readonly events: EventRegistrations;
  readonly objectEvents: ObjectEventRegistrations;
  readonly gate = new EventGate();
  readonly policy: AccessPolicy | undefined;
  /** Settles once the client is gone and nothing of it is left in a driver. */
  readonly ended: Promise<void>;
  readonly #client: ClientInfo;
  readonly #socket: Socket;
  readonly #services: SessionServices;
  readonly #splitter = new FrameSplitter();
  readonly #calls: ClientCalls;
  readonly #watch: ClientWatch;
  readonly #streams = new Map<number, ServerStream>();
  readonly #fullStreams = new Set<ServerStream>();
  #identity: Identity;
  /** There until the client has proved who it is, where it has to. */
  #login: Login | undefined;
  #log: Log | undefined;
  #opening: Opening = { state: "closed" };
  #readOnly: boolean;
  #holds = 0;
  #lastCallbackId = -1;
  #working = false;
  #closing = false;
  #over = false;

  /** Takes over an accepted socket and begins to read. */
  constructor(socket: Socket, client: ClientInfo, services: SessionServices) {
    this.id = client.id;
    this.#client = client;
    this.#identity = client.identity;
    this.#login = client.login === undefined ? undefined : new Login(client.login.terms, this);
    this.policy = services.policy;
    this.#readOnly = client.readOnly;
    this.#socket = socket;
    this.#services = services;
    this.outbox = new Outbox(
      socket,
      () => services.memory.count(this),
      (unread) => {
        this.log.warn({ unread }, "the client does not read what it is sent; its connection is closed");
        socket.destroy();
      },
      services.meter,
    );
    this.events = new EventRegistrations(this);
    this.objectEvents = new ObjectEventRegistrations(this);
    this.#calls = new ClientCalls(this, services);
    this.#watch = new ClientWatch(services.live().keepalive, this.outbox, () => {
      this.log.info({}, "connection closed due to keepalive timeout");
      socket.destroy();
    });
    this.ended = new Promise((resolve) => socket.once("close", () => resolve(this.#end())));
    socket.on("error", (error) => this.log.debug({ err: error }, "the connection of a client failed"));
    socket.on("drain", () => this.#drained());
    socket.on("data", (chunk: Buffer) => this.#read(chunk));
  }

  /** Most clients come and go without a line in the log, so theirs is made when it is needed. */
  get log(): Log {
    if (this.#log === undefined) {
      const { id, log, peer } = this.#client;
      const { pid, uid, saslName: user, x509Name: certificate } = this.#identity;
      this.#log = log.child({ client: id, pid, uid, peer, user, certificate });
    }
    return this.#log;
  }

  get identity(): Identity {
    return this.#identity;
  }

  /** The login that the client has not finished; `undefined` once it has, and where none is asked. */
  get login(): Login | undefined {
    return this.#login;
  }

  loggedIn(proved: Pick<Identity, "saslName">): void {
    this.#login = undefined;
    this.#identity = { ...this.#identity, ...proved };
    this.#log = undefined;
    this.#client.login?.known();
  }

  get readOnly(): boolean {
    return this.#readOnly;
  }

  get isOpen(): boolean {
    return this.#opening.state === "open";
  }

  /** The driver's connection behind the URI that the client opened. Throws where it has opened none. */
  get connection(): HypervisorConnection {
    if (this.#opening.state !== "open") throw notOpen();
    return this.#opening.connection;
  }

  get asker(): Asker | undefined {
    if (this.policy === undefined || this.#opening.state !== "open") return undefined;
    return { policy: this.policy, identity: this.identity, connection: this.#opening.connection, log: this.log };
  }

  /** How it came: one of `CLIENT_TRANSPORT`. */
  get transport(): number {
    if (this.#client.peer === undefined) return CLIENT_TRANSPORT.UNIX;
    return this.#socket instanceof TLSSocket ? CLIENT_TRANSPORT.TLS : CLIENT_TRANSPORT.TCP;
  }

  /** Address and port of a client that came over a network. */
  get address(): string | undefined {
    return this.#client.peer === undefined ? undefined : `${this.#client.peer}:${this.#socket.remotePort}`;
  }

  /** What the client has opened. */
  get uri(): string | undefined {
    return this.#opening.state === "open" ? this.#opening.connection.uri : undefined;
  }

  get calls(): CallLoad {
    return this.#calls.load;
  }

  get held(): number {
    let held = this.#splitter.held + this.outbox.unread;
    for (const stream of this.#streams.values()) held += stream.waiting;
    return held;
  }

  letGo(): void {
    this.log.warn({ held: this.held }, "clients use too much memory, and this one the most; its connection is closed");
    this.#socket.destroy();
  }

  async open(name: string, readOnly: boolean, context: CallContext): Promise<void> {
    if (this.#opening.state !== "closed")
      throw new VirtError("INTERNAL_ERROR", "connection already open", { domain: "RPC" });
    this.#opening = { state: "opening" };
    const asked: CallContext = readOnly ? { ...contextFields(context), readOnly: true } : context;
    try {
      const connection = await this.#services.openDriver(name, asked);
      this.#opening = { state: "open", connection };
      if (readOnly) this.#readOnly = true;
      void connection.lost?.then(() => this.events.connectionLost());
    } catch (error) {
      this.#opening = { state: "closed" };
      throw error;
    }
  }

  /** The client may not use what it has opened: it may try another URI. */
  async closeDriver(): Promise<void> {
    if (this.#opening.state !== "open") return;
    const { connection } = this.#opening;
    this.#opening = { state: "closed" };
    await connection.close();
  }

  /** The client is done. Its connection is closed once the reply has left. */
  closeAfterReply(): void {
    this.#closing = true;
    // Behind too many other calls even this one waits, and then runs while no messages are worked off.
    if (!this.#working) setImmediate(() => this.shutDown());
  }

  startKeepalive(): void {
    this.#watch.start();
  }

  /** The server shuts down: what has been written still leaves. */
  shutDown(): void {
    this.outbox.flush();
    this.#socket.destroySoon();
  }

  /** The server does not wait for the client any longer. */
  abandon(): void {
    this.#socket.destroy();
  }

  openStream(opened: Answered, bytes: ByteStream): void {
    this.#streams.get(opened.serial)?.abort();
    this.#streams.set(opened.serial, new ServerStream(this, opened, bytes));
  }

  streamFull(stream: ServerStream): void {
    this.#fullStreams.add(stream);
    this.#hold(HOLD.STREAM);
  }

  streamReady(stream: ServerStream): void {
    if (this.#fullStreams.delete(stream) && this.#fullStreams.size === 0) this.#release(HOLD.STREAM);
  }

  streamOver(stream: ServerStream): void {
    if (this.#streams.get(stream.opened.serial) === stream) this.#streams.delete(stream.opened.serial);
    this.streamReady(stream);
  }

  nextCallbackId(): number {
    return ++this.#lastCallbackId;
  }

  callsReady(): void {
    this.#release(HOLD.CALLS);
  }

  #read(chunk: Buffer): void {
    this.#watch.heard();
    this.#services.linger.touch();
    this.#splitter.feed(chunk);
    this.#work();
  }

  /** Works off what has been read, until something holds the client. */
  #work(): void {
    this.#working = true;
    this.outbox.gather();
    try {
      let left = FRAMES_PER_TURN;
      while (this.#holds === 0 && !this.#closing && !this.#over && this.#splitter.next()) {
        this.#take(this.#splitter.frame);
        if (--left === 0) this.#yield();
        if (this.outbox.congested) this.#hold(HOLD.UNREAD);
      }
    } catch (error) {
      this.#refuse(error);
    }
    this.outbox.flush();
    this.#services.memory.count(this);
    this.#working = false;
    if (this.#closing) this.#socket.destroySoon();
    else if (this.#holds !== 0) {
      this.#splitter.hold();
      this.#socket.pause();
      this.#services.hangUps.watch(this.#socket);
    }
  }

  #take(frame: Frame): void {
    const table = tableOf(frame.program, frame.version);
    if (table !== undefined) this.#takeOwn(table, frame);
    else if (frame.program === keepaliveProgram.number && frame.type === MESSAGE_TYPE.MESSAGE)
      this.#takeKeepalive(frame);
    else if (frame.type === MESSAGE_TYPE.CALL)
      writeError(
        this.outbox,
        frame,
        MESSAGE_TYPE.REPLY,
        rpcError(`Cannot find program ${frame.program | 0} version ${frame.version | 0}`),
      );
    else if (frame.type === MESSAGE_TYPE.CALL_WITH_FDS) throw descriptorsRefused();
  }

  #takeOwn(table: DispatchTable, frame: Frame): void {
    if (frame.type === MESSAGE_TYPE.CALL) this.#takeCall(table, frame);
    else if (frame.type === MESSAGE_TYPE.STREAM) this.#takeStreamPacket(frame);
    else if (frame.type === MESSAGE_TYPE.CALL_WITH_FDS) throw descriptorsRefused();
    else if (frame.type === MESSAGE_TYPE.STREAM_HOLE && this.#streams.has(frame.serial))
      throw new FrameError("Unexpected stream hole");
    // Replies and events are ours to send: libvirt ignores a client that sends some, and so does this.
  }

  #takeCall(table: DispatchTable, frame: Frame): void {
    try {
      if (frame.status !== MESSAGE_STATUS.OK) throw rpcError(`Unexpected message status ${frame.status}`);
      const entry = entryOf(table, frame);
      if (this.#login !== undefined && !isLoginCall(entry.name)) throw rpcError("authentication required");
      this.#calls.submit(entry, argsOf(entry, frame), frame.serial);
    } catch (error) {
      if (!(error instanceof VirtError)) throw error;
      writeError(this.outbox, frame, MESSAGE_TYPE.REPLY, error);
    }
    if (this.#calls.full) this.#hold(HOLD.CALLS);
  }

  /** A packet may come after its stream is over, because nobody acknowledges packets: it is dropped. */
  #takeStreamPacket(frame: Frame): void {
    const stream = this.#streams.get(frame.serial);
    if (stream !== undefined && stream.opened.procedure === frame.procedure) stream.take(frame);
  }

  #takeKeepalive(frame: Frame): void {
    const { number, version, ping, pong } = keepaliveProgram;
    if (frame.procedure === ping) writeKeepalive(this.outbox, { program: number, version, procedure: pong });
  }

  #yield(): void {
    this.#hold(HOLD.TURN);
    this.#services.turns.wait(() => this.#release(HOLD.TURN));
  }

  #drained(): void {
    for (const stream of this.#streams.values()) stream.drained();
    this.#release(HOLD.UNREAD);
  }

  #hold(reason: number): void {
    this.#holds |= reason;
  }

  #release(reason: number): void {
    if ((this.#holds & reason) === 0) return;
    this.#holds &= ~reason;
    if (this.#holds !== 0 || this.#working || this.#over) return;
    this.#work();
    if (this.#holds !== 0) return;
    this.#services.hangUps.release(this.#socket);
    this.#socket.resume();
  }

  /** The client does not keep to the protocol, so nothing that follows can be understood. */
  #refuse(error: unknown): void {
    if (error instanceof FrameError)
      this.log.info({ reason: error.message }, "a client broke the protocol; its connection is closed");
    else this.log.error({ err: error }, "a message could not be worked off; its client's connection is closed");
    this.#socket.destroy();
    this.#over = true;
  }

  async #end(): Promise<void> {
    this.#over = true;
    this.#watch.stop();
    this.#services.hangUps.release(this.#socket);
    this.#services.memory.forget(this);
    for (const stream of this.#streams.values()) stream.abort();
    await Promise.all([this.events.end(), this.objectEvents.end(), this.#calls.end()]);
    if (this.#opening.state !== "open") return;
    try {
      await this.#opening.connection.close();
    } catch (error) {
      this.log.warn({ err: error }, "a driver failed to close the connection of a client");
    }
  }
}

/** The getters of a call's context as plain fields, so that one of them can be replaced. */
function contextFields(context: CallContext): CallContext {
  return { identity: context.identity, readOnly: context.readOnly, signal: context.signal, log: context.log };
}

function descriptorsRefused(): FrameError {
  return new FrameError("a call brought file descriptors, which this connection did not offer to take");
}

import type { Socket } from "node:net";
import {
  type AccessPolicy,
  type CallContext,
  CLIENT_TRANSPORT,
  type Descriptor,
  type Host,
  type HypervisorConnection,
  type Identity,
  type Log,
} from "@polyvisor/core";
import { FrameError, FrameSplitter, Incoming } from "@polyvisor/sdk/rpc/wire";
import { Asker } from "../access/asker.js";
import { EventGate } from "../access/event-gate.js";
import type { Login } from "../auth/login.js";
import { countMessage } from "../small-start.js";
import { type CallLoad, ClientCalls } from "./calls.js";
import { EventRegistrations } from "./events.js";
import type { HangUps } from "./hang-ups.js";
import type { HeldMemory, Holder } from "./held-memory.js";
import { ClientWatch, type KeepaliveSettings } from "./keepalive.js";
import type { Linger } from "./linger.js";
import type { CallMeter } from "./meter.js";
import { MonitorEventRegistrations } from "./monitor-events.js";
import { ObjectEventRegistrations } from "./object-events.js";
import { Outbox } from "./outbox.js";
import type { Places } from "./places.js";
import { type ClientInfo, SessionClient } from "./session-client.js";
import { SessionDriver } from "./session-driver.js";
import { takeMessage } from "./session-messages.js";
import { SessionStreams } from "./session-streams.js";
import type { Args, Entry } from "./table.js";
import type { Trace } from "./trace.js";
import type { Turns } from "./turns.js";
import { UnreadWatch } from "./unread-watch.js";

/** What every session of a server shares. */
export interface SessionServices {
  /** Whose plugins clients may look at, and operators manage. */
  readonly host: Pick<Host, "plugins" | "operate">;
  /** Opens the URI that a client named; an empty name means the default. */
  openDriver(name: string, context: CallContext): Promise<HypervisorConnection>;
  /** The settings of now. */
  live(): { readonly keepalive: KeepaliveSettings; readonly maxClientRequests: number };
  readonly places: Places;
  readonly trace: Trace;
  readonly meter?: CallMeter;
  /** Without one everything is allowed. */
  readonly policy?: AccessPolicy;
  readonly linger: Linger;
  readonly turns: Turns;
  readonly hangUps: HangUps;
  readonly memory: HeldMemory;
}

/** Messages of one client that are worked off before others get their turn. */
const FRAMES_PER_TURN = 64;

/** Why nothing is read from a client for the moment. */
const HOLD = { TURN: 1, CALLS: 2, UNREAD: 4, STREAM: 8 } as const;

/** One client's connection: what it sends is cut into messages and dispatched, what goes to it leaves through the outbox. */
export class Session implements Holder {
  readonly client: SessionClient;
  readonly outbox: Outbox;
  readonly policy: AccessPolicy | undefined;
  /** Settles once the client is gone and nothing of it is left in a driver. */
  readonly ended: Promise<void>;
  readonly #socket: Socket;
  readonly #services: SessionServices;
  readonly #splitter = new FrameSplitter();
  readonly #incoming: Incoming;
  readonly #calls: ClientCalls;
  readonly #driver = new SessionDriver();
  // Thousands of clients may be idle: what most of them never need is made when one first does.
  #events: EventRegistrations | undefined;
  #objectEvents: ObjectEventRegistrations | undefined;
  #monitorEvents: MonitorEventRegistrations | undefined;
  #gate: EventGate | undefined;
  #streams: SessionStreams | undefined;
  #watch: ClientWatch | undefined;
  #asker: Asker | undefined;
  #holds = 0;
  #lastCallbackId = -1;
  #working = false;
  #closing = false;
  #over = false;

  /** Takes over an accepted socket and begins to read. */
  constructor(socket: Socket, client: ClientInfo, services: SessionServices) {
    this.client = new SessionClient(socket, client);
    this.policy = services.policy;
    this.#socket = socket;
    this.#services = services;
    this.outbox = new Outbox(socket, new UnreadWatch(this, services.memory), services.meter);
    this.#calls = new ClientCalls(this, services);
    this.ended = new Promise((resolve) => socket.once("close", () => resolve(this.#end())));
    socket.on("error", (error) => this.log.debug({ err: error }, "the connection of a client failed"));
    socket.on("drain", () => this.#drained());
    this.#incoming = new Incoming(socket, this.#splitter, (chunk) => this.#read(chunk));
  }

  get id(): number {
    return this.client.id;
  }

  get log(): Log {
    return this.client.log;
  }

  get identity(): Identity {
    return this.client.identity;
  }

  get login(): Login | undefined {
    return this.client.login;
  }

  get readOnly(): boolean {
    return this.client.readOnly;
  }

  get host(): SessionServices["host"] {
    return this.#services.host;
  }

  get isOpen(): boolean {
    return this.#driver.isOpen;
  }

  /** The driver's connection behind the URI that the client opened. Throws where it has opened none. */
  get connection(): HypervisorConnection {
    return this.#driver.connection;
  }

  /** What the client has opened. */
  get uri(): string | undefined {
    return this.#driver.uri;
  }

  get events(): EventRegistrations {
    this.#events ??= this.#untilEnd(new EventRegistrations(this));
    return this.#events;
  }

  get objectEvents(): ObjectEventRegistrations {
    this.#objectEvents ??= this.#untilEnd(new ObjectEventRegistrations(this));
    return this.#objectEvents;
  }

  get monitorEvents(): MonitorEventRegistrations {
    this.#monitorEvents ??= this.#untilEnd(new MonitorEventRegistrations(this));
    return this.#monitorEvents;
  }

  /** A call that goes on when its client is gone may be the first to register. */
  #untilEnd<R extends { end(): Promise<void> }>(registrations: R): R {
    if (this.#over) void registrations.end();
    return registrations;
  }

  get gate(): EventGate {
    this.#gate ??= new EventGate();
    return this.#gate;
  }

  get streams(): SessionStreams {
    this.#streams ??= new SessionStreams(this.outbox, {
      hold: () => this.#hold(HOLD.STREAM),
      release: () => this.#release(HOLD.STREAM),
    });
    return this.#streams;
  }

  get asker(): Asker | undefined {
    if (this.policy === undefined || !this.isOpen) return undefined;
    const { connection, identity } = this;
    if (this.#asker?.connection !== connection || this.#asker.identity !== identity)
      this.#asker = new Asker(this.policy, connection, this);
    return this.#asker;
  }

  get calls(): CallLoad {
    return this.#calls.load;
  }

  get held(): number {
    return this.#splitter.held + this.outbox.unread + (this.#streams?.waiting ?? 0);
  }

  letGo(): void {
    this.log.warn({ held: this.held }, "clients use too much memory, and this one the most; its connection is closed");
    this.#socket.destroy();
  }

  async open(name: string, readOnly: boolean, context: CallContext): Promise<void> {
    const asked: CallContext = readOnly ? { ...contextFields(context), readOnly: true } : context;
    const { lost } = await this.#driver.open(async () => {
      const connection = await this.#services.openDriver(name, asked);
      if (readOnly) this.client.becomeReadOnly();
      return connection;
    });
    void lost?.then(() => this.#events?.connectionLost());
  }

  /** The client may not use what it has opened: it may try another URI. */
  closeDriver(): Promise<void> {
    return this.#driver.close();
  }

  /** The client is done. Its connection is closed once the reply has left. */
  closeAfterReply(): void {
    this.#closing = true;
    // Behind too many other calls even this one waits, and then runs while no messages are worked off.
    if (!this.#working) setImmediate(() => this.shutDown());
  }

  /** Whether descriptors may come with calls. Where they may, they are taken from here on. */
  offerDescriptors(): boolean {
    // Anybody may come to look, and calls with descriptors change something.
    if (this.client.transport !== CLIENT_TRANSPORT.UNIX || this.readOnly) return false;
    this.#incoming.expectDescriptors();
    if (!this.#working && this.#holds === 0) this.#incoming.settle();
    return true;
  }

  startKeepalive(): void {
    this.#watch ??= new ClientWatch(this.#services.live().keepalive, this.outbox, () => {
      this.log.warn({}, "connection closed due to keepalive timeout");
      this.#socket.destroy();
    });
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

  nextCallbackId(): number {
    return ++this.#lastCallbackId;
  }

  callsReady(): void {
    this.#release(HOLD.CALLS);
  }

  #read(chunk: Buffer): void {
    if (this.#closing || this.#over) return;
    this.#watch?.heard();
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
        takeMessage(this, this.#splitter.frame);
        countMessage();
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
    else if (this.#holds === 0) this.#incoming.settle();
    else {
      this.#splitter.hold();
      this.#incoming.pause();
      this.#services.hangUps.watch(this.#socket);
    }
  }

  /** A call is understood: it runs now or has to wait. */
  submit(entry: Entry, args: Args, serial: number): void {
    this.#calls.submit(entry, args, serial);
    if (this.#calls.full) this.#hold(HOLD.CALLS);
  }

  /** Descriptors follow the message: nothing else of the client is worked off before they are here. */
  receiveDescriptors(count: number, take: (descriptors: readonly Descriptor[]) => void): void {
    this.#incoming.receive(count, (result) => {
      try {
        if (result instanceof Error) throw new FrameError(result.message);
        take(result);
      } catch (error) {
        this.#refuse(error);
      }
    });
  }

  #yield(): void {
    this.#hold(HOLD.TURN);
    this.#services.turns.wait(() => this.#release(HOLD.TURN));
  }

  #drained(): void {
    this.#streams?.drained();
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
    this.#incoming.resume();
  }

  /** The client does not keep to the protocol, so nothing that follows can be understood. */
  #refuse(error: unknown): void {
    if (error instanceof FrameError)
      this.log.warn({ reason: error.message }, "a client broke the protocol; its connection is closed");
    else this.log.error({ err: error }, "a message could not be worked off; its client's connection is closed");
    this.#socket.destroy();
    this.#over = true;
  }

  async #end(): Promise<void> {
    this.#over = true;
    this.#watch?.stop();
    this.#services.hangUps.release(this.#socket);
    this.#services.memory.forget(this);
    this.#streams?.abort();
    await Promise.all([this.#events?.end(), this.#objectEvents?.end(), this.#monitorEvents?.end(), this.#calls.end()]);
    await this.client.end();
    try {
      await this.#driver.close();
    } catch (error) {
      this.log.warn({ err: error }, "a driver failed to close the connection of a client");
    }
  }
}

/** The getters of a call's context as plain fields, so that one of them can be replaced. */
function contextFields(context: CallContext): CallContext {
  return { identity: context.identity, readOnly: context.readOnly, signal: context.signal, log: context.log };
}

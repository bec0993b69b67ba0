import { createServer, type Server, type Socket } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import type { CallContext, Host, HypervisorConnection, Identity, Log } from "@polyvisor/core";
import { descriptorOf } from "@polyvisor/sdk/process";
import { lastDescriptorOfClients } from "../listen/descriptor-room.js";
import { isUnix, type ListenAt, placeName } from "../listen/door.js";
import { startListening } from "../listen/listener.js";
import type { TlsMaterial } from "../listen/tls/files.js";
import type { TlsDoor, TlsTerms } from "../listen/tls/tls-door.js";
import { HangUps } from "./hang-ups.js";
import { HeldMemory } from "./held-memory.js";
import { Linger } from "./linger.js";
import { defaultUris, destinationOf, openFirst } from "./open-uri.js";
import { Places } from "./places.js";
import type { LiveSettings, ServerSettings } from "./server-settings.js";
import { Session, type SessionServices } from "./session.js";
import { Turns } from "./turns.js";
import { openUpstream } from "./upstream.js";

/** A place that is listened on. */
interface Door {
  readonly at: ListenAt;
  readonly tls: TlsDoor | undefined;
}

interface Arrival {
  readonly socket: Socket;
  readonly door: Door;
}

const HELD_BYTES_MAX = 268435456;

/** How long clients that do not read, and calls that do not end, may delay the end of the server. */
const CLOSE_MS = 3000;

/** Clients may come and wait often where there are too many: the log tells of it now and then. */
const CROWD_TOLD_MS = 60_000;

/** Accepts clients, by whichever door, and gives each a session. */
export class SessionServer {
  readonly #host: Host;
  #live: LiveSettings;
  readonly #log: Log;
  readonly #identify: (socket: Socket) => Identity;
  readonly #services: SessionServices;
  readonly #listeners: Server[] = [];
  readonly #doors: Door[] = [];
  readonly #sessions = new Set<Session>();
  readonly #queue: Arrival[] = [];
  #served = 0;
  /** Those of them that have not proved yet who they are. */
  #anonymous = 0;
  /** Known as soon as anybody can come. */
  #lastDescriptor: number | undefined;
  /** Until then nothing more is said of clients that wait. */
  #crowdToldUntil = 0;
  #lastId = 0;

  /** `identify` tells who is at the other end of an accepted socket. */
  constructor(host: Host, settings: ServerSettings, log: Log, identify: (socket: Socket) => Identity) {
    this.#host = host;
    this.#live = settings;
    this.#log = log;
    this.#identify = identify;
    this.#services = {
      host,
      openDriver: (name, context) => this.#openDriver(name, context),
      live: () => this.#live,
      linger: new Linger(),
      turns: new Turns(),
      places: new Places(() => this.#live.maxWorkers ?? Number.POSITIVE_INFINITY),
      hangUps: new HangUps(),
      memory: new HeldMemory(settings.maxHeldBytes ?? HELD_BYTES_MAX),
      trace: settings.trace ?? { on: false },
      ...(settings.meter === undefined ? {} : { meter: settings.meter }),
      ...(settings.policy === undefined ? {} : { policy: settings.policy }),
    };
  }

  /** Clients that are connected now. */
  get clients(): number {
    return this.#sessions.size;
  }

  /** The clients that are connected now, the oldest first. */
  get sessions(): ReadonlySet<Session> {
    return this.#sessions;
  }

  /** Clients that are connected and have not proved yet who they are. */
  get anonymousClients(): number {
    return this.#anonymous;
  }

  /** Whether clients may come by TLS. */
  get hasTls(): boolean {
    return this.#doors.some(({ tls }) => tls !== undefined);
  }

  /** Clients that come by TLS from now on see these certificates. Throws where they are none. */
  renewTls(material: TlsMaterial): void {
    for (const { tls } of this.#doors) tls?.renew(material);
  }

  /** Clients that wait until one leaves. */
  get queuedClients(): number {
    return this.#queue.length;
  }

  get live(): LiveSettings {
    return this.#live;
  }

  /** Clients that are there stay, even where they are more than a new limit allows. */
  adjust(changes: Partial<LiveSettings>): void {
    this.#live = { ...this.#live, ...changes };
    this.#services.places.offer();
    this.#serveQueued();
  }

  /** Rejects where the place cannot be listened on. */
  async listen(at: ListenAt): Promise<void> {
    const door: Door = { at, tls: isUnix(at) ? undefined : await this.#tlsDoor(at, at.tls) };
    const server = createServer({ pauseOnConnect: true, noDelay: true }, (socket) => this.#arrived({ socket, door }));
    this.#listeners.push(server);
    this.#doors.push(door);
    this.#lastDescriptor ??= await lastDescriptorOfClients();
    await startListening(server, at);
    server.on("error", (error) => this.#log.error({ err: error, place: placeName(at) }, "a listener failed"));
  }

  /** The ports that are listened on: where any was asked for, this tells which it is. */
  get ports(): number[] {
    return this.#listeners.flatMap((server) => {
      const address = server.address();
      return address === null || typeof address === "string" ? [] : [address.port];
    });
  }

  /**
   * Stops listening, which removes the sockets, and ends all sessions. Resolves once drivers have let go of them, or after a
   * few seconds: a call that hangs does not keep the daemon from ending.
   */
  async close(): Promise<void> {
    for (const { socket } of this.#queue.splice(0)) socket.destroy();
    for (const { tls } of this.#doors) tls?.close();
    const closed = this.#listeners.map((server) => new Promise((resolve) => server.close(resolve)));
    const sessions = [...this.#sessions];
    for (const session of sessions) session.shutDown();
    const late = delay(CLOSE_MS, "late" as const, { ref: false });
    const outcome = await Promise.race([Promise.all([...closed, ...sessions.map(({ ended }) => ended)]), late]);
    if (outcome !== "late") return;
    this.#log.warn({ clients: this.#sessions.size }, "some clients or their calls did not end; they are left");
    for (const session of this.#sessions) session.abandon();
  }

  #arrived(arrival: Arrival): void {
    if (this.#lastDescriptor !== undefined && descriptorOf(arrival.socket) > this.#lastDescriptor)
      this.#turnAway(arrival, "more clients than this process may open descriptors for (ulimit -n)");
    else if (this.#hasRoomFor(arrival.door)) this.#serve(arrival);
    else if (this.#queue.length < this.#live.maxQueuedClients) this.#enqueue(arrival);
    else {
      this.#turnAway(arrival, "too many clients");
    }
  }

  #turnAway(arrival: Arrival, why: string): void {
    this.#log.warn(this.#crowd(arrival), `${why}; a new one is turned away`);
    arrival.socket.destroy();
  }

  /** For the log: how many there are already, and who comes besides. */
  #crowd({ socket, door: { at } }: Arrival): object {
    const queued = this.#queue.length;
    return {
      clients: this.#served,
      anonymous: this.#anonymous,
      queued,
      door: placeName(at),
      ...this.#whoIs(socket, at),
    };
  }

  /** For the log: a client that has left already is nobody. */
  #whoIs(socket: Socket, at: ListenAt): object {
    try {
      return isUnix(at) ? this.#identify(socket) : { peer: socket.remoteAddress };
    } catch {
      return {};
    }
  }

  /** A limit of 0 for those who have not proved who they are is none, as in libvirt. */
  #hasRoomFor({ at, tls }: Door): boolean {
    const { maxClients, maxAnonymousClients } = this.#live;
    if (this.#served >= maxClients) return false;
    const isAnonymous = tls !== undefined || at.login !== undefined;
    return !isAnonymous || maxAnonymousClients === 0 || this.#anonymous < maxAnonymousClients;
  }

  #enqueue(arrival: Arrival): void {
    const now = performance.now();
    if (now >= this.#crowdToldUntil) {
      this.#crowdToldUntil = now + CROWD_TOLD_MS;
      this.#log.warn(this.#crowd(arrival), "too many clients; a new one waits for its turn");
    }
    this.#queue.push(arrival);
    arrival.socket.on("error", () => {});
    arrival.socket.once("close", () => {
      const index = this.#queue.indexOf(arrival);
      if (index >= 0) this.#queue.splice(index, 1);
    });
  }

  #serve({ socket, door }: Arrival): void {
    let identity: Identity = {};
    try {
      if (isUnix(door.at)) identity = this.#identify(socket);
    } catch (error) {
      this.#log.warn({ err: error }, "a client left before it was known who it is");
      socket.destroy();
      return;
    }
    this.#served++;
    socket.once("close", () => this.#left());
    if (door.tls === undefined) this.#begin(socket, door.at, identity);
    else {
      this.#anonymous++;
      socket.on("error", () => {});
      door.tls.take(socket);
    }
  }

  /** Node's TLS takes some memory, and most daemons serve this machine alone. */
  async #tlsDoor(at: ListenAt, terms: TlsTerms): Promise<TlsDoor> {
    const { TlsDoor } = await import("../listen/tls/tls-door.js");
    return new TlsDoor(terms, {
      admitted: (socket, x509Name) => {
        this.#anonymous--;
        this.#begin(socket, at, x509Name === undefined ? {} : { x509Name });
        this.#serveQueued();
      },
      refused: (reason, peer) => {
        this.#anonymous--;
        this.#log.warn({ reason, peer }, "a client was refused at the TLS door");
        this.#serveQueued();
      },
    });
  }

  #begin(socket: Socket, at: ListenAt, identity: Identity): void {
    const { readOnly, login, isOfHost = false } = at;
    const known = login === undefined ? undefined : this.#countAnonymous(socket, at);
    const session = new Session(
      socket,
      {
        id: ++this.#lastId,
        identity,
        readOnly,
        isHost: isOfHost,
        log: this.#log,
        ...(socket.remoteAddress === undefined ? {} : { peer: socket.remoteAddress }),
        ...(login === undefined || known === undefined ? {} : { login: { terms: login, known } }),
      },
      this.#services,
    );
    this.#sessions.add(session);
    void session.ended.then(() => this.#sessions.delete(session));
    socket.resume();
  }

  /** Answers with what is to be called when the client is known. */
  #countAnonymous(socket: Socket, at: ListenAt): () => void {
    this.#anonymous++;
    const { loginTimeout: seconds = 0 } = this.#live;
    const turnAway = () => {
      this.#log.warn({ seconds, ...this.#whoIs(socket, at) }, "a client has not logged in in time; it is turned away");
      socket.destroy();
    };
    const deadline = seconds > 0 ? setTimeout(turnAway, seconds * 1000).unref() : undefined;
    let counts = true;
    const known = () => {
      if (!counts) return;
      counts = false;
      clearTimeout(deadline);
      this.#anonymous--;
      this.#serveQueued();
    };
    socket.once("close", known);
    return known;
  }

  #left(): void {
    this.#served--;
    this.#serveQueued();
  }

  /** The first in the queue for whom there is room: who has to prove nothing does not wait for those who have. */
  #serveQueued(): void {
    for (;;) {
      const index = this.#queue.findIndex(({ door }) => this.#hasRoomFor(door));
      const [next] = index < 0 ? [] : this.#queue.splice(index, 1);
      if (next === undefined) return;
      this.#serve(next);
    }
  }

  #openDriver(name: string, context: CallContext): Promise<HypervisorConnection> {
    if (name !== "") return this.#openNamed(name, context);
    return openFirst(defaultUris(this.#host, this.#live.uriDefault), (uri) => this.#openNamed(uri, context));
  }

  async #openNamed(name: string, context: CallContext): Promise<HypervisorConnection> {
    const { kind, uri } = destinationOf(name, this.#live.upstreams ?? []);
    if (kind === "here") return this.#host.openDriver(uri, context);
    const ownSockets = this.#doors.flatMap(({ at }) => ("path" in at ? [at.path] : []));
    const hasPolicy = this.#services.policy !== undefined;
    return openUpstream(uri, context, { host: this.#host, ownSockets, hasPolicy });
  }
}

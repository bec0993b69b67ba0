import { createServer, type Server, type Socket } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import type { CallContext, Host, HypervisorConnection, Identity, Log } from "@polyvisor/core";
import { HangUps } from "./hang-ups.js";
import { HeldMemory } from "./held-memory.js";
import type { KeepaliveSettings } from "./keepalive.js";
import { Linger } from "./linger.js";
import type { Meter } from "./meter.js";
import { defaultUris, openFirst, uriOfName } from "./open-uri.js";
import type { Policy } from "./policy.js";
import { Session, type SessionServices } from "./session.js";
import type { Trace } from "./trace.js";
import { Turns } from "./turns.js";

/** What may change while the server serves. */
export interface LiveSettings {
  /** For clients that come from now on. */
  readonly keepalive: KeepaliveSettings;
  /** Clients that are served at a time. */
  readonly maxClients: number;
  /** Clients over that number that may wait until one leaves; any more are turned away. */
  readonly maxQueuedClients: number;
  /** Clients that have not proved yet who they are. */
  readonly maxAnonymousClients: number;
  /** Slow calls of one client that run at a time. */
  readonly maxClientRequests: number;
  /** What a client without a URI gets; by default the first hypervisor found. */
  readonly uriDefault?: string | undefined;
}

export interface ServerSettings extends LiveSettings {
  /** Bytes of messages, incomplete or not taken yet, that the clients may make the daemon hold together. */
  readonly maxHeldBytes?: number;
  /** Counts calls and events where somebody wants to know. */
  readonly meter?: Meter;
  /** Whether every call leaves a line in the log. */
  readonly trace?: Trace;
  readonly policy?: Policy;
}

/** A unix socket to listen on. */
export interface ListenAt {
  readonly path: string;
  readonly mode: number;
  readonly readOnly: boolean;
}

interface Arrival {
  readonly socket: Socket;
  readonly readOnly: boolean;
}

const BACKLOG = 511;

const HELD_BYTES_MAX = 268435456;

/** How long clients that do not read, and calls that do not end, may delay the end of the server. */
const CLOSE_MS = 3000;

/** Accepts clients on unix sockets and gives each a session. */
export class SessionServer {
  readonly #host: Host;
  #live: LiveSettings;
  readonly #log: Log;
  readonly #identify: (socket: Socket) => Identity;
  readonly #services: SessionServices;
  readonly #listeners: Server[] = [];
  readonly #sessions = new Set<Session>();
  readonly #queue: Arrival[] = [];
  #served = 0;
  #lastId = 0;

  /** `identify` tells who is at the other end of an accepted socket. */
  constructor(host: Host, settings: ServerSettings, log: Log, identify: (socket: Socket) => Identity) {
    this.#host = host;
    this.#live = settings;
    this.#log = log;
    this.#identify = identify;
    this.#services = {
      openDriver: (name, context) => this.#openDriver(name, context),
      live: () => this.#live,
      linger: new Linger(),
      turns: new Turns(),
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
    this.#serveQueued();
  }

  /** Rejects where the path cannot be listened on. */
  listen({ path, mode, readOnly }: ListenAt): Promise<void> {
    const server = createServer({ pauseOnConnect: true }, (socket) => this.#arrived({ socket, readOnly }));
    this.#listeners.push(server);
    return new Promise((resolve, reject) => {
      server.once("error", reject);
      server.once("listening", () => {
        server.off("error", reject);
        server.on("error", (error) => this.#log.error({ err: error, path }, "a listener failed"));
        resolve();
      });
      // The socket must never exist with more permissions than it will have; binding happens before listen returns.
      const mask = process.umask(0o777 & ~mode);
      try {
        server.listen({ path, backlog: BACKLOG });
      } finally {
        process.umask(mask);
      }
    });
  }

  /**
   * Stops listening, which removes the sockets, and ends all sessions. Resolves once drivers have let go of them, or after a
   * few seconds: a call that hangs does not keep the daemon from ending.
   */
  async close(): Promise<void> {
    for (const { socket } of this.#queue.splice(0)) socket.destroy();
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
    if (this.#served < this.#live.maxClients) this.#serve(arrival);
    else if (this.#queue.length < this.#live.maxQueuedClients) this.#enqueue(arrival);
    else {
      this.#log.warn({ clients: this.#served }, "too many clients; a new one is turned away");
      arrival.socket.destroy();
    }
  }

  #enqueue(arrival: Arrival): void {
    this.#queue.push(arrival);
    arrival.socket.on("error", () => {});
    arrival.socket.once("close", () => {
      const index = this.#queue.indexOf(arrival);
      if (index >= 0) this.#queue.splice(index, 1);
    });
  }

  #serve({ socket, readOnly }: Arrival): void {
    let identity: Identity;
    try {
      identity = this.#identify(socket);
    } catch (error) {
      this.#log.warn({ err: error }, "a client left before it was known who it is");
      socket.destroy();
      return;
    }
    const session = new Session(socket, { id: ++this.#lastId, identity, readOnly, log: this.#log }, this.#services);
    this.#served++;
    this.#sessions.add(session);
    socket.once("close", () => this.#left());
    void session.ended.then(() => this.#sessions.delete(session));
    socket.resume();
  }

  #left(): void {
    this.#served--;
    this.#serveQueued();
  }

  #serveQueued(): void {
    while (this.#served < this.#live.maxClients) {
      const next = this.#queue.shift();
      if (next === undefined) return;
      this.#serve(next);
    }
  }

  #openDriver(name: string, context: CallContext): Promise<HypervisorConnection> {
    if (name !== "") return this.#host.openDriver(uriOfName(name), context);
    return openFirst(defaultUris(this.#host, this.#live.uriDefault), (uri) => this.#host.openDriver(uri, context));
  }
}

import { createServer, type Server, type Socket } from "node:net";
import type { Identity, Log } from "@polyvisor/core";
import { type AdminCalls, adminCalls, type Managed } from "./handlers.js";
import type { ClientLimits, ManagedServer, Workload } from "./managed.js";
import { AdminSession } from "./session.js";

export interface AdminServerSettings {
  /** Clients that are served at a time. */
  readonly maxClients: number;
  /** What is managed beside this server itself. */
  readonly managed: Managed;
  readonly log: Log;
  /** Who is at the other end of an accepted socket. */
  readonly identify: (socket: Socket) => Identity;
}

/** How long clients that do not read may delay the end of the server. */
const CLOSE_MS = 1000;

/** Serves the admin program on a socket of its own, to the user alone whom the daemon runs as. */
export class AdminServer implements ManagedServer {
  readonly name = "admin";
  /** Who comes by this socket is known by the kernel's word. */
  readonly anonymousClients = 0;
  readonly updateTls = undefined;
  readonly setMostCalls = undefined;
  readonly #settings: AdminServerSettings;
  readonly #calls: AdminCalls;
  readonly #server: Server;
  readonly #sessions = new Set<AdminSession>();
  #limits: ClientLimits;
  #lastId = 0;

  constructor(settings: AdminServerSettings) {
    this.#settings = settings;
    this.#limits = { maxClients: settings.maxClients, maxAnonymousClients: 0 };
    this.#calls = adminCalls({ ...settings.managed, servers: [this, ...settings.managed.servers] });
    this.#server = createServer({ pauseOnConnect: true }, (socket) => this.#arrived(socket));
  }

  get clients(): ReadonlySet<AdminSession> {
    return this.#sessions;
  }

  get limits(): ClientLimits {
    return this.#limits;
  }

  /** A client's calls run one after the other. */
  get workload(): Workload {
    const slow = [...this.#sessions].reduce((sum, { running }) => sum + running, 0);
    return { slow, high: 0, waiting: 0, most: this.#limits.maxClients };
  }

  setLimits(limits: ClientLimits): void {
    this.#limits = limits;
  }

  /** Rejects where the place cannot be listened on. `mode` are the permissions of the socket that is made. */
  listen(place: { readonly path: string; readonly mode: number } | { readonly descriptor: number }): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#server.once("error", reject);
      this.#server.once("listening", () => {
        this.#server.off("error", reject);
        this.#server.on("error", (error) =>
          this.#settings.log.error({ err: error }, "the listener of the admin socket failed"),
        );
        resolve();
      });
      if ("descriptor" in place) {
        this.#server.listen({ fd: place.descriptor });
        return;
      }
      // The socket must never exist with more permissions than it will have; binding happens before listen returns.
      const mask = process.umask(0o777 & ~place.mode);
      try {
        this.#server.listen({ path: place.path });
      } finally {
        process.umask(mask);
      }
    });
  }

  /** Stops listening, which removes the socket, and ends all sessions. */
  async close(): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    for (const session of this.#sessions) session.shutDown();
    const late = setTimeout(() => {
      for (const session of this.#sessions) session.disconnect();
    }, CLOSE_MS);
    await closed;
    clearTimeout(late);
  }

  #arrived(socket: Socket): void {
    const identity = this.#admitted(socket);
    if (identity === undefined) {
      socket.destroy();
      return;
    }
    const session = new AdminSession(socket, { id: ++this.#lastId, identity, log: this.#settings.log }, this.#calls);
    this.#sessions.add(session);
    socket.once("close", () => this.#sessions.delete(session));
    socket.resume();
  }

  #admitted(socket: Socket): Identity | undefined {
    const { log, identify } = this.#settings;
    try {
      const identity = identify(socket);
      if (identity.uid !== process.geteuid?.())
        log.warn({ ...identity }, "the admin socket is for the daemon's own user; a client is turned away");
      else if (this.#sessions.size >= this.#limits.maxClients)
        log.warn({ clients: this.#sessions.size }, "too many clients of the admin socket; a new one is turned away");
      else return identity;
    } catch (error) {
      log.warn({ err: error }, "a client left before it was known who it is");
    }
    return undefined;
  }
}

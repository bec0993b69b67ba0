import { createServer, type Server, Socket } from "node:net";
import type { Log, Program } from "@polyvisor/core";
import { descriptorOf, descriptorOfServer, type PeerCredentials, peerCredentials } from "../process/native.js";
import { type ConnectionTerms, HelperConnection, type SavedConnection } from "./connection.js";
import type { HelperClient, HelperHandlers } from "./handlers.js";

/** What a server answers, and whom it tells of its clients. */
export interface HelperService<Api, State> {
  readonly program: Program & { readonly calls: Api };
  readonly handlers: HelperHandlers<Api, State>;
  /** What is known of a client that has just come. */
  newState(credentials: PeerCredentials): State;
  /** Called once for each connection that has ended, at once: a call of it may still run, which can look at its signal. */
  closed(client: HelperClient<State>): void;
}

/** A server in words that outlive the program. */
export interface SavedServer {
  readonly listener: number;
  readonly lastId: number;
  readonly connections: readonly SavedConnection[];
  /** Descriptors of clients over the limit. */
  readonly waiting: readonly number[];
}

const BACKLOG = 511;

/** How long running calls may keep the program from being changed, in milliseconds. */
const HOLD_MS = 30_000;

/** Serves a table of calls on a unix socket to programs of the same user and of root. */
export class HelperServer<Api, State> {
  readonly #service: HelperService<Api, State>;
  readonly #terms: ConnectionTerms;
  readonly #log: Log;
  readonly #maxClients: number;
  readonly #connections = new Set<HelperConnection>();
  readonly #queue: Socket[] = [];
  #listener: Server | undefined;
  #lastId = 0;

  constructor(service: HelperService<Api, State>, maxClients: number, log: Log) {
    this.#service = service;
    this.#maxClients = maxClients;
    this.#log = log;
    const { program, handlers } = service;
    this.#terms = { program, handlers: handlers as unknown as ConnectionTerms["handlers"], log };
  }

  /** Those who are connected and served. */
  get clients(): readonly HelperClient<State>[] {
    return [...this.#connections] as unknown as HelperClient<State>[];
  }

  /** Listens on a path, with a socket that only this user may open, or on a socket that listens already. */
  listen(at: { readonly path: string } | { readonly fd: number }): Promise<void> {
    const server = createServer({ pauseOnConnect: true }, (socket) => this.#arrived(socket));
    this.#listener = server;
    return new Promise((resolve, reject) => {
      server.once("error", reject);
      server.once("listening", () => {
        server.off("error", reject);
        server.on("error", (error) => this.#log.error({ err: error }, "the listener failed"));
        resolve();
      });
      const mask = process.umask(0o077);
      try {
        server.listen({ ...at, backlog: BACKLOG });
      } finally {
        process.umask(mask);
      }
    });
  }

  /** Serves a connection that somebody else has made, by the number of its descriptor. */
  adopt(descriptor: number): void {
    this.#serve(socketOn(descriptor));
  }

  /** Takes over what `save` of the program before told. */
  async restore({ listener, lastId, connections, waiting }: SavedServer): Promise<void> {
    this.#lastId = lastId;
    for (const { id, descriptor, credentials, state, unread } of connections)
      this.#begin(socketOn(descriptor), { id, credentials }, state, Buffer.from(unread, "base64"));
    for (const descriptor of waiting) this.#arrived(socketOn(descriptor));
    await this.listen({ fd: listener });
  }

  /** Begins no further calls, and waits for those that run. False where one takes too long: then all goes on as before. */
  async hold(): Promise<boolean> {
    const late = new Promise<false>((resolve) => setTimeout(resolve, HOLD_MS, false).unref());
    const idle = Promise.all([...this.#connections].map((connection) => connection.hold())).then(() => true);
    if (await Promise.race([idle, late])) return true;
    this.release();
    return false;
  }

  release(): void {
    for (const connection of this.#connections) connection.release();
  }

  /** Called when it is held. No turn of the event loop may follow but the end of this program. */
  save(): SavedServer {
    if (this.#listener === undefined) throw new Error("the server does not listen");
    const connections = [...this.#connections].filter(({ signal }) => !signal.aborted).map((each) => each.save());
    return {
      listener: descriptorOfServer(this.#listener),
      lastId: this.#lastId,
      connections,
      waiting: this.#queue.filter(({ destroyed }) => !destroyed).map(descriptorOf),
    };
  }

  /** The descriptors that `save` names. */
  static descriptorsOf({ listener, connections, waiting }: SavedServer): number[] {
    return [listener, ...connections.map(({ descriptor }) => descriptor), ...waiting];
  }

  /** Stops listening, which removes the socket, and closes all connections. */
  close(): void {
    this.#listener?.close();
    for (const socket of this.#queue) socket.destroy();
    for (const connection of this.#connections) connection.destroy();
  }

  /** Over the limit a client waits until another leaves, as with libvirt. */
  #arrived(socket: Socket): void {
    if (this.#connections.size < this.#maxClients) {
      this.#serve(socket);
      return;
    }
    this.#log.warn({ clients: this.#connections.size }, "too many clients: a new one waits");
    this.#queue.push(socket);
    socket.on("error", () => {});
    socket.once("close", () => {
      const index = this.#queue.indexOf(socket);
      if (index >= 0) this.#queue.splice(index, 1);
    });
  }

  #serve(socket: Socket): void {
    try {
      const credentials = peerCredentials(socket);
      if (credentials.uid !== 0 && credentials.uid !== process.geteuid?.())
        throw new Error(`user ${credentials.uid} may not connect`);
      this.#begin(socket, { id: ++this.#lastId, credentials }, this.#service.newState(credentials));
    } catch (error) {
      this.#log.warn({ why: (error as Error).message }, "a client is turned away");
      socket.destroy();
    }
  }

  #begin(
    socket: Socket,
    who: { readonly id: number; readonly credentials: PeerCredentials },
    state: unknown,
    unread?: Buffer,
  ): void {
    const connection = new HelperConnection(socket, this.#terms, who, state);
    this.#connections.add(connection);
    connection.signal.addEventListener("abort", () => {
      this.#connections.delete(connection);
      this.#service.closed(connection as unknown as HelperClient<State>);
      const next = this.#queue.shift();
      if (next !== undefined && !next.destroyed) this.#serve(next);
    });
    connection.start(unread);
  }
}

function socketOn(fd: number): Socket {
  return new Socket({ fd, readable: true, writable: true });
}

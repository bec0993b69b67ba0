import net from "node:net";

/** libvirt's range for displays. */
const FIRST = 5900;
const LAST = 65535;
const WEBSOCKET_FIRST = 5700;

/** Gives TCP ports to guests: those that no guest of ours has and that nobody else listens on. */
export class PortAllocator {
  readonly #taken = new Set<number>();

  /** A port for a display; `undefined` where none is free. */
  display(): Promise<number | undefined> {
    return this.#acquire(FIRST, LAST);
  }

  websocket(): Promise<number | undefined> {
    return this.#acquire(WEBSOCKET_FIRST, LAST);
  }

  /** Keeps a port that a running guest has. */
  reserve(port: number): void {
    this.#taken.add(port);
  }

  release(ports: Iterable<number>): void {
    for (const port of ports) this.#taken.delete(port);
  }

  /** The port is taken before it is tried, so that two starts never try the same one. */
  async #acquire(first: number, last: number): Promise<number | undefined> {
    for (let port = first; port <= last; port++) {
      if (this.#taken.has(port)) continue;
      this.#taken.add(port);
      if (await isFree(port)) return port;
      this.#taken.delete(port);
    }
    return undefined;
  }
}

/** Whether a port can be bound on any address, of both families where the host has both. */
async function isFree(port: number): Promise<boolean> {
  return (await canBind(port, "0.0.0.0")) && (await canBind(port, "::"));
}

function canBind(port: number, host: string): Promise<boolean> {
  return new Promise((resolve) => {
    const server = net.createServer();
    server.once("error", (error: NodeJS.ErrnoException) =>
      resolve(error.code !== "EADDRINUSE" && error.code !== "EACCES"),
    );
    server.listen({ port, host, ipv6Only: true, exclusive: true }, () => server.close(() => resolve(true)));
  });
}

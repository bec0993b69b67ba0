import { createServer } from "node:net";
import { bhyveError } from "../errors.js";

const FIRST = 5900;
const LAST = 65_535;

/** The ports on which guests' screens listen. */
export class VncPorts {
  readonly #used = new Set<number>();

  /** The lowest port that nobody has, neither a guest nor anybody else. */
  async acquire(): Promise<number> {
    for (let port = FIRST; port <= LAST; port++) {
      if (this.#used.has(port)) continue;
      this.#used.add(port);
      if (await isFree(port)) return port;
      this.#used.delete(port);
    }
    throw bhyveError("INTERNAL_ERROR", "Unable to find an unused port in range 'display' (5900-65535)");
  }

  /** A guest has it, whoever chose it. */
  take(port: number): void {
    this.#used.add(port);
  }

  release(port: number): void {
    this.#used.delete(port);
  }
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => resolve(false));
    server.listen({ port, host: "0.0.0.0", exclusive: true }, () => server.close(() => resolve(true)));
  });
}

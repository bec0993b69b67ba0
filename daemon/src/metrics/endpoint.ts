import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { Log } from "@polyvisor/core";
import type { Registry } from "prom-client";
import type { MetricsPlace } from "./place.js";

/** Readers at a time: there is seldom more than one. */
const CONNECTIONS_MAX = 16;

/** Serves metrics to whoever reads them on this machine, at `/metrics`. */
export class MetricsEndpoint {
  readonly #registry: Registry;
  readonly #log: Log;
  readonly #server: Server;

  constructor(registry: Registry, log: Log) {
    this.#registry = registry;
    this.#log = log;
    this.#server = createServer((request, response) => void this.#answer(request, response));
    this.#server.maxConnections = CONNECTIONS_MAX;
  }

  /** Rejects where the place cannot be listened on. `mode` are the permissions of a socket. */
  listen(place: MetricsPlace, mode: number): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#server.once("error", reject);
      this.#server.once("listening", () => {
        this.#server.off("error", reject);
        this.#server.on("error", (error) => this.#log.error({ err: error }, "the listener of the metrics failed"));
        resolve();
      });
      // The socket must never exist with more permissions than it will have; binding happens before listen returns.
      const mask = process.umask(0o777 & ~mode);
      try {
        this.#server.listen(place);
      } finally {
        process.umask(mask);
      }
    });
  }

  close(): Promise<void> {
    return new Promise((resolve) => {
      this.#server.close(() => resolve());
      this.#server.closeAllConnections();
    });
  }

  async #answer({ method, url }: IncomingMessage, response: ServerResponse): Promise<void> {
    if (url?.split("?")[0] !== "/metrics") {
      response.writeHead(404).end("the metrics are at /metrics\n");
      return;
    }
    if (method !== "GET" && method !== "HEAD") {
      response.writeHead(405, { allow: "GET, HEAD" }).end();
      return;
    }
    try {
      const text = await this.#registry.metrics();
      response.writeHead(200, { "content-type": this.#registry.contentType }).end(text);
    } catch (error) {
      this.#log.error({ err: error }, "the metrics could not be collected");
      response.writeHead(500).end();
    }
  }
}

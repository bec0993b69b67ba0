import { type HypervisorConnection, VirtError } from "@polyvisor/core";
import { notOpen } from "./errors.js";

type Opening =
  | { readonly state: "closed" }
  | { readonly state: "opening" }
  | { readonly state: "open"; readonly connection: HypervisorConnection };

/** The driver's connection that a client opens: one in its life, unless it was refused. */
export class SessionDriver {
  #opening: Opening = { state: "closed" };

  get isOpen(): boolean {
    return this.#opening.state === "open";
  }

  /** The driver's connection behind the URI that the client opened. Throws where it has opened none. */
  get connection(): HypervisorConnection {
    if (this.#opening.state !== "open") throw notOpen();
    return this.#opening.connection;
  }

  /** What the client has opened. */
  get uri(): string | undefined {
    return this.#opening.state === "open" ? this.#opening.connection.uri : undefined;
  }

  async open(opener: () => Promise<HypervisorConnection>): Promise<HypervisorConnection> {
    if (this.#opening.state !== "closed")
      throw new VirtError("INTERNAL_ERROR", "connection already open", { domain: "RPC" });
    this.#opening = { state: "opening" };
    try {
      const connection = await opener();
      this.#opening = { state: "open", connection };
      return connection;
    } catch (error) {
      this.#opening = { state: "closed" };
      throw error;
    }
  }

  /** After this another URI may be opened. */
  async close(): Promise<void> {
    if (this.#opening.state !== "open") return;
    const { connection } = this.#opening;
    this.#opening = { state: "closed" };
    await connection.close();
  }
}

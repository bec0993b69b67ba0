import { type CallContext, createHost, type Host, type HypervisorConnection, type Uri } from "@polyvisor/core";
import { wayTo } from "./wire-name.js";

/** The package whose dependencies have a client of daemons. */
const PACKAGE = new URL("../..", import.meta.url);

/**
 * Opens connections across a process boundary, with the plugin that is the client of daemons: a host of its own finds it by
 * its manifest, and lets it tell whom each connection is for.
 */
export class WireClient {
  #host: Promise<Host> | undefined;

  /** Opens a URI at a private socket for the client that the context tells of. */
  async open(socket: string, uri: Uri, context: CallContext): Promise<HypervisorConnection> {
    this.#host ??= createHost({ dependenciesOf: PACKAGE.pathname, speaksForClients: true });
    return (await this.#host).openDriver(wayTo(socket, uri), context);
  }

  async close(): Promise<void> {
    await (await this.#host)?.close();
  }
}

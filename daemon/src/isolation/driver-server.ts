import type { CallContext, Host, HypervisorConnection, Log, Uri } from "@polyvisor/core";
import { peerCredentials } from "@polyvisor/sdk/process";
import { SessionServer } from "../rpc/server.js";
import type { ServerSettings } from "../rpc/server-settings.js";
import { uriInWireName } from "./wire-name.js";

/** Clients are limited by the host that they come through. */
const UNLIMITED: ServerSettings = {
  keepalive: { interval: 0, count: 0 },
  maxClients: Number.MAX_SAFE_INTEGER,
  maxQueuedClients: 0,
  maxAnonymousClients: 0,
  maxClientRequests: Number.MAX_SAFE_INTEGER,
};

/** What is opened by the private socket. */
export interface Opener {
  readonly info: Host["info"];
  openDriver(uri: Uri, context: CallContext): Promise<HypervisorConnection>;
}

/** Serves drivers to the other side of a process boundary by libvirt's protocol: a connection for each of its clients. */
export class DriverServer {
  readonly #server: SessionServer;

  constructor({ info, openDriver }: Opener, log: Log) {
    const host: Pick<Host, "info" | "plugins" | "openDriver"> = {
      info,
      plugins: () => [],
      openDriver: async (name, context) => openDriver(uriInWireName(name), context),
    };
    this.#server = new SessionServer(host as Host, UNLIMITED, log, peerCredentials);
  }

  /** The socket is for the user who runs this alone. */
  async listen(path: string): Promise<void> {
    await this.#server.listen({ path, mode: 0o600, readOnly: false, isOfHost: true });
  }

  close(): Promise<void> {
    return this.#server.close();
  }
}

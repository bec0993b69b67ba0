import { dirname, join } from "node:path";
import type { Host } from "@polyvisor/core";
import { peerCredentials } from "@polyvisor/sdk/process";
import { makeFolders } from "@polyvisor/sdk/store";
import type { RulesFile } from "../access/rules/index.js";
import { AdminServer } from "../admin/server.js";
import { managedSessions } from "../admin/session-server.js";
import { Reloader } from "../config/reload.js";
import type { Settings } from "../config/schema.js";
import type { LogCentre } from "../log/centre.js";
import type { MetricsEndpoint } from "../metrics/endpoint.js";
import type { Meter } from "../rpc/meter.js";
import type { SessionServer } from "../rpc/server.js";
import type { Activated } from "./activation.js";
import { tlsMaterial } from "./doors.js";
import { countGuests } from "./guests.js";
import { IdleTimeout } from "./idle.js";
import type { Locations } from "./locations.js";
import { checkSocketPath } from "./sockets.js";
import { SettingError } from "./start-error.js";

export interface Operated {
  readonly locations: Locations;
  readonly settings: Settings;
  /** Whether the configuration file was asked for by name. */
  readonly configRequired: boolean;
  readonly host: Host;
  readonly server: SessionServer;
  readonly centre: LogCentre;
  readonly admin: AdminPlace | undefined;
  /** What has counted the server's calls, where metrics are wanted. */
  readonly meter: Meter | undefined;
  /** The access rules, where there are any. */
  readonly rules: RulesFile | undefined;
}

/** Where the admin program is served: on a socket to make, or on one that a service manager has made. */
export type AdminPlace = { readonly path: string; readonly mode: number } | { readonly descriptor: number };

/** A service manager that made sockets decides whether there is one. Throws a `StartError` where no socket can be made. */
export function adminPlace(locations: Locations, settings: Settings, activated: Activated): AdminPlace | undefined {
  const descriptor = activated.get("admin");
  if (descriptor !== undefined) return { descriptor };
  if (activated.size > 0) return undefined;
  const path = join(settings.unix_sock_dir ?? locations.paths.run, "libvirt-admin-sock");
  checkSocketPath(path);
  return { path, mode: settings.unix_sock_admin_perms };
}

/** The unix sockets that are made for operators. */
export function operatorSockets(settings: Settings, admin: AdminPlace | undefined): string[] {
  return [admin, settings.metrics_listen].flatMap((place) =>
    place !== undefined && "path" in place ? [place.path] : [],
  );
}

/** What a daemon is operated by, beside the doors of its clients: the admin socket, metrics, reloads, its end when idle. */
export class Operations {
  readonly #operated: Operated;
  readonly #idle: IdleTimeout;
  readonly #admin: AdminServer;
  readonly #reloader: Reloader;
  #metrics: MetricsEndpoint | undefined;

  constructor(operated: Operated) {
    const { locations, settings, host, server, centre, rules } = operated;
    this.#operated = operated;
    this.#idle = new IdleTimeout({
      hasClients: () => server.clients + this.#admin.clients.size > 0,
      hasGuests: async () => (await countGuests(host, centre.log)) > 0,
    });
    this.#admin = new AdminServer({
      maxClients: settings.admin_max_clients,
      managed: {
        servers: [managedSessions(server, () => tlsMaterial(locations, settings))],
        log: centre,
        setTimeout: (seconds) => this.#idle.set(seconds),
      },
      log: centre.log,
      identify: peerCredentials,
    });
    this.#reloader = new Reloader(locations.configFile, operated.configRequired, settings, {
      server,
      centre,
      rules,
    });
  }

  /** Resolves when the daemon has been without work for as long as it was told to stay then. */
  get idle(): Promise<void> {
    return this.#idle.reached;
  }

  /** Rejects where something cannot be listened on. */
  async listen(): Promise<void> {
    const { admin } = this.#operated;
    if (admin !== undefined) {
      if ("path" in admin) await makeFolders(dirname(admin.path));
      await this.#admin.listen(admin);
    }
    await this.#serveMetrics();
  }

  /** What serves metrics is read only where metrics are wanted. */
  async #serveMetrics(): Promise<void> {
    const { settings, server, meter, centre } = this.#operated;
    const place = settings.metrics_listen;
    if (place === undefined || meter === undefined) return;
    const [{ metricsRegistry }, { MetricsEndpoint }] = await Promise.all([
      import("../metrics/collectors.js"),
      import("../metrics/endpoint.js"),
    ]);
    this.#metrics = new MetricsEndpoint(metricsRegistry({ server, meter }), centre.log);
    try {
      if ("path" in place) await makeFolders(dirname(place.path));
      await this.#metrics.listen(place, settings.unix_sock_ro_perms);
    } catch (error) {
      throw new SettingError("metrics_listen", (error as Error).message, "does something else listen there?");
    }
  }

  /** Reads the settings again. Never rejects. */
  reload(): Promise<void> {
    return this.#reloader.reload();
  }

  async close(): Promise<void> {
    this.#idle.stop();
    await Promise.all([this.#admin.close(), this.#metrics?.close()]);
  }
}

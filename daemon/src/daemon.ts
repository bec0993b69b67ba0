import { readFile } from "node:fs/promises";
import { createHost, type Host, type HostInfo, type Log, silentLog } from "@polyvisor/core";
import { peerCredentials } from "@polyvisor/sdk/process";
import { loadSettings } from "./config/load.js";
import type { Settings } from "./config/schema.js";
import { placeName } from "./listen/door.js";
import { defaultUris } from "./rpc/open-uri.js";
import { SessionServer } from "./rpc/server.js";
import { takeActivated } from "./startup/activation.js";
import { claim } from "./startup/claim.js";
import { doorsOf } from "./startup/doors.js";
import { type Locations, locationsOf } from "./startup/locations.js";
import { openLog } from "./startup/log.js";
import type { Options } from "./startup/options.js";
import { listenOn, socketPath } from "./startup/sockets.js";
import { isInPath, pluginTable, readyWords } from "./startup/words.js";

/** The folder of this package: its dependencies are the plugins that come with the daemon. */
const PACKAGE = new URL("..", import.meta.url);

interface Prepared {
  readonly locations: Locations;
  readonly settings: Settings;
  readonly log: Log;
  readonly host: Host;
}

/** A daemon that serves. */
export interface RunningDaemon {
  /** What to tell the person who started it. */
  readonly words: string;
  readonly sockets: readonly string[];
  readonly log: Log;
  /** Ends all sessions, closes the drivers and removes sockets and pid file. Guests stay as they are. */
  close(): Promise<void>;
}

export async function daemonVersion(): Promise<string> {
  return (JSON.parse(await readFile(new URL("package.json", PACKAGE), "utf8")) as { version: string }).version;
}

/** The table of `--plugins`. Claims nothing, so that it works beside a running daemon. */
export async function describePlugins(options: Options): Promise<string> {
  const { host } = await prepare(options, silentLog);
  try {
    return pluginTable(await host.probe());
  } finally {
    await host.close();
  }
}

/** Starts a daemon and resolves once clients can connect. Throws a `StartError` for what the person who starts it can mend. */
export async function startDaemon(options: Options): Promise<RunningDaemon> {
  const { locations, settings, log, host } = await prepare(options);
  const doors = await doorsOf(locations, settings, takeActivated());
  const sockets = doors.sockets.map(({ path }) => path);
  const claimed = await claim(locations.pidFile, sockets);
  const server = new SessionServer(host, serverSettings(settings), log, peerCredentials);
  const close = async () => {
    try {
      await server.close();
      await host.close();
    } finally {
      await claimed.release();
    }
  };
  try {
    await host.start();
    await listenOn(server, doors.all, settings);
  } catch (error) {
    await close();
    throw error;
  }
  const words = await readiness(host, settings, socketPath(locations, settings, ""));
  log.info({ pid: process.pid, doors: doors.all.map(placeName) }, "ready");
  return { words, sockets, log, close };
}

/** Without a log it is the one that the settings ask for. */
async function prepare(options: Options, givenLog?: Log): Promise<Prepared> {
  const mode: HostInfo["mode"] = process.getuid?.() === 0 ? "system" : "session";
  const locations = locationsOf(options, mode);
  const settings = await loadSettings(locations.configFile, options.config !== undefined);
  const log = givenLog ?? (await openLog(settings.log_level, settings.log_outputs));
  const host = await createHost({
    mode,
    paths: locations.paths,
    log,
    dependenciesOf: PACKAGE.pathname,
    pluginFolders: settings.plugin_folders,
  });
  return { locations, settings, log, host };
}

function serverSettings(settings: Settings): ConstructorParameters<typeof SessionServer>[1] {
  return {
    keepalive: { interval: settings.keepalive_interval, count: settings.keepalive_count },
    maxClients: settings.max_clients,
    maxQueuedClients: settings.max_queued_clients,
    maxAnonymousClients: settings.max_anonymous_clients,
    maxClientRequests: settings.max_client_requests,
    ...(settings.uri_default === undefined ? {} : { uriDefault: settings.uri_default }),
  };
}

async function readiness(host: Host, settings: Settings, socket: string): Promise<string> {
  return readyWords({
    version: await daemonVersion(),
    pid: process.pid,
    plugins: host.plugins(),
    socket,
    defaultUri: defaultUris(host, settings.uri_default)[0] ?? "test:///default",
    hasVirsh: await isInPath("virsh"),
    hasCli: await isInPath("polyvisor"),
  });
}

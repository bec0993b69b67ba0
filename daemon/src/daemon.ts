import { readFile } from "node:fs/promises";
import {
  ChoiceError,
  createHost,
  type HeldEntries,
  type Host,
  type HostInfo,
  type Log,
  silentLog,
} from "@polyvisor/core";
import { claim, peerCredentials } from "@polyvisor/sdk/process";
import { type Access, accessOf } from "./access/drivers.js";
import type { PolkitAuthority } from "./auth/polkit.js";
import { PolkitOnBus } from "./auth/polkit-bus.js";
import { hostUuidOf } from "./config/host-uuid.js";
import { liveSettings, logFault, logSettings, rulesPath } from "./config/live.js";
import { inPlace, loadSettings } from "./config/load.js";
import { pluginSettings } from "./config/plugin-settings.js";
import { keyOfContract, providersIn, usualProviders } from "./config/provider-keys.js";
import type { Settings } from "./config/schema.js";
import { tellWithoutEffect } from "./config/without-effect.js";
import { placeName } from "./listen/door.js";
import { LogCentre } from "./log/centre.js";
import { Meter } from "./rpc/meter.js";
import { knownUri } from "./rpc/open-uri.js";
import { SessionServer } from "./rpc/server.js";
import { takeActivated } from "./startup/activation.js";
import { doorsOf } from "./startup/doors.js";
import { isolationOf, tellUnknown } from "./startup/isolated.js";
import { type Locations, locationsOf } from "./startup/locations.js";
import { adminPlace, Operations, operatorSockets } from "./startup/operations.js";
import type { Options } from "./startup/options.js";
import { listenOn, makeSocketFolder, socketPath } from "./startup/sockets.js";
import { SettingError } from "./startup/start-error.js";
import { isInPath, pluginTable, readyWords } from "./startup/words.js";

/** The folder of this package: its dependencies are the plugins that come with the daemon. */
const PACKAGE = new URL("..", import.meta.url);

interface Configuration {
  readonly mode: HostInfo["mode"];
  readonly locations: Locations;
  readonly settings: Settings;
}

/** A daemon that serves. */
export interface RunningDaemon {
  /** What to tell the person who started it. */
  readonly words: string;
  readonly sockets: readonly string[];
  readonly log: Log;
  /** Resolves when the daemon was told to end after a time without work, and that has come. */
  readonly idle: Promise<void>;
  /** Reads the settings again and takes over what may change while it runs. Never rejects. */
  reload(): Promise<void>;
  /** Ends all sessions, closes the drivers and removes sockets and pid file. Guests stay as they are. */
  close(): Promise<void>;
}

export async function daemonVersion(): Promise<string> {
  return (JSON.parse(await readFile(new URL("package.json", PACKAGE), "utf8")) as { version: string }).version;
}

/** The table of `--plugins`. Claims nothing, so that it works beside a running daemon. */
export async function describePlugins(options: Options, held?: HeldEntries): Promise<string> {
  const host = await hostOf(await configurationOf(options), silentLog, held);
  try {
    return pluginTable(await host.probe());
  } finally {
    await host.close();
  }
}

/**
 * Starts a daemon and resolves once clients can connect. `held` is given by a program that is bundled with plugins. Throws a
 * `StartError` for what the person who starts it can mend.
 */
export async function startDaemon(options: Options, held?: HeldEntries): Promise<RunningDaemon> {
  const configuration = await configurationOf(options);
  try {
    return await startConfigured(configuration, options, held);
  } catch (error) {
    throw await inPlace(error, configuration.locations.configFile);
  }
}

async function startConfigured(
  configuration: Configuration,
  options: Options,
  held: HeldEntries | undefined,
): Promise<RunningDaemon> {
  const centre = await LogCentre.open(logSettings(configuration.settings)).catch(logFault);
  tellWithoutEffect(configuration.settings, centre.log);
  const host = await hostOf(configuration, centre.log, held);
  try {
    return await serveHost(host, centre, configuration, options);
  } catch (error) {
    // Processes of plugins would keep this one.
    await host.close();
    throw error;
  }
}

/** Rejects with nothing left of the daemon but its host. */
async function serveHost(
  host: Host,
  centre: LogCentre,
  configuration: Configuration,
  options: Options,
): Promise<RunningDaemon> {
  const { locations, settings } = configuration;
  const { log } = centre;
  const authority = new PolkitOnBus();
  const access = await accessIn(configuration, host, authority, log);
  const activated = takeActivated();
  const doors = await doorsOf(locations, settings, activated, { host, log, authority });
  const admin = adminPlace(locations, settings, activated);
  const sockets = doors.sockets.map(({ path }) => path);
  const claimed = await claim(locations.pidFile, [...sockets, ...operatorSockets(settings, admin)]);
  const meter = settings.metrics_listen === undefined ? undefined : new Meter();
  const { policy, rules } = access;
  const terms = {
    ...liveSettings(settings),
    trace: centre.trace,
    ...(policy && { policy }),
    ...(meter && { meter }),
  };
  const server = new SessionServer(host, terms, log, peerCredentials);
  const configRequired = options.config !== undefined;
  const operations = new Operations({ locations, settings, configRequired, host, server, centre, admin, meter, rules });
  const close = async () => {
    try {
      await operations.close();
      await server.close();
      await host.close();
    } finally {
      await claimed.release();
    }
  };
  try {
    await makeSocketFolder(locations, settings);
    await host.start();
    await listenOn(server, doors.all, settings);
    await operations.listen();
  } catch (error) {
    await close();
    throw error;
  }
  const words = await readiness(host, settings, socketPath(locations, settings, ""));
  log.info({ pid: process.pid, doors: doors.all.map(placeName) }, "ready");
  return { words, sockets, log, idle: operations.idle, reload: () => operations.reload(), close };
}

async function configurationOf(options: Options): Promise<Configuration> {
  const mode: HostInfo["mode"] = process.getuid?.() === 0 ? "system" : "session";
  const locations = locationsOf(options, mode);
  return { mode, locations, settings: await loadSettings(locations.configFile, options.config !== undefined) };
}

async function hostOf(
  { mode, locations, settings }: Configuration,
  log: Log,
  heldEntries: HeldEntries | undefined,
): Promise<Host> {
  const uuid = await hostUuidOf(settings);
  const host = await createHost({
    mode,
    paths: locations.paths,
    log,
    ...(uuid && { uuid }),
    dependenciesOf: PACKAGE.pathname,
    plugins: settings.plugins,
    pluginFolders: settings.plugin_folders,
    disabledPlugins: settings.disabled_plugins,
    pluginConfiguration: () => pluginSettings(locations.paths.config),
    use: providersIn(settings),
    useApplicable: usualProviders(mode),
    isolation: isolationOf(settings),
    warmUp: true,
    ...(heldEntries && { heldEntries }),
  }).catch(asStartError);
  tellUnknown(settings, host, log);
  return host;
}

/** A provider that the settings name and that is not there is a fault of the settings. */
function asStartError(error: unknown): never {
  if (!(error instanceof ChoiceError)) throw error;
  throw new SettingError(keyOfContract(error.contract), error.detail, error.hint);
}

/** What the settings say of access. */
function accessIn(
  { settings, locations }: Configuration,
  host: Host,
  authority: PolkitAuthority,
  log: Log,
): Promise<Access> {
  const parts = { host, authority, log, rulesPath: rulesPath(settings, locations.configFile) };
  return accessOf(settings.access_drivers, parts);
}

async function readiness(host: Host, settings: Settings, socket: string): Promise<string> {
  return readyWords({
    version: await daemonVersion(),
    pid: process.pid,
    plugins: host.plugins(),
    socket,
    uri: knownUri(host, settings.uri_default),
    hasVirsh: await isInPath("virsh"),
    hasCli: await isInPath("polyvisor"),
  });
}

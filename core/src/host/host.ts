import "reflect-metadata";
import { readFile } from "node:fs/promises";
import { container, type DependencyContainer } from "tsyringe";
import {
  type CallContext,
  type ContractMap,
  type ContractName,
  HOST_INFO,
  type HostInfo,
  type HostPaths,
  type HypervisorConnection,
  type HypervisorDriver,
  LOG,
  type Log,
} from "../contracts/index.js";
import { VirtError } from "../errors/index.js";
import { type ConfigurationGiven, discover, type Offer } from "../pluggable-loader/index.js";
import { formatUri, parseUri, type Uri } from "../uri.js";
import { watched } from "./answers.js";
import { hintFor, noDriverHint, tellFaults, withClaims } from "./claims.js";
import { Connection } from "./connection.js";
import { defaultContext } from "./context.js";
import { IdleWork } from "./idle-work.js";
import type { Isolation, PluginSupervisor } from "./isolation.js";
import { silentLog } from "./log.js";
import { makePlugins } from "./make-plugins.js";
import { MANIFEST_KEY, MANIFEST_KEYS } from "./manifest-keys.js";
import { defaultPaths } from "./paths.js";
import { type Plugin, type PluginStatus, splitManifests, statusOfBad } from "./registry.js";

export interface HostOptions {
  /** Whether the whole machine is managed or what belongs to one user; by default the former for root. */
  readonly mode?: HostInfo["mode"];
  /** Where files are kept; by default Polyvisor's own folders for the mode. */
  readonly paths?: HostPaths;
  readonly log?: Log;
  /** The host's UUID; by default the firmware's. */
  readonly uuid?: string;
  /** The folder of the package whose dependencies are looked through for plugins. */
  readonly dependenciesOf?: string;
  /** Plugins by package name or absolute folder. They come first, in this order, where several plugins claim the same. */
  readonly plugins?: readonly string[];
  /** Folders that hold plugins. They come before those of `dependenciesOf`. */
  readonly pluginFolders?: readonly string[];
  /** Names of plugins that take no part. */
  readonly disabledPlugins?: readonly string[];
  /** What the operator has set for plugins, by their names; checked by the schemas of their manifests. */
  readonly pluginConfiguration?: Readonly<Record<string, ConfigurationGiven>>;
  /** Drivers that are in use get their code ready in idle moments, so that the first calls are as fast as later ones: for daemons. */
  readonly warmUp?: boolean;
  /** See `HostInfo.speaksForClients`. */
  readonly speaksForClients?: boolean;
  /** Which plugins run in processes of their own, and how; none without it. */
  readonly isolation?: Isolation;
}

/** The contracts that this core knows. */
const CONTRACTS: readonly ContractName[] = [
  "hypervisor.v1",
  "security.v1",
  "lock.v1",
  "log.v1",
  "policy.v1",
  "auth.v1",
];

/** Everything that the daemon is, but for sockets: plugins, drivers and connections in this process. */
export interface Host extends AsyncDisposable {
  readonly info: HostInfo;
  /** What has been found, and how each plugin is. Imports nothing. */
  plugins(): readonly PluginStatus[];
  /** Imports every plugin and asks it whether this host has anything for it. */
  probe(): Promise<readonly PluginStatus[]>;
  /** Starts the drivers that keep state (`"stateful": true` in the manifest), so that guests of an earlier run are found again. */
  start(): Promise<void>;
  /**
   * Opens a URI for a person or program: connection, domain and event objects. A scheme that no driver here has is looked for
   * at the daemons of this machine, or of the URI's host.
   */
  open(uri: string, options?: Partial<CallContext>): Promise<Connection>;
  /** Opens a URI for a daemon: the driver's handlers. Only a URI that names a transport leads to another daemon. */
  openDriver(uri: Uri, context: CallContext): Promise<HypervisorConnection>;
  /**
   * A plugin's implementation of a contract, by the plugin's name: imported and made at the first call. Rejects where the
   * plugin is not there, does not provide it or cannot be used.
   */
  provider<C extends ContractName>(contract: C, plugin: string): Promise<ContractMap[C]>;
  /** What watches over the process of an isolated plugin; `undefined` for any other. */
  supervisor(plugin: string): PluginSupervisor | undefined;
  /** Closes the drivers; guests stay as they are. */
  close(): Promise<void>;
}

/** Finds plugins and makes a host of them. Nothing is imported until a URI needs it. */
export async function createHost(options: HostOptions = {}): Promise<Host> {
  const mode = options.mode ?? (process.getuid?.() === 0 ? "system" : "session");
  const { uuid } = options;
  const info: HostInfo = {
    mode,
    paths: options.paths ?? defaultPaths(mode),
    ...(uuid && { uuid }),
    ...(options.speaksForClients && { speaksForClients: true }),
  };
  const log = options.log ?? silentLog;
  const root = container.createChildContainer();
  root.registerInstance(HOST_INFO as symbol, info);
  root.registerInstance(LOG as symbol, log);
  const found = splitManifests(
    await discover({
      key: MANIFEST_KEY,
      keys: MANIFEST_KEYS,
      explicit: options.plugins ?? [],
      folders: options.pluginFolders ?? [],
      ...(options.dependenciesOf === undefined ? {} : { dependenciesOf: options.dependenciesOf }),
    }),
  );
  const versions = { "@polyvisor/core": await coreVersion(), node: process.versions.node };
  const offer: Offer = { versions, contracts: CONTRACTS };
  const plugins = await makePlugins(found.good, options, { info, log, root, offer });
  tellFaults(found.bad, plugins, log);
  return new PluginHost(info, log, root, plugins, found.bad.map(statusOfBad), options.warmUp ?? false);
}

class PluginHost implements Host {
  readonly info: HostInfo;
  readonly #log: Log;
  readonly #root: DependencyContainer;
  readonly #plugins: readonly Plugin[];
  readonly #bad: readonly PluginStatus[];
  readonly #starts = new Map<Plugin, Promise<void>>();
  readonly #warm = new Set<Plugin>();
  readonly #idleWork: IdleWork | undefined;
  #closed = false;

  constructor(
    info: HostInfo,
    log: Log,
    root: DependencyContainer,
    plugins: readonly Plugin[],
    bad: readonly PluginStatus[],
    warmUp: boolean,
  ) {
    this.info = info;
    this.#log = log;
    this.#root = root;
    this.#plugins = plugins;
    this.#bad = bad;
    if (warmUp) this.#idleWork = new IdleWork();
  }

  plugins(): readonly PluginStatus[] {
    return [...withClaims(this.#plugins), ...this.#bad];
  }

  async probe(): Promise<readonly PluginStatus[]> {
    await Promise.all(this.#plugins.map((plugin) => plugin.probe()));
    return this.plugins();
  }

  async start(): Promise<void> {
    const stateful = this.#plugins.filter(
      (plugin) => plugin.manifest.section.stateful === true && plugin.provides("hypervisor.v1"),
    );
    await Promise.all(
      stateful.map(async (plugin) => {
        if ((await plugin.probe()).state !== "enabled") return;
        try {
          await this.#started(plugin);
        } catch (error) {
          this.#log.error({ plugin: plugin.name, err: error }, "a driver failed to start");
        }
      }),
    );
  }

  async open(uri: string, options: Partial<CallContext> = {}): Promise<Connection> {
    const context = defaultContext(this.#log, options);
    return new Connection(await this.openDriver(this.#reachable(parseUri(uri)), context), context);
  }

  async openDriver(uri: Uri, context: CallContext): Promise<HypervisorConnection> {
    if (this.#closed) throw new VirtError("OPERATION_INVALID", "the host is closed");
    const plugin = this.#pluginFor(uri);
    if (plugin === undefined)
      throw new VirtError("NO_CONNECT", formatUri(uri), { hint: noDriverHint(uri.scheme, this.#plugins) });
    let driver: Awaited<ReturnType<typeof plugin.get<"hypervisor.v1">>>;
    try {
      driver = await plugin.get("hypervisor.v1");
    } catch (error) {
      throw new VirtError("NO_CONNECT", `${formatUri(uri)}: ${(error as Error).message}`, {
        hint: hintFor(plugin, this.#drivers(), uri.scheme),
        cause: error,
      });
    }
    await this.#started(plugin);
    const connection = await driver.open(uri, context);
    this.#warmUp(plugin, driver);
    return watched(connection, plugin.name);
  }

  async provider<C extends ContractName>(contract: C, plugin: string): Promise<ContractMap[C]> {
    const there = this.#plugins.filter((each) => each.enabled && each.provides(contract));
    const found = there.find(({ name }) => name === plugin);
    if (found !== undefined) return found.get(contract);
    throw new VirtError("CONFIG_UNSUPPORTED", `no plugin ${plugin} provides ${contract}`, {
      hint: there.length === 0 ? `no plugin here provides ${contract}` : `these do: ${there.map(({ name }) => name)}`,
    });
  }

  supervisor(plugin: string): PluginSupervisor | undefined {
    return this.#plugins.find(({ name }) => name === plugin)?.supervisor;
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#idleWork?.stop();
    await Promise.all(this.#plugins.map((plugin) => plugin.dispose()));
    await this.#root.dispose();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** A scheme without a driver here, as a daemon's client would take it: a host means TLS, none the daemon of this machine. */
  #reachable(uri: Uri): Uri {
    if (uri.transport !== undefined || this.#pluginFor(uri) !== undefined) return uri;
    const byClient: Uri = { ...uri, transport: uri.server === undefined ? "unix" : "tls" };
    return this.#pluginFor(byClient) === undefined ? uri : byClient;
  }

  /**
   * A transport means another daemon; else the scheme's own driver is meant. A transport that no client has goes to one all
   * the same, because it can say which transports there are.
   */
  #pluginFor({ scheme, transport }: Uri): Plugin | undefined {
    const drivers = this.#drivers().filter(({ enabled }) => enabled);
    if (transport === undefined) return drivers.find((plugin) => plugin.schemes.includes(scheme));
    const clients = drivers.filter((plugin) => plugin.transports.length > 0);
    return clients.find((plugin) => plugin.transports.includes(transport)) ?? clients[0];
  }

  #drivers(): Plugin[] {
    return this.#plugins.filter((plugin) => plugin.provides("hypervisor.v1"));
  }

  #warmUp(plugin: Plugin, driver: HypervisorDriver): void {
    if (this.#idleWork === undefined || this.#warm.has(plugin)) return;
    this.#warm.add(plugin);
    if (driver.warmUp !== undefined) this.#idleWork.add(driver.warmUp());
  }

  async #started(plugin: Plugin): Promise<void> {
    let started = this.#starts.get(plugin);
    if (started === undefined) {
      started = plugin.get("hypervisor.v1").then((driver) => driver.start?.());
      this.#starts.set(plugin, started);
    }
    await started;
  }
}

async function coreVersion(): Promise<string> {
  const text = await readFile(new URL("../../package.json", import.meta.url), "utf8");
  return (JSON.parse(text) as { version: string }).version;
}

import "reflect-metadata";
import { readFile } from "node:fs/promises";
import { container, type DependencyContainer } from "tsyringe";
import {
  type CallContext,
  CONTRACTS,
  type ContractMap,
  type ContractName,
  type Driver,
  HOST_INFO,
  HOST_SERVICES,
  type HostInfo,
  type HostServices,
  type HypervisorConnection,
  LOG,
  type Log,
  SUB_CONTRACTS,
  type SubContract,
} from "../contracts/index.js";
import { VirtError } from "../errors/index.js";
import { discover, type Offer } from "../pluggable-loader/index.js";
import { formatUri, parseUri, type Uri } from "../uri.js";
import { watched } from "./answers.js";
import { hintFor, noDriverHint, providersHint, tellFaults, withClaims } from "./claims.js";
import { composed, standalone } from "./compose.js";
import { Connection } from "./connection.js";
import { defaultContext } from "./context.js";
import { ContractSet } from "./contract-set.js";
import { IdleWork } from "./idle-work.js";
import type { DriverContract, Host, HostOptions } from "./interface.js";
import type { PluginSupervisor } from "./isolation.js";
import { silentLog } from "./log.js";
import { configurationNow, makePlugins } from "./make-plugins.js";
import { MANIFEST_RULES } from "./manifest-keys.js";
import { type PluginOperations, PluginOperator } from "./operate.js";
import { defaultPaths } from "./paths.js";
import { type Plugin, type PluginStatus, splitManifests, statusOfBad } from "./registry.js";
import { Services } from "./services.js";

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
      ...MANIFEST_RULES,
      explicit: options.plugins ?? [],
      folders: options.pluginFolders ?? [],
      ...(options.dependenciesOf === undefined ? {} : { dependenciesOf: options.dependenciesOf }),
    }),
  );
  const versions = { "@polyvisor/core": await coreVersion(), node: process.versions.node };
  const contracts = new ContractSet([...CONTRACTS, ...(options.contracts ?? [])]);
  const offer: Offer = { versions, contracts: contracts.ids };
  const made: { host?: Host } = {};
  const parts = { info, log, root, offer, contracts, host: () => made.host as Host };
  const plugins = await makePlugins(found.good, options, parts);
  const bad = found.bad.map(statusOfBad);
  const host = new PluginHost(options, { info, log, root, plugins, offer, contracts, bad });
  tellFaults(found.bad, plugins, host.services.preferred, log);
  root.registerInstance(HOST_SERVICES as symbol, options.services ?? host.services);
  made.host = host;
  return host;
}

interface HostParts {
  readonly info: HostInfo;
  readonly log: Log;
  readonly root: DependencyContainer;
  readonly plugins: readonly Plugin[];
  readonly offer: Offer;
  readonly contracts: ContractSet;
  readonly bad: readonly PluginStatus[];
}

class PluginHost implements Host {
  readonly info: HostInfo;
  readonly #log: Log;
  readonly #root: DependencyContainer;
  readonly #plugins: readonly Plugin[];
  readonly #bad: readonly PluginStatus[];
  readonly services: Services;
  readonly operate: PluginOperations;
  readonly #starts = new Map<string, Promise<void>>();
  readonly #warm = new Set<Driver<unknown>>();
  readonly #idleWork: IdleWork | undefined;
  #closed = false;

  /** Throws a `ChoiceError` where a provider is chosen that is not there. */
  constructor(options: HostOptions, { info, log, root, plugins, offer, contracts, bad }: HostParts) {
    const { use = {}, useApplicable = {}, warmUp } = options;
    this.info = info;
    this.#log = log;
    this.#root = root;
    this.#plugins = plugins;
    this.#bad = bad;
    if (warmUp) this.#idleWork = new IdleWork();
    this.services = new Services({
      ...{ plugins, contracts, use, useApplicable, info, log },
      started: (plugin, contract) => this.#started(plugin, contract),
      opened: (driver) => this.#warmUp(driver),
    });
    this.operate = new PluginOperator({
      ...{ plugins, offer },
      configurationOf: (manifest) => configurationNow(options, manifest),
      startAgain: (plugin) => this.#startAgain(plugin),
    });
  }

  plugins(): readonly PluginStatus[] {
    return [...withClaims(this.#plugins, this.services.preferred), ...this.#bad];
  }

  async probe(): Promise<readonly PluginStatus[]> {
    await Promise.all(this.#plugins.map((plugin) => plugin.probe()));
    return this.plugins();
  }

  async start(): Promise<void> {
    const stateful = this.#plugins.filter((plugin) => plugin.manifest.section.stateful === true);
    await Promise.all(
      stateful.map(async (plugin) => {
        const contracts = this.#driversOf(plugin);
        if (contracts.length === 0 || (await plugin.probe()).state !== "enabled") return;
        for (const contract of contracts) await this.#startQuietly(plugin, contract);
      }),
    );
  }

  async #startAgain(plugin: Plugin): Promise<void> {
    for (const contract of this.#driversOf(plugin)) {
      const key = `${plugin.name} ${contract}`;
      await this.#starts.get(key)?.catch(() => this.#starts.delete(key));
      await this.#startQuietly(plugin, contract);
    }
  }

  connect: HostServices["connect"] = (contract, identity) => this.services.connect(contract, identity);
  connectAll: HostServices["connectAll"] = (contract, identity) => this.services.connectAll(contract, identity);

  async open(uri: string, options: Partial<CallContext> = {}): Promise<Connection> {
    const context = defaultContext(this.#log, options);
    return new Connection(await this.openDriver(this.#reachable(parseUri(uri)), context), context);
  }

  async openDriver(uri: Uri, context: CallContext): Promise<HypervisorConnection> {
    if (this.#closed) throw new VirtError("OPERATION_INVALID", "the host is closed");
    const plugin = this.#pluginFor(uri);
    const part = plugin === undefined && uri.transport === undefined ? this.#subDriverOf(uri) : undefined;
    if (part !== undefined) return this.#openPart(uri, part, context);
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
    await this.#started(plugin, "hypervisor.v1");
    const connection = await driver.open(uri, context);
    this.#warmUp(driver);
    return composed(watched(connection, plugin.name), (contract) => this.services.routeTo(contract, context));
  }

  /** A URI such as `network:///system`, which no driver of a hypervisor has. */
  async #openPart(uri: Uri, contract: SubContract, context: CallContext): Promise<HypervisorConnection> {
    const right = this.services.uriOf(contract);
    if (uri.path !== parseUri(right).path)
      throw new VirtError("INTERNAL_ERROR", `unexpected ${uri.scheme} URI path '${uri.path}', try ${right}`);
    const route = this.services.routeTo(contract, context);
    if (route === undefined) throw new VirtError("NO_CONNECT", formatUri(uri));
    return standalone(right, contract, route);
  }

  async provider<C extends ContractName>(contract: C, plugin: string): Promise<ContractMap[C]> {
    return this.#providerOf(contract, plugin).get(contract);
  }

  async startDriver(contract: DriverContract, plugin: string): Promise<void> {
    await this.#started(this.#providerOf(contract, plugin), contract);
  }

  #providerOf(contract: ContractName, plugin: string): Plugin {
    const there = this.#plugins.filter((each) => each.enabled && each.provides(contract));
    const found = there.find(({ name }) => name === plugin);
    if (found !== undefined) return found;
    throw new VirtError("CONFIG_UNSUPPORTED", `no plugin ${plugin} provides ${contract}`, {
      hint: providersHint(contract, plugin, this.#plugins),
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
    if (this.#subDriverOf(uri) !== undefined) return uri;
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

  /** The contract that a URI's scheme names, where it is one that a plugin here provides. */
  #subDriverOf({ scheme, server }: Uri): SubContract | undefined {
    const contract = SUB_CONTRACTS.find((id) => id.split(".")[0] === scheme);
    return contract !== undefined && server === undefined && this.services.providers(contract).length > 0
      ? contract
      : undefined;
  }

  #drivers(): Plugin[] {
    return this.#plugins.filter((plugin) => plugin.provides("hypervisor.v1"));
  }

  #warmUp(driver: Driver<unknown>): void {
    if (this.#idleWork === undefined || this.#warm.has(driver)) return;
    this.#warm.add(driver);
    if (driver.warmUp !== undefined) this.#idleWork.add(driver.warmUp());
  }

  /** What of a plugin is in use here: its hypervisors, and those of its sub-drivers that no other plugin's are preferred to. */
  #driversOf(plugin: Plugin): DriverContract[] {
    const parts = SUB_CONTRACTS.filter((contract) => this.services.providers(contract)[0] === plugin);
    return [...parts, ...(plugin.provides("hypervisor.v1") ? (["hypervisor.v1"] as const) : [])];
  }

  async #startQuietly(plugin: Plugin, contract: DriverContract): Promise<void> {
    try {
      await this.#started(plugin, contract);
    } catch (error) {
      this.#log.error({ plugin: plugin.name, contract, err: error }, "a driver failed to start");
    }
  }

  async #started(plugin: Plugin, contract: DriverContract): Promise<void> {
    const key = `${plugin.name} ${contract}`;
    let started = this.#starts.get(key);
    if (started === undefined) {
      started = plugin.get(contract).then((driver: Driver<unknown>) => driver.start?.());
      this.#starts.set(key, started);
    }
    await started;
  }
}

async function coreVersion(): Promise<string> {
  const text = await readFile(new URL("../../package.json", import.meta.url), "utf8");
  return (JSON.parse(text) as { version: string }).version;
}

import type {
  CallContext,
  Contract,
  ContractMap,
  ContractName,
  HostInfo,
  HostPaths,
  HostServices,
  HypervisorConnection,
  Log,
  SubContract,
} from "../contracts/index.js";
import type { Uri } from "../uri.js";
import type { Connection } from "./connection.js";
import type { PluginSupervisor } from "./isolation.js";
import type { PluginChoices } from "./make-plugins.js";
import type { PluginOperations } from "./operate.js";
import type { PluginStatus } from "./registry.js";
import type { ProviderChoice } from "./services.js";

export interface HostOptions extends PluginChoices {
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
  /** Drivers that are in use get their code ready in idle moments, so that the first calls are as fast as later ones: for daemons. */
  readonly warmUp?: boolean;
  /** See `HostInfo.speaksForClients`. */
  readonly speaksForClients?: boolean;
  /**
   * The plugins that provide a contract to others, by the contract's name: `{ "lock.v1": "sanlock", "security.v1": ["dac"] }`.
   * A sub-driver (`network.v1` and its like) that is not named is the first that a plugin provides; of the others there is none.
   */
  readonly use?: ProviderChoice;
  /**
   * The same for contracts of which `use` says nothing: those of the plugins that are there and can be used on this host, which
   * is found out when the contract is first asked for. Not for sub-drivers.
   */
  readonly useApplicable?: ProviderChoice;
  /** Contracts of the embedder's own, beside those of this core. */
  readonly contracts?: readonly Contract[];
  /** What plugins get as `HOST_SERVICES`, where this host is a part of another one. */
  readonly services?: HostServices;
}

/** Everything that the daemon is, but for sockets: plugins, drivers and connections in this process. */
export interface Host extends HostServices, AsyncDisposable {
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
  /** Starts a plugin's driver, as the first connection to it would: once, however often. Rejects as `provider` does. */
  startDriver(contract: DriverContract, plugin: string): Promise<void>;
  /** What an operator may do to plugins while the host runs. */
  readonly operate: PluginOperations;
  /** What watches over the process of an isolated plugin; `undefined` for any other. */
  supervisor(plugin: string): PluginSupervisor | undefined;
  /** Closes the drivers; guests stay as they are. */
  close(): Promise<void>;
}

/** Contracts whose providers are drivers. */
export type DriverContract = "hypervisor.v1" | SubContract;

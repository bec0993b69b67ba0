import type {
  ContractMap,
  ContractName,
  HostInfo,
  HostServices,
  Log,
  MaybePromise,
  PluginConfig,
} from "../contracts/index.js";
import type { Manifest } from "../pluggable-loader/index.js";
import type { Host } from "./interface.js";

/**
 * How far the process of an isolated plugin has come. `stopped`: none runs, and none is wanted. `waiting`: it has ended by
 * itself and is started again after a pause. `broken`: it ended too often, or can never run; it stays so until an operator
 * starts or replaces it.
 */
export type SupervisorState = "stopped" | "starting" | "running" | "draining" | "waiting" | "broken";

export interface SupervisorStatus {
  readonly state: SupervisorState;
  /** The version of the plugin that runs, or that would. */
  readonly version: string;
  /** The folder of its package. */
  readonly folder: string;
  readonly pid: number | undefined;
  /** How often it has ended by itself since the host's start. */
  readonly crashes: number;
  /** Why it ended last, or why it cannot run; empty where there is nothing to say. */
  readonly message: string;
}

/** The process of one isolated plugin, and what stands in for the plugin here. */
export interface PluginSupervisor {
  readonly status: SupervisorStatus;
  /**
   * What stands in for the plugin's implementation of a contract: it stays the same while processes come and go. Its first
   * use starts the process. Never imports the plugin's code.
   */
  provider<C extends ContractName>(contract: C): Promise<ContractMap[C]>;
  /**
   * Called by an operator's command: starts the process where none runs, and forgets earlier crashes. Resolves once the plugin
   * has found its state again; rejects with why it cannot run.
   */
  start(): Promise<void>;
  /**
   * No call begins any more: new ones wait. Resolves once those that ran have ended; after `deadline` milliseconds they are
   * cancelled. `start`, `stop` or `replace` follows.
   */
  drain(deadline?: number): Promise<void>;
  /** Drains, then ends the process. Clients' connections are lost, calls fail, guests run on. Idempotent. */
  stop(deadline?: number): Promise<void>;
  /** Drains, ends the process and starts the plugin from another manifest, or from the same one anew. */
  replace(manifest: Manifest, deadline?: number): Promise<void>;
  /** Called once, when the host closes: ends the process for good. */
  close(): Promise<void>;
}

/** What a supervisor takes from the host that it works for. */
export interface IsolationHost {
  readonly info: HostInfo;
  readonly log: Log;
  /**
   * What the operator has set for the plugin, checked by the schema of this manifest: asked before each start of a process, which
   * injects it as `PLUGIN_CONFIG`. Rejects with a `PluginError`.
   */
  configurationOf(manifest: Manifest): Promise<PluginConfig>;
  /** What the plugin may ask its host for. There once the host is made, which is before any process is started. */
  services(): HostServices & Pick<Host, "openDriver">;
}

/** Decides which plugins run in a process of their own, and runs them there. `@polyvisor/daemon` has one. */
export interface Isolation {
  /** Asked once for each plugin, when the host is made. */
  isolates(manifest: Manifest): boolean;
  supervise(manifest: Manifest, host: IsolationHost): MaybePromise<PluginSupervisor>;
}

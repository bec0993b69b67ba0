import { type DependencyContainer, injectable } from "tsyringe";
import {
  type ContractMap,
  type ContractName,
  type Driver,
  LOG,
  type Log,
  PLUGIN_CONFIG,
  type PluginConfig,
  type PluginProviders,
  type Probed,
} from "../contracts/index.js";
import {
  type BadManifest,
  checkNeeds,
  type HeldEntries,
  importEntry,
  isBad,
  type Manifest,
  type Mismatch,
  type Offer,
  PluginError,
  type PluginProblem,
} from "../pluggable-loader/index.js";
import type { ContractSet, Source } from "./contract-set.js";
import type { PluginSupervisor, SupervisorStatus } from "./isolation.js";

/**
 * How far a plugin has come. `found`: nothing has needed it yet. `enabled`: its code is loaded, or runs in a process of its
 * own. `disabled`: by the operator. `inapplicable` is no fault: this host has nothing for it to drive. `incompatible`: it and
 * this host are of different ages. `broken`: manifest, configuration or code are at fault.
 */
export type PluginState = "found" | "enabled" | "disabled" | "inapplicable" | "incompatible" | "broken";

/** A line of `polyvisord --plugins`. */
export interface PluginStatus {
  readonly name: string;
  readonly version: string;
  /** Of its package. */
  readonly folder: string;
  readonly contracts: readonly string[];
  readonly schemes: readonly string[];
  readonly state: PluginState;
  /** Milliseconds that the import and the first probe took. */
  readonly loadTime: number | undefined;
  /** What it found, or what is wrong. */
  readonly message: string;
  /** What keeps it from being used; each problem has a page (`pageOf`). */
  readonly problem?: PluginProblem;
  /** Of an incompatible one. */
  readonly mismatch?: Mismatch;
  /** What an operator should know besides: keys of the manifest that nobody knows, what another plugin claims too. */
  readonly notes: readonly string[];
  /** There where the plugin runs in a process of its own. */
  readonly isolated?: SupervisorStatus;
}

/** What a plugin gets from its host. */
export interface PluginParts {
  readonly parent: DependencyContainer;
  readonly offer: Offer;
  readonly contracts: ContractSet;
  readonly held: HeldEntries;
  readonly log: Log;
  /** What the operator has set for it, or what is wrong with that. */
  readonly configuration: PluginConfig | PluginError;
  /** The same, looked up again. Rejects with a `PluginError`. */
  configurationOf(manifest: Manifest): Promise<PluginConfig>;
  readonly disabled: boolean;
  /** There where the plugin runs in a process of its own. */
  readonly supervisor: PluginSupervisor | undefined;
}

/** One plugin in a host: its manifest, a container of its own, and the objects that its container made. */
export class Plugin {
  readonly name: string;
  #manifest: Manifest;
  #configuration: PluginConfig | PluginError;
  #state: PluginState = "found";
  #message = "";
  #problem: PluginError | undefined;
  #loadTime: number | undefined;
  #container: DependencyContainer | undefined;
  #classes: Promise<PluginProviders> | undefined;
  readonly #instances = new Map<ContractName, Promise<unknown>>();
  readonly #parts: PluginParts;
  /** There where the plugin runs in a process of its own: its code is never imported here. */
  readonly supervisor: PluginSupervisor | undefined;

  constructor(manifest: Manifest, parts: PluginParts) {
    this.name = manifest.name;
    this.#manifest = manifest;
    this.#configuration = parts.configuration;
    this.supervisor = parts.supervisor;
    this.#parts = parts;
    if (parts.disabled) this.#disable();
    else this.#check();
  }

  /** Changes only where the plugin is replaced. */
  get manifest(): Manifest {
    return this.#manifest;
  }

  get schemes(): readonly string[] {
    return stringsOf(this.manifest.section.schemes);
  }

  /** The transports whose URIs this plugin opens, whatever their scheme: only the client of other daemons has any. */
  get transports(): readonly string[] {
    return stringsOf(this.manifest.section.transports);
  }

  get status(): PluginStatus {
    const isolated = this.supervisor?.status;
    const isBroken = isolated?.state === "broken";
    const { problem = isBroken ? "PLUGIN_PROCESS_BROKEN" : undefined, mismatch } = this.#problem ?? {};
    return {
      name: this.name,
      version: isolated?.version ?? this.manifest.version,
      folder: isolated?.folder ?? this.manifest.folder,
      contracts: this.manifest.contracts,
      schemes: this.schemes,
      state: isBroken ? "broken" : this.#state,
      loadTime: this.#loadTime,
      message: isBroken ? isolated.message : this.#message,
      notes: this.manifest.remarks,
      ...(problem && { problem }),
      ...(mismatch && { mismatch }),
      ...(isolated && { isolated }),
    };
  }

  /** Whether the operator lets it take part: a disabled plugin claims nothing. */
  get enabled(): boolean {
    return this.#state !== "disabled";
  }

  /** Whether its code is in this process, where it stays. */
  get isLoaded(): boolean {
    return this.supervisor === undefined && this.#classes !== undefined;
  }

  /** Called by an operator's command: takes it out. Whoever asks for it from now on hears that it is disabled. */
  forbid(): void {
    this.#disable();
  }

  /** Called by an operator's command: lets it take part again, with the settings of now. Rejects where it cannot be used. */
  async permit(): Promise<void> {
    if (this.isLoaded && this.#problem === undefined) return;
    this.#configuration = await this.#parts.configurationOf(this.manifest).catch(asPluginError);
    this.#problem = undefined;
    this.#message = "";
    this.#state = "found";
    // Stand-ins stay the same; what was refused is asked for again.
    this.#instances.clear();
    this.#classes = undefined;
    const problem = this.#check();
    if (problem !== undefined) throw problem;
  }

  /** Called by an operator's command, once the process of its supervisor runs from this manifest. */
  succeed(manifest: Manifest): void {
    this.#manifest = manifest;
  }

  /** Whether it does, in this or another major that the host can make this one of. */
  provides(contract: ContractName): boolean {
    return this.#sourceOf(contract) !== undefined;
  }

  /** The plugin's implementation of a contract: imported, made and started at the first call. */
  get<C extends ContractName>(contract: C): Promise<ContractMap[C]> {
    if (this.#problem !== undefined) return Promise.reject(this.#problem);
    let instance = this.#instances.get(contract) as Promise<ContractMap[C]> | undefined;
    if (instance === undefined) {
      instance = this.#make(contract);
      this.#instances.set(contract, instance);
    }
    return instance;
  }

  /** Whether the plugin has been asked for an implementation of the contract. */
  uses(contract: ContractName): boolean {
    return this.#instances.has(contract);
  }

  /** Imports the plugin and asks it whether this host has anything for it. Never throws: the status tells. */
  async probe(): Promise<PluginStatus> {
    if (this.#problem !== undefined) return this.status;
    try {
      const { contracts } = this.#parts;
      if (this.supervisor !== undefined) await this.get(this.manifest.contracts[0] as ContractName);
      const classes = await this.#load();
      const asked = this.manifest.contracts.filter((id) => contracts.isDriver(id) || isProbed(classes, id));
      for (const contract of asked) await this.get(contract as ContractName);
    } catch {
      // The status already says what is wrong.
    }
    return this.status;
  }

  async dispose(): Promise<void> {
    for (const [contract, instance] of this.#instances) {
      if (!this.#isOwnDriver(contract)) continue;
      // Why one could not be made was told to whoever asked for it.
      const driver = (await Promise.resolve(instance).catch(() => undefined)) as Driver<unknown> | undefined;
      try {
        await driver?.close?.();
      } catch (error) {
        this.#parts.log.warn({ plugin: this.name, err: error }, "a plugin failed to close");
      }
    }
    this.#instances.clear();
    await this.supervisor?.close();
    await this.#container?.dispose();
  }

  async #make<C extends ContractName>(contract: C): Promise<ContractMap[C]> {
    try {
      const source = this.#sourceOf(contract);
      if (source !== undefined && source.id !== contract) {
        const provider: object = await this.get(source.id as ContractName);
        return source.adapt(provider) as ContractMap[C];
      }
      const instance = await this.#instance(contract);
      await this.#ask(instance as Probed);
      return instance;
    } catch (error) {
      if (this.#state === "enabled") this.#fail(error);
      throw error;
    }
  }

  /** Which of the majors that its manifest names is the best for this one. */
  #sourceOf(contract: string): Source | undefined {
    return this.#parts.contracts.sources(contract).find(({ id }) => this.manifest.contracts.includes(id));
  }

  /** A driver, and not one that an adapter has made of it. */
  #isOwnDriver(contract: ContractName): boolean {
    return this.#parts.contracts.isDriver(contract) && this.manifest.contracts.includes(contract);
  }

  async #instance<C extends ContractName>(contract: C): Promise<ContractMap[C]> {
    const provider = (await this.#load())[contract];
    if (this.supervisor !== undefined) return this.supervisor.provider(contract);
    if (provider === undefined)
      throw new PluginError(
        "PLUGIN_CONTRACT_MISSING",
        `plugin ${this.name} ${this.manifest.version} names ${contract} but does not export it`,
      );
    this.#container ??= this.#newContainer();
    // What a plugin that was installed elsewhere has told its own copy of the container, ours has not heard.
    injectable()(provider as new () => ContractMap[C]);
    return this.#container.resolve(provider as new () => ContractMap[C]);
  }

  /** What the plugin logs of itself bears its name. */
  #newContainer(): DependencyContainer {
    const container = this.#parts.parent.createChildContainer();
    container.registerInstance(LOG as symbol, this.#parts.log.child({ plugin: this.name }));
    container.registerInstance(PLUGIN_CONFIG as symbol, this.#configuration);
    return container;
  }

  async #ask(provider: Probed): Promise<void> {
    const begin = performance.now();
    const answer = await provider.probe?.();
    this.#loadTime = (this.#loadTime ?? 0) + performance.now() - begin;
    if (answer === undefined) return;
    this.#message = answer.usable ? answer.detail : answer.reason;
    if (!answer.usable) {
      this.#state = "inapplicable";
      this.#problem = new PluginError(
        "PLUGIN_INAPPLICABLE",
        `plugin ${this.name} has nothing to drive on this host: ${answer.reason}`,
      );
      throw this.#problem;
    }
  }

  #load(): Promise<PluginProviders> {
    this.#classes ??= this.#import();
    return this.#classes;
  }

  async #import(): Promise<PluginProviders> {
    const begin = performance.now();
    try {
      const isolated = this.supervisor !== undefined;
      const classes = isolated ? {} : ((await importEntry(this.manifest, this.#parts.held)) as PluginProviders);
      this.#state = "enabled";
      return classes;
    } catch (error) {
      this.#fail(error);
      throw error;
    } finally {
      this.#loadTime = performance.now() - begin;
    }
  }

  #fail(error: unknown): PluginError {
    const message = error instanceof Error ? error.message : String(error);
    const problem =
      error instanceof PluginError
        ? error
        : new PluginError("PLUGIN_FAILED", `plugin ${this.name} ${this.manifest.version} failed: ${message}`, {
            cause: error,
          });
    this.#problem = problem;
    this.#state = problem.problem === "PLUGIN_INCOMPATIBLE" ? "incompatible" : "broken";
    this.#message = message;
    this.#parts.log.error(
      { plugin: this.name, problem: problem.problem, page: problem.page, err: error },
      "a plugin cannot be used",
    );
    return problem;
  }

  /** What can be told without the plugin's code. */
  #check(): PluginError | undefined {
    try {
      checkNeeds(this.manifest, this.#parts.offer);
      if (this.#configuration instanceof PluginError) throw this.#configuration;
      return undefined;
    } catch (error) {
      return this.#fail(error);
    }
  }

  #disable(): void {
    this.#state = "disabled";
    this.#message = "by the operator";
    this.#problem = new PluginError("PLUGIN_DISABLED", `plugin ${this.name} is disabled by the operator`);
  }
}

/** The status of a package that cannot be read as a plugin, or is not there. */
export function statusOfBad({ name, folder, problem, message }: BadManifest): PluginStatus {
  return {
    ...{ name, folder, problem, message },
    version: "",
    contracts: [],
    schemes: [],
    state: problem === "PLUGIN_NAME_TAKEN" ? "disabled" : "broken",
    loadTime: undefined,
    notes: [],
  };
}

export function splitManifests(found: readonly (Manifest | BadManifest)[]): { good: Manifest[]; bad: BadManifest[] } {
  return { good: found.filter((entry) => !isBad(entry)) as Manifest[], bad: found.filter(isBad) };
}

/** A provider of handlers may ask for a probe, too, and is made only where it does. */
function isProbed(classes: PluginProviders, id: string): boolean {
  const provider = classes[id as ContractName];
  return typeof (provider?.prototype as Probed | undefined)?.probe === "function";
}

function stringsOf(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.filter((entry) => typeof entry === "string") : [];
}

export function asPluginError(error: unknown): PluginError {
  if (error instanceof PluginError) return error;
  throw error;
}

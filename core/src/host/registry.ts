import type { DependencyContainer } from "tsyringe";
import { type ContractMap, type ContractName, LOG, type Log, type PluginProviders } from "../contracts/index.js";
import {
  type BadManifest,
  checkNeeds,
  importEntry,
  isBad,
  type Manifest,
  type Offer,
  PluginError,
} from "../pluggable-loader/index.js";
import type { PluginSupervisor, SupervisorStatus } from "./isolation.js";

/** How far a plugin has come. `inapplicable` is no fault: this host has nothing for it to drive. */
export type PluginState = "found" | "loaded" | "inapplicable" | "broken";

/** A line of `polyvisord --plugins`. */
export interface PluginStatus {
  readonly name: string;
  readonly version: string;
  readonly contracts: readonly string[];
  readonly schemes: readonly string[];
  readonly state: PluginState;
  /** Milliseconds that the import and the first probe took. */
  readonly loadTime: number | undefined;
  /** What it found, or what is wrong. */
  readonly message: string;
  /** There where the plugin runs in a process of its own. */
  readonly isolated?: SupervisorStatus;
}

/** One plugin in a host: its manifest, a container of its own, and the objects that its container made. */
export class Plugin {
  readonly name: string;
  readonly manifest: Manifest;
  #state: PluginState = "found";
  #message = "";
  #loadTime: number | undefined;
  #container: DependencyContainer | undefined;
  #classes: Promise<PluginProviders> | undefined;
  readonly #instances = new Map<ContractName, Promise<unknown>>();
  readonly #parent: DependencyContainer;
  readonly #offer: Offer;
  readonly #log: Log;
  /** There where the plugin runs in a process of its own: its code is never imported here. */
  readonly supervisor: PluginSupervisor | undefined;

  constructor(
    manifest: Manifest,
    parent: DependencyContainer,
    offer: Offer,
    log: Log,
    supervisor?: PluginSupervisor | undefined,
  ) {
    this.name = manifest.name;
    this.manifest = manifest;
    this.supervisor = supervisor;
    this.#parent = parent;
    this.#offer = offer;
    this.#log = log;
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
    return {
      name: this.name,
      version: isolated?.version ?? this.manifest.version,
      contracts: this.manifest.contracts,
      schemes: this.schemes,
      state: isBroken ? "broken" : this.#state,
      loadTime: this.#loadTime,
      message: isBroken ? isolated.message : this.#message,
      ...(isolated && { isolated }),
    };
  }

  provides(contract: ContractName): boolean {
    return this.manifest.contracts.includes(contract);
  }

  /** The plugin's implementation of a contract: imported, made and started at the first call. */
  get<C extends ContractName>(contract: C): Promise<ContractMap[C]> {
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
    try {
      if (this.provides("hypervisor.v1")) await this.get("hypervisor.v1");
      else if (this.supervisor !== undefined) await this.get(this.manifest.contracts[0] as ContractName);
      else await this.#load();
    } catch {
      // The status already says what is wrong.
    }
    return this.status;
  }

  async dispose(): Promise<void> {
    for (const [contract, instance] of this.#instances) {
      try {
        if (contract === "hypervisor.v1") await ((await instance) as ContractMap["hypervisor.v1"]).close?.();
      } catch (error) {
        this.#log.warn({ plugin: this.name, err: error }, "a plugin failed to close");
      }
    }
    this.#instances.clear();
    await this.supervisor?.close();
    await this.#container?.dispose();
  }

  async #make<C extends ContractName>(contract: C): Promise<ContractMap[C]> {
    try {
      const instance = await this.#instance(contract);
      if (contract === "hypervisor.v1") await this.#probeDriver(instance as ContractMap["hypervisor.v1"]);
      return instance;
    } catch (error) {
      if (this.#state === "loaded") this.#fail(error);
      throw error;
    }
  }

  async #instance<C extends ContractName>(contract: C): Promise<ContractMap[C]> {
    const provider = (await this.#load())[contract];
    if (this.supervisor !== undefined) return this.supervisor.provider(contract);
    if (provider === undefined)
      throw new PluginError(`plugin ${this.name} ${this.manifest.version} names ${contract} but does not export it`);
    this.#container ??= this.#newContainer();
    return this.#container.resolve(provider as new () => ContractMap[C]);
  }

  /** What the plugin logs of itself bears its name. */
  #newContainer(): DependencyContainer {
    const container = this.#parent.createChildContainer();
    container.registerInstance(LOG as symbol, this.#log.child({ plugin: this.name }));
    return container;
  }

  async #probeDriver(driver: ContractMap["hypervisor.v1"]): Promise<void> {
    const begin = performance.now();
    const answer = await driver.probe?.();
    this.#loadTime = (this.#loadTime ?? 0) + performance.now() - begin;
    if (answer === undefined) return;
    this.#message = answer.usable ? answer.detail : answer.reason;
    if (!answer.usable) {
      this.#state = "inapplicable";
      throw new PluginError(`plugin ${this.name} has nothing to drive on this host: ${answer.reason}`);
    }
  }

  #load(): Promise<PluginProviders> {
    this.#classes ??= this.#import();
    return this.#classes;
  }

  async #import(): Promise<PluginProviders> {
    const begin = performance.now();
    try {
      checkNeeds(this.manifest, this.#offer);
      const isolated = this.supervisor !== undefined;
      const classes = isolated ? {} : ((await importEntry(this.manifest)) as PluginProviders);
      this.#state = "loaded";
      return classes;
    } catch (error) {
      this.#fail(error);
      throw error;
    } finally {
      this.#loadTime = performance.now() - begin;
    }
  }

  #fail(error: unknown): void {
    this.#state = "broken";
    this.#message = error instanceof Error ? error.message : String(error);
    this.#log.error({ plugin: this.name, err: error }, "a plugin is disabled");
  }
}

/** The status of a package that cannot be read as a plugin. */
export function statusOfBad(manifest: BadManifest): PluginStatus {
  return {
    name: manifest.name,
    version: "",
    contracts: [],
    schemes: [],
    state: "broken",
    loadTime: undefined,
    message: manifest.problem,
  };
}

export function splitManifests(found: readonly (Manifest | BadManifest)[]): { good: Manifest[]; bad: BadManifest[] } {
  return { good: found.filter((entry) => !isBad(entry)) as Manifest[], bad: found.filter(isBad) };
}

function stringsOf(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.filter((entry) => typeof entry === "string") : [];
}

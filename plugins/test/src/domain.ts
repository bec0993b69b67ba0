import { DomainRef } from "@polyvisor/core";
import type { Checkpoint, Domain as Config, Snapshot } from "@polyvisor/sdk/conf";
import { MomentTree } from "@polyvisor/sdk/conf/moment";
import { type DomainStatus, notRunning, shutoff, type Target } from "@polyvisor/sdk/lifecycle";
import { Guest } from "./guest.js";

/** One domain: what it is configured to be, and what it is doing. Configurations are values: a change is a new one. */
export class TestDomain {
  /** Replaced when the domain starts or stops; whoever holds the domain in a registry then indexes it anew. */
  ref: DomainRef;
  status: DomainStatus = shutoff("UNKNOWN");
  persistent = false;
  autostart = false;
  /** Whether a managed save image is there that the next start would take. */
  hasManagedSave = false;
  #guest: Guest | undefined;
  #snapshots: MomentTree<Snapshot> | undefined;
  #checkpoints: MomentTree<Checkpoint> | undefined;
  #config: Config;
  /** Only while the domain runs, and not for one that was never defined. */
  #nextConfig: Config | undefined;

  constructor(config: Config) {
    this.#config = config;
    this.ref = new DomainRef(config.name, config.uuid, -1);
  }

  get isActive(): boolean {
    return this.ref.id >= 0;
  }

  /** Made when somebody first asks: most domains never need one. */
  get guest(): Guest {
    this.#guest ??= new Guest();
    return this.#guest;
  }

  /** How its I/O threads wait, where any were added or tuned. */
  get polling(): Guest["polling"] | undefined {
    return this.#guest?.polling;
  }

  get snapshots(): MomentTree<Snapshot> {
    this.#snapshots ??= new MomentTree();
    return this.#snapshots;
  }

  get checkpoints(): MomentTree<Checkpoint> {
    this.#checkpoints ??= new MomentTree();
    return this.#checkpoints;
  }

  get hasSnapshot(): boolean {
    return this.#snapshots !== undefined && this.#snapshots.size > 0;
  }

  get hasCheckpoint(): boolean {
    return this.#checkpoints !== undefined && this.#checkpoints.size > 0;
  }

  /** The configuration in force: the running guest's, or the defined one of a domain that is off. */
  get config(): Config {
    return this.#config;
  }

  /** What the next start takes. A domain that was never defined has only what it runs with. */
  get definedConfig(): Config {
    return this.#nextConfig ?? this.#config;
  }

  /** Whether a definition is there that a new one takes the place of. */
  get isDefined(): boolean {
    return !this.isActive || this.#nextConfig !== undefined;
  }

  configOf(target: Target): Config {
    return target === "live" ? this.#config : this.definedConfig;
  }

  configure(target: Target, config: Config): void {
    if (target === "live" || !this.isActive) this.#config = config;
    else this.#nextConfig = config;
  }

  /** Runs with `config` once, and with its definition again after that. Called before `start`, on a domain that is off. */
  borrow(config: Config): void {
    this.#nextConfig = this.#config;
    this.#config = config;
  }

  start(id: number): void {
    this.hasManagedSave = false;
    if (this.persistent) this.#nextConfig ??= this.#config;
    this.#config = { ...this.#config, id };
    this.ref = new DomainRef(this.ref.name, this.ref.uuid, id);
  }

  /** A domain that was never defined keeps its last id: it ends here, and its last event tells which one it was. */
  stop(): void {
    if (this.#nextConfig === undefined) return;
    this.#config = this.#nextConfig;
    this.#nextConfig = undefined;
    this.ref = new DomainRef(this.ref.name, this.ref.uuid, -1);
  }

  /** The domain is off and this from now on; whoever holds it in a registry then indexes it anew. */
  replace(config: Config): void {
    this.#config = config;
    this.#nextConfig = undefined;
    this.ref = new DomainRef(this.ref.name, this.ref.uuid, -1);
  }

  /** Called on a domain that is off; whoever holds it in a registry then indexes it anew. */
  rename(name: string): void {
    this.#config = { ...this.#config, name };
    this.ref = new DomainRef(name, this.ref.uuid, this.ref.id);
  }

  expectActive(): void {
    if (!this.isActive) throw notRunning();
  }
}

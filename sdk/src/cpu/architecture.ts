import type { Cpu } from "../conf/domain/model/index.js";
import type { CpuBits } from "./bits.js";
import type { CpuDefinition, UsableModels } from "./definition.js";

/** How a host's processor relates to another definition; `reason` tells why they do not fit. */
export type CpuComparison =
  | { readonly result: "identical" | "superset" }
  | { readonly result: "incompatible"; readonly reason?: string | undefined };

export interface BaselineOptions {
  /** The models that the result may be called by; absent: all that are known. */
  readonly models?: UsableModels | undefined;
  /** The features that the result may have; absent: any. */
  readonly features?: readonly string[] | undefined;
  /** Leave out what keeps a guest from being migrated. */
  readonly migratable?: boolean | undefined;
}

/**
 * What is known of one architecture's processors. Everything is computed at once: the descriptions have been read.
 *
 * All throw `VirtError` in libvirt's words. What an architecture cannot do is absent.
 */
export interface CpuArchitecture {
  /** The names of all models, in the map's order; none: whatever the hypervisor knows is good. */
  readonly modelNames: readonly string[];

  /** Refuses features that mean nothing here. */
  checkFeatures(guest: Cpu): void;

  /** Whether what `cpu` asks for is there on `host`. */
  compare(host: CpuDefinition | undefined, cpu: CpuDefinition): CpuComparison;

  /** The best processor that all of them can play. */
  baseline?(cpus: readonly CpuDefinition[], options: BaselineOptions): Cpu;

  /** A guest's processor with all that depends on the host put in its place: `host-model`, `minimum`, optional features. */
  update(guest: Cpu, host: CpuDefinition | undefined): Cpu;

  /**
   * A guest's processor as its emulator made it. `enabled`: what the guest sees; `disabled`: what was asked for and could not
   * be had. Fails where the guest asks for a full check and got something else.
   */
  updateLive?(guest: Cpu, enabled: CpuBits, disabled: CpuBits): Cpu;

  /** A guest's processor by the name of a model that the hypervisor has. */
  translate?(guest: Cpu, models: UsableModels | undefined): Cpu;

  /** Every feature of the model by its name, sorted. */
  expand<C extends CpuDefinition>(cpu: C): C;

  /** Without what keeps a guest from being migrated. */
  migratable<C extends CpuDefinition>(cpu: C): C;

  vendorOf(model: string): string | undefined;
}

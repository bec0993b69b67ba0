import { checkFlags as check, type Domain, type ErrorDomain, type TypedParam, VirtError } from "@polyvisor/core";
import type { Cgroup, Controller } from "../cgroup/index.js";
import type { Domain as Config } from "../conf/domain/index.js";
import type { Target } from "../lifecycle/index.js";

export interface TuningCall {
  readonly dom: Domain;
  readonly flags: number;
  readonly api: string;
}

/** A guest that runs, and its group: `undefined` where it has none. */
export interface TunedGuest<G> {
  readonly guest: G;
  readonly group: Cgroup | undefined;
}

export interface TuningChange<G> {
  /** Refuses what cannot be; called before anything is changed. */
  readonly edit: (config: Config, target: Target) => Config;
  /**
   * Does to the running guest what `edit` writes down; where it fails nothing is written down. `config` is what the guest has
   * by now. Resolves with what clients are told of it.
   */
  readonly apply: (live: TunedGuest<G>, config: Config) => Promise<readonly TypedParam[]>;
}

/** A driver's guests, as the calls that tune their groups see them. */
export interface Tuned<G = unknown> {
  /** What stands in front of the names of libvirt's functions: `qemu` or `lxc`. */
  readonly prefix: string;
  readonly errors: ErrorDomain;
  /** Only a daemon of the system may tune. */
  readonly mode: "system" | "session";
  /** The configuration that `flags` choose; with the guest's group where it is that of a running one. */
  chosen(dom: Domain, flags: number): Promise<{ readonly config: Config; readonly live?: TunedGuest<G> }>;
  /** Changes the running guest, the definition, or both, as `flags` choose, in the domain's job. */
  tune(call: TuningCall, change: TuningChange<G>): Promise<void>;
}

/** Refuses flags that a call does not know; `name` is that of libvirt's function, without its prefix. */
export function checkTuningFlags({ prefix, errors }: Tuned, name: string, flags: number, known: number): void {
  check(flags, known, `${prefix}${name}`, errors);
}

export function tuningError(
  { errors: domain }: Tuned,
  code: ConstructorParameters<typeof VirtError>[0],
  detail: string,
  hint?: string,
): VirtError {
  return new VirtError(code, detail, { domain, ...(hint !== undefined && { hint }) });
}

/** A guest's group with a controller. Fails in libvirt's words where there is none. */
export function groupWith(tuned: Tuned, group: Cgroup | undefined, controller: Controller): Cgroup {
  if (group?.has(controller)) return group;
  const name = controller === "cpu" || controller === "cpuacct" ? controller.toUpperCase() : controller;
  const hint = "the kernel's controller is not mounted, or the driver's settings leave it out";
  throw tuningError(tuned, "OPERATION_INVALID", `cgroup ${name} controller is not mounted`, hint);
}

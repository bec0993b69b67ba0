import { checkFlags as check, type Domain, type ErrorDomain, VirtError } from "@polyvisor/core";
import type { Cgroup } from "../cgroup/index.js";
import type { Domain as Config } from "../conf/domain/index.js";
import type { Target } from "../lifecycle/index.js";

export interface TuningCall {
  readonly dom: Domain;
  readonly flags: number;
  readonly api: string;
}

export interface TuningChange {
  /** Refuses what cannot be; called before anything is changed. */
  readonly edit: (config: Config, target: Target) => Config;
  /**
   * Does to the running guest what `edit` writes down; where it fails nothing is written down. `config` is what the guest has
   * by now, `group` its own, `undefined` where it has none.
   */
  readonly apply: (config: Config, group: Cgroup | undefined) => Promise<void>;
}

/** A driver's guests, as the calls that tune their groups see them. */
export interface Tuned {
  /** What stands in front of the names of libvirt's functions: `qemu` or `lxc`. */
  readonly prefix: string;
  readonly errors: ErrorDomain;
  /** Only a daemon of the system may tune. */
  readonly mode: "system" | "session";
  /** The configuration that `flags` choose; with the guest's group where it is that of a running one. */
  chosen(
    dom: Domain,
    flags: number,
  ): Promise<{ readonly config: Config; readonly live?: { readonly group: Cgroup | undefined } }>;
  /** Changes the running guest, the definition, or both, as `flags` choose, in the domain's job. */
  tune(call: TuningCall, change: TuningChange): Promise<void>;
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

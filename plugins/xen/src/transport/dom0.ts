import type { Duplex } from "node:stream";
import type { VirtError } from "@polyvisor/core";

export type Words = readonly [string, ...string[]];

export interface CommandOptions {
  /** In milliseconds; then the command is ended, and the call fails with `OPERATION_TIMEOUT`. */
  readonly deadline?: number;
  readonly input?: string;
  readonly signal?: AbortSignal;
}

export interface CommandResult {
  /** The exit status; a signal counts as 128 and its number, as in a shell. */
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** A way to a dom0: the programs there, and its xenstore. */
export interface Dom0 {
  /** For people: `this host`, or the address. */
  readonly name: string;
  readonly isElsewhere: boolean;
  /** Resolves, with the reason, when the way is gone; never where it cannot go. */
  readonly lost: Promise<VirtError>;
  /** Runs a command to its end. Fails where it cannot be run or is too slow; its status is the caller's matter. */
  run(argv: Words, options?: CommandOptions): Promise<CommandResult>;
  /** A command that goes on: its input and output. Ends with it; destroyed, it ends the command. */
  open(argv: Words): Duplex;
  /** A connection to xenstored's socket. */
  openXenstore(): Promise<Duplex>;
  close(): void;
}

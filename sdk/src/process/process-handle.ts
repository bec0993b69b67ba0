import { constants } from "node:os";
import { NativeError } from "./libc.js";
import { openPidfd, signalPidfd, watchDescriptor } from "./native.js";
import { bootId, hasEnded, readProcessStat } from "./procfs.js";

/** Names one process for good, over the lives of daemons and boots of the host. */
export interface ProcessIdentity {
  readonly pid: number;
  /** In clock ticks since the boot. */
  readonly startTime: bigint;
  readonly bootId: string;
}

/** A process that may be anyone's child: its end is told at once, and a signal never reaches another one. */
export class ProcessHandle {
  readonly identity: ProcessIdentity;
  /** Resolves when it has ended. */
  readonly ended: Promise<void>;
  readonly #pidfd: number;
  readonly #watch: { close(): void };
  #open = true;

  private constructor(identity: ProcessIdentity, pidfd: number) {
    this.identity = identity;
    this.#pidfd = pidfd;
    let end: () => void = () => {};
    this.ended = new Promise((resolve) => {
      end = resolve;
    });
    this.#watch = watchDescriptor(pidfd, () => {
      this.#open = false;
      end();
    });
  }

  get pid(): number {
    return this.identity.pid;
  }

  get hasEnded(): boolean {
    return !this.#open || hasEnded(readProcessStat(this.pid));
  }

  /** A process that is known to be there: a child that was just started. */
  static open(pid: number): ProcessHandle {
    const pidfd = openPidfd(pid);
    const startTime = readProcessStat(pid)?.startTime ?? 0n;
    return new ProcessHandle({ pid, startTime, bootId: bootId() }, pidfd);
  }

  /** The process of an earlier life of this daemon, or `undefined` where it has ended. */
  static find(identity: ProcessIdentity): ProcessHandle | undefined {
    if (identity.bootId !== bootId()) return undefined;
    let handle: ProcessHandle;
    try {
      handle = new ProcessHandle(identity, openPidfd(identity.pid));
    } catch (error) {
      if (error instanceof NativeError) return undefined;
      throw error;
    }
    // Looked at after the pidfd was opened: from here on the pid cannot be given to another process.
    const stat = readProcessStat(identity.pid);
    if (!hasEnded(stat) && stat?.startTime === identity.startTime) return handle;
    handle.close();
    return undefined;
  }

  /** Sends a signal; false where the process has ended. */
  kill(signal: NodeJS.Signals): boolean {
    if (!this.#open) return false;
    try {
      signalPidfd(this.#pidfd, constants.signals[signal]);
      return true;
    } catch (error) {
      if (error instanceof NativeError && error.code === "ESRCH") return false;
      throw error;
    }
  }

  /** Stops watching; `ended` then never resolves. The process stays as it is. */
  close(): void {
    this.#open = false;
    this.#watch.close();
  }
}

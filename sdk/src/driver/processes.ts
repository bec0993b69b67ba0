import { type FileHandle, open } from "node:fs/promises";
import { join } from "node:path";
import type { HostPaths } from "@polyvisor/core";
import { launch, ProcessHandle, readProcessStat } from "../process/index.js";
import { makeFolders } from "../store/make-folders.js";
import type { Guest, GuestEnd, StartOptions } from "./backend.js";

/** How long a process that was asked to end may take before it is killed, in milliseconds. */
const GRACE_MS = 5_000;

/** What guests of processes find their programs with. */
const PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/** What is kept of a process: `ProcessIdentity`, whose start time JSON cannot hold. */
interface ProcessToken {
  readonly pid: number;
  readonly startTime: string;
  readonly bootId: string;
}

/** A guest that is one process, which outlives the daemon. */
export class ProcessGuest implements Guest {
  readonly ended: Promise<GuestEnd>;
  readonly #process: ProcessHandle;
  #asked = false;

  constructor(process: ProcessHandle) {
    this.#process = process;
    this.ended = process.ended.then(() => (this.#asked ? "shutdown" : "crash"));
  }

  get pid(): number {
    return this.#process.pid;
  }

  get token(): ProcessToken {
    const { pid, startTime, bootId } = this.#process.identity;
    return { pid, startTime: String(startTime), bootId };
  }

  /** Sends a signal; does nothing where the process has ended. */
  signal(name: NodeJS.Signals): void {
    this.#process.kill(name);
  }

  /** Asks the process to end. */
  terminate(): void {
    this.#asked = true;
    this.signal("SIGTERM");
    // One that is stopped hears of it only when it goes on.
    this.signal("SIGCONT");
  }

  async destroy(): Promise<void> {
    if (this.#process.hasEnded) return;
    const killer = setTimeout(() => this.signal("SIGKILL"), GRACE_MS);
    this.terminate();
    await this.ended;
    clearTimeout(killer);
  }

  /** In nanoseconds. */
  get cpuTime(): bigint {
    const stat = readProcessStat(this.pid);
    return stat === undefined ? 0n : stat.userTime + stat.systemTime;
  }
}

/** Starts processes as guests, and finds them again: what a backend of `GuestDriver` is made of where a guest is a process. */
export class ProcessGuests {
  readonly #logs: string;

  /** What guests write goes to `NAME.log` in the folder of this scheme below the host's logs. */
  constructor(paths: HostPaths, scheme: string) {
    this.#logs = join(paths.log, scheme);
  }

  /** The program by its absolute path, and its arguments. */
  async start(
    name: string,
    argv: readonly [program: string, ...args: string[]],
    { paused }: Pick<StartOptions, "paused">,
  ): Promise<ProcessGuest> {
    await makeFolders(this.#logs, 0o700);
    const log: FileHandle = await open(join(this.#logs, `${name}.log`), "a", 0o600);
    try {
      const plan = { argv, env: { PATH }, umask: 0o077, limits: [], noNewPrivileges: true, ownMounts: false };
      const held = await launch(plan, { output: log.fd, inherited: [] });
      // At its gate it is no program yet, and will not be before it goes on.
      if (paused) held.process.kill("SIGSTOP");
      held.release();
      return new ProcessGuest(held.process);
    } finally {
      await log.close();
    }
  }

  /** The guest of an earlier run, by its token; `undefined` where it has ended. */
  find(token: unknown): ProcessGuest | undefined {
    const { pid, startTime, bootId } = token as ProcessToken;
    const process = ProcessHandle.find({ pid, startTime: BigInt(startTime), bootId });
    return process && new ProcessGuest(process);
  }
}

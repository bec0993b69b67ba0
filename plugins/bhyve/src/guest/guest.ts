import { setTimeout as delay } from "node:timers/promises";
import type { Domain } from "@polyvisor/sdk/conf/domain";
import type { Guest, GuestEnd } from "@polyvisor/sdk/driver";
import { bhyveError } from "../errors.js";
import { endOf } from "../host/exit.js";
import type { HostProcess } from "../host/host.js";

/** How long a process that was killed may take to be gone. */
const KILL_MS = 30_000;

/** What is kept of a guest beside its configuration. */
export interface GuestToken {
  readonly process: unknown;
}

/** One guest: its process, and what it has of the host. */
export class BhyveGuest implements Guest {
  readonly token: GuestToken;
  readonly id: number;
  readonly config: Domain;
  readonly ended: Promise<GuestEnd>;
  readonly #process: HostProcess;
  readonly #giveBack: () => Promise<void>;
  #rebooting = false;
  #clearing: Promise<void> | undefined;

  /** `giveBack`: called once, after the guest's end, whoever ended it. */
  constructor(process: HostProcess, config: Domain, giveBack: () => Promise<void>) {
    this.#process = process;
    this.#giveBack = giveBack;
    this.token = { process: process.token };
    this.id = process.pid;
    this.config = config;
    this.ended = process.exited.then((exit) => endOf(exit, config, this.#rebooting));
  }

  /** bhyve presses the guest's power button when it is told to end. */
  pressPowerButton(): void {
    this.#rebooting = false;
    this.#process.signal("SIGTERM");
  }

  /** The same, and once the guest is off it starts anew. */
  reboot(): void {
    this.pressPowerButton();
    this.#rebooting = true;
  }

  cpuTime(): Promise<bigint> {
    return this.#process.cpuTime();
  }

  async destroy(): Promise<void> {
    this.#process.signal("SIGKILL");
    await this.#gone();
    // One that could not give everything back is asked again.
    this.#clearing ??= this.#giveBack().catch((error: unknown) => {
      this.#clearing = undefined;
      throw error;
    });
    await this.#clearing;
  }

  /** A process that waits for a device that does not answer cannot be killed. */
  async #gone(): Promise<void> {
    const { pid, exited } = this.#process;
    const stop = new AbortController();
    const late = delay(KILL_MS, "late", { signal: stop.signal }).catch(() => "");
    const first = await Promise.race([exited.then(() => "gone"), late]);
    stop.abort();
    if (first === "gone") return;
    throw bhyveError(
      "OPERATION_FAILED",
      `Failed to terminate process ${pid} with SIGKILL: Device or resource busy`,
      "what does it wait for? see ps -l and procstat -k",
    );
  }
}

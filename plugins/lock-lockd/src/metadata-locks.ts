import { randomUUID } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import { lockProgram, VirtError } from "@polyvisor/core";
import { type RpcClient, stubsOf } from "@polyvisor/sdk/rpc";
import { type DaemonDoor, type LockDaemon, registerAs } from "./daemon-client.js";
import { LEASE_FLAG, type Lease } from "./leases.js";

/** Longer than that nobody waits until labels may change, in milliseconds. */
const PATIENCE = 60_000;
/** Longer than that nobody changes labels: whoever has not come back by then is gone. */
const HOLD_MAX = 300_000;
const LOOK_AGAIN = 20;

/** Files whose labels are being changed. */
interface Held {
  end(): void;
}

/**
 * Locks on the labels of files, by the lock daemon: on one connection at a time, which is open from lock to unlock. The
 * daemon lets nobody wait, so it is asked again and again. libvirt 9's own daemon has no such locks.
 */
export class MetadataLocks {
  readonly #door: DaemonDoor;
  readonly #patience: number;
  readonly #held = new Map<string, Held>();
  /** Resolves when the last one that came has gone. */
  #turn: Promise<void> = Promise.resolve();

  constructor(door: DaemonDoor, patience = PATIENCE) {
    this.#door = door;
    this.#patience = patience;
  }

  /** Resolves with what ends it. Fails with `OPERATION_TIMEOUT`, and with `NO_SUPPORT` where the daemon has no such locks. */
  async lock(paths: readonly string[]): Promise<string> {
    const giveUp = AbortSignal.timeout(this.#patience);
    const sorted = [...new Set(paths)].sort();
    const before = this.#turn;
    let leave: () => void = () => {};
    const mine = new Promise<void>((resolve) => {
      leave = resolve;
    });
    this.#turn = before.then(() => mine);
    try {
      await unless(giveUp, before, () => tooBusy(sorted[0] ?? "", this.#patience));
      return await this.#take(sorted, giveUp, leave);
    } catch (error) {
      leave();
      throw error;
    }
  }

  unlock(token: string): void {
    this.#held.get(token)?.end();
  }

  async #take(paths: readonly string[], giveUp: AbortSignal, leave: () => void): Promise<string> {
    let at = paths[0] ?? "";
    const late = () => tooBusy(at, this.#patience);
    const connecting = this.#door.connect();
    giveUp.addEventListener("abort", () => void connecting.then((client) => client.close()).catch(() => {}));
    const client = await unless(giveUp, connecting, late);
    const daemon = stubsOf(client, lockProgram);
    const leases: Lease[] = [];
    try {
      await unless(giveUp, registerAs(daemon, owner()), late);
      for (const path of paths) {
        at = path;
        const lease = { path: "", name: path, flags: LEASE_FLAG.METADATA };
        if (await unless(giveUp, acquire(daemon, lease, giveUp), late)) leases.push(lease);
      }
    } catch (error) {
      void giveBack(client, daemon, leases);
      throw error;
    }
    return this.#keep(leave, () => giveBack(client, daemon, leases));
  }

  #keep(leave: () => void, giveUp: () => Promise<void>): string {
    const token = randomUUID();
    const end = () => {
      if (!this.#held.delete(token)) return;
      clearTimeout(timer);
      void giveUp().finally(leave);
    };
    const timer = setTimeout(end, HOLD_MAX).unref();
    this.#held.set(token, { end });
    return token;
  }
}

/** Whoever labels files does it in this process's name. */
function owner() {
  return {
    uuid: randomUUID(),
    name: "labels",
    id: 1,
    pid: process.pid,
    uri: "",
    onLockFailure: "default",
  };
}

/** Resolves with false where there is nothing that could be locked: what cannot be opened is no image. */
async function acquire(daemon: LockDaemon, lease: Lease, giveUp: AbortSignal): Promise<boolean> {
  while (!giveUp.aborted) {
    try {
      await daemon.acquireResource(lease);
      return true;
    } catch (error) {
      const code = error instanceof VirtError ? error.code : undefined;
      if (code === "SYSTEM_ERROR") return false;
      if (code === "INVALID_ARG") throw new VirtError("NO_SUPPORT", "lockMetadata", { cause: error });
      if (code !== "RESOURCE_BUSY") throw error;
    }
    await delay(LOOK_AGAIN);
  }
  return false;
}

/** The daemon ends a process that hangs up with leases, so they are given back first. */
async function giveBack(client: RpcClient, daemon: LockDaemon, leases: readonly Lease[]): Promise<void> {
  try {
    await Promise.all(leases.map((lease) => daemon.releaseResource(lease)));
  } catch {
    // What the connection held goes with it.
  }
  await client.close();
}

async function unless<T>(signal: AbortSignal, work: Promise<T>, reason: () => Error): Promise<T> {
  let stop: () => void = () => {};
  const late = new Promise<never>((_, reject) => {
    stop = () => reject(reason());
    signal.addEventListener("abort", stop, { once: true });
  });
  if (signal.aborted) stop();
  try {
    return await Promise.race([work, late]);
  } finally {
    signal.removeEventListener("abort", stop);
    work.catch(() => {});
  }
}

function tooBusy(path: string, patience: number): VirtError {
  return new VirtError("OPERATION_TIMEOUT", `unable to lock ${path} for metadata change within ${patience / 1000} s`, {
    hint: "somebody else changes its owner or label, or the lock daemon hangs",
  });
}

import { spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { rootPaths, silentLog, VirtError } from "@polyvisor/core";

const { LockdManager } = await import(new URL("../../plugins/lock-lockd/dist/manager.js", import.meta.url));

/** Another manager, which wants the locks for itself for a moment: it sees what another host would see. */
export class Probe {
  #manager;
  /** For which it asks: a lock daemon ends a process that holds locks and closes its own connection. */
  #owner = spawn("sleep", ["infinity"], { stdio: "ignore" });

  constructor(root) {
    this.#owner.unref();
    this.#manager = new LockdManager({}, { mode: "system", paths: rootPaths(root) }, silentLog);
  }

  /** Whether a disk could be had. Nobody has it afterwards who did not have it before. */
  async isFree(path) {
    const owner = { uuid: randomUUID(), name: "probe", id: 1, pid: this.#owner.pid, uri: "", onLockFailure: "default" };
    const claim = { owner, resources: [{ lockspace: null, name: path, path: null, offset: 0n, flags: 0 }] };
    try {
      await this.#manager.acquire({ ...claim, state: null });
    } catch (error) {
      if (error instanceof VirtError && error.code === "RESOURCE_BUSY") return false;
      throw error;
    }
    await this.#manager.release(claim);
    return true;
  }

  close() {
    this.#owner.kill("SIGKILL");
  }
}

import { randomBytes } from "node:crypto";
import { rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type HostPaths, type LockOwner, VirtError } from "@polyvisor/core";
import { shellWord } from "@polyvisor/sdk/process";
import { makeFolders } from "@polyvisor/sdk/store";
import type { Settings } from "./settings.js";
import { HELPER_BYTES } from "./wire/frames.js";

const PROGRAM = fileURLToPath(new URL("lost-lease-program/main.js", import.meta.url));

export interface Killpath {
  readonly path: string;
  readonly args: readonly string[];
}

/** Arranges what sanlock does when a guest has lost a lease: by itself it ends the guest's process. */
export class LostLease {
  readonly #folder: string;
  readonly #path: string;
  readonly #script: string;
  #written: Promise<void> | undefined;

  constructor({ managerSocket }: Settings, { lib }: HostPaths) {
    this.#folder = join(lib, "lock-sanlock");
    this.#path = join(this.#folder, "lost-lease");
    const words = [process.execPath, PROGRAM, managerSocket].map(shellWord).join(" ");
    this.#script = `#!/bin/sh\nexec ${words} "$@"\n`;
  }

  /** Fails with `CONFIG_UNSUPPORTED` for what cannot be done: sanlock lets no guest run on without its leases. */
  async killpathFor({ uri, uuid, onLockFailure }: LockOwner): Promise<Killpath | undefined> {
    if (onLockFailure === "default") return undefined;
    if (onLockFailure !== "poweroff" && onLockFailure !== "restart" && onLockFailure !== "pause")
      throw new VirtError("CONFIG_UNSUPPORTED", `Failure action ${onLockFailure} is not supported by sanlock`);
    const args = [uri, uuid, onLockFailure];
    checkLength("Sanlock helper path is", this.#path);
    checkLength("Sanlock helper arguments are", args.join(" "));
    await this.#write();
    return { path: this.#path, args };
  }

  /**
   * sanlock keeps 127 bytes of a path and knows neither our Node nor the daemon's socket, so it is given a script of this host's own.
   * It outlives this process and is written anew by the next one, for guests that were started before an upgrade, too.
   */
  #write(): Promise<void> {
    this.#written ??= this.#replace().catch((error: unknown) => {
      this.#written = undefined;
      throw new VirtError("SYSTEM_ERROR", `cannot write '${this.#path}': ${(error as Error).message}`);
    });
    return this.#written;
  }

  async #replace(): Promise<void> {
    await makeFolders(this.#folder, 0o755);
    const temporary = `${this.#path}.${randomBytes(6).toString("hex")}`;
    await writeFile(temporary, this.#script, { mode: 0o755 });
    await rename(temporary, this.#path);
  }
}

function checkLength(what: string, text: string): void {
  if (Buffer.byteLength(text) < HELPER_BYTES) return;
  throw new VirtError("INTERNAL_ERROR", `${what} longer than ${HELPER_BYTES - 1}: '${text}'`);
}

import { setTimeout as delay } from "node:timers/promises";
import { VirtError } from "@polyvisor/core";
import type { SanlockClient } from "./daemon-client.js";
import type { Deadlines } from "./deadlines.js";
import { BEING_MADE, makeLeaseFile, ownLeaseFile } from "./lease-files.js";
import { diskLockspace } from "./resources.js";
import type { Settings } from "./settings.js";
import {
  addLockspaceFrame,
  inquireLockspaceFrame,
  type Lockspace,
  listLockspacesFrame,
  lockspacesIn,
  writeLockspaceFrame,
} from "./wire/frames.js";
import results from "./wire/results.cjs";

const { isUnformatted, RESULT, wordsOf } = results;
const RETRY_MS = 500;

/** Sees to it that this host is a member of the lockspace of automatic leases. */
export class DiskLockspace {
  readonly #client: SanlockClient;
  readonly #settings: Settings;
  readonly #deadlines: Deadlines;
  readonly #lockspace: Lockspace;
  #joining: Promise<void> | undefined;

  constructor(client: SanlockClient, settings: Settings, deadlines: Deadlines) {
    this.#client = client;
    this.#settings = settings;
    this.#deadlines = deadlines;
    this.#lockspace = diskLockspace(settings);
  }

  /** Called before each use: sanlock may have been started anew, and a lockspace be lost. All who wait share one attempt. */
  async ensure(): Promise<void> {
    const { result } = await this.#client.ask(inquireLockspaceFrame(this.#lockspace), this.#deadlines.answer);
    if (result === 0) return;
    this.#joining ??= this.#join().finally(() => {
      this.#joining = undefined;
    });
    await this.#joining;
  }

  async #join(): Promise<void> {
    if (this.#settings.hostId === 0) throw noHostId();
    const begin = Date.now();
    let hasMade = false;
    for (;;) {
      const result = await this.#add();
      const age = Date.now() - begin;
      if (result >= 0 || result === RESULT.EEXIST) return;
      if (result === RESULT.ENODEV && !hasMade) {
        hasMade = true;
        await this.#make();
      } else if (isPassing(result) && age < this.#deadlines.join) {
        // One that is being added may yet come, and one that is being given up must be gone first.
        await this.#settle();
      } else if (isUnformatted(result) && age < BEING_MADE) {
        await delay(RETRY_MS);
      } else {
        throw await this.#failure(result);
      }
    }
  }

  async #make(): Promise<void> {
    const { path } = this.#lockspace.place;
    await makeLeaseFile(path, this.#settings, (temporary) => this.#format(temporary));
    await ownLeaseFile(path, this.#settings);
  }

  async #add(): Promise<number> {
    const frame = addLockspaceFrame(this.#lockspace, this.#settings.ioTimeout);
    return (await this.#client.ask(frame, this.#deadlines.join)).result;
  }

  async #settle(): Promise<void> {
    await this.#client.ask(inquireLockspaceFrame(this.#lockspace, true), this.#deadlines.join);
    await delay(RETRY_MS);
  }

  async #format(temporary: string): Promise<void> {
    const lockspace = { ...this.#lockspace, hostId: 0, place: { path: temporary, offset: 0n } };
    const frame = writeLockspaceFrame(lockspace, this.#settings.ioTimeout);
    const { result } = await this.#client.ask(frame, this.#deadlines.join);
    if (result < 0) {
      const detail = `Unable to initialize lockspace ${this.#lockspace.place.path}: ${wordsOf(result)}`;
      throw new VirtError("INTERNAL_ERROR", detail);
    }
  }

  async #failure(result: number): Promise<VirtError> {
    const { name, place } = this.#lockspace;
    const reply = await this.#client.ask(listLockspacesFrame(), this.#deadlines.answer).catch(() => undefined);
    const other = reply === undefined ? undefined : lockspacesIn(reply).find((each) => each.name === name);
    return new VirtError("INTERNAL_ERROR", `Unable to add lockspace ${place.path}: ${wordsOf(result)}`, {
      hint:
        other === undefined
          ? "see 'sanlock client log_dump'; sanlock must be able to use the file, and no other host have the same host_id"
          : `this host is in that lockspace already as ${other.hostId}, in ${other.place.path}: host_id or disk_lease_dir differ`,
    });
  }
}

function isPassing(result: number): boolean {
  return result === RESULT.EINPROGRESS || result === RESULT.EAGAIN;
}

function noHostId(): VirtError {
  return new VirtError("INTERNAL_ERROR", "Automatic disk lease mode enabled, but no host ID is set", {
    hint: "set host_id in lock-sanlock.conf: another number on each host that uses the same disk_lease_dir",
  });
}

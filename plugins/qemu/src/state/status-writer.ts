import { rename, rm, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import type { Log } from "@polyvisor/core";
import { makeFolders } from "@polyvisor/sdk/store";
import { systemError } from "../errors.js";

/**
 * Writes one guest's status file, the latest state last: while a write runs, those asked for meanwhile become one.
 *
 * Nothing is flushed to the disk: a status outlives the daemon, and after a crash of the host there is no guest.
 */
export class StatusWriter {
  readonly #path: string;
  readonly #text: () => Promise<string>;
  readonly #log: Log;
  #running: Promise<void> | undefined;
  #again = false;
  #removed = false;

  /** `text` is called for each write, with whatever is the state by then. */
  constructor(path: string, text: () => Promise<string>, log: Log) {
    this.#path = path;
    this.#text = text;
    this.#log = log;
  }

  /** Resolves when the present state is in the file. Fails where it cannot be written. */
  save(): Promise<void> {
    if (this.#running !== undefined) {
      this.#again = true;
      return this.#running;
    }
    this.#running = this.#write().finally(() => {
      this.#running = undefined;
    });
    return this.#running;
  }

  /** Saves without anyone waiting; a failure is logged. */
  saveSoon(): void {
    this.save().catch((error: unknown) => {
      this.#log.error({ err: error, path: this.#path }, "the status of a guest cannot be written");
    });
  }

  /** Resolves when what is being written is in the file, or has failed. What a client was told must outlive a daemon that is killed. */
  async settled(): Promise<void> {
    await this.#running?.catch(() => {});
  }

  /** Removes the file; later saves do nothing. */
  async remove(): Promise<void> {
    this.#removed = true;
    await this.settled();
    await rm(this.#path, { force: true });
  }

  async #write(): Promise<void> {
    do {
      this.#again = false;
      if (this.#removed) return;
      await this.#replace().catch((error: unknown) => {
        throw systemError(`cannot write status file '${this.#path}'`, error);
      });
    } while (this.#again);
  }

  async #replace(): Promise<void> {
    await makeFolders(dirname(this.#path), 0o700);
    // Named as the store names its own, so that one that a killed daemon leaves is removed with them.
    const temporary = `${this.#path}.${process.pid}.0.new`;
    await writeFile(temporary, await this.#text(), { mode: 0o600 });
    await rename(temporary, this.#path);
  }
}

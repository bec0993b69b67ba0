import { readdir, readFile, rename, unlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Log } from "@polyvisor/core";
import { bootId } from "@polyvisor/sdk/process";
import { makeFolders } from "@polyvisor/sdk/store";

/** A log that is open: whose it is, and the pipe that is read for it. */
export interface KeptLog {
  readonly path: string;
  readonly driver: string;
  readonly guest: { readonly uuid: string; readonly name: string };
  /** The number of the pipe's inode, which names it on this host until that boots. */
  readonly pipe: string;
}

interface KeptFile extends KeptLog {
  readonly version: 1;
  readonly boot: string;
}

/**
 * The logs that are open, in a folder with a file for each, so that a daemon that comes after one that was killed knows them.
 * The manager's side reads it, too.
 */
export class KeptLogs {
  readonly #folder: string;
  readonly #log: Pick<Log, "warn">;

  constructor(folder: string, log: Pick<Log, "warn">) {
    this.#folder = folder;
    this.#log = log;
  }

  /** All that were written of this boot of the host. What cannot be read is left out. */
  async list(): Promise<KeptLog[]> {
    const names = await readdir(this.#folder).catch(() => []);
    const read = names.filter((name) => name.endsWith(".json")).map((name) => this.#read(name));
    return (await Promise.all(read)).filter((kept) => kept !== undefined);
  }

  /** The log is known to whoever comes after when this resolves. */
  async add({ path, driver, guest, pipe }: KeptLog): Promise<void> {
    const text = JSON.stringify({ version: 1, path, driver, guest, pipe, boot: bootId() } satisfies KeptFile);
    const name = this.#fileOf(pipe);
    await makeFolders(this.#folder, 0o700);
    await writeFile(`${name}.new`, text, { mode: 0o600 });
    await rename(`${name}.new`, name);
  }

  async remove({ pipe }: KeptLog): Promise<void> {
    await unlink(this.#fileOf(pipe)).catch(() => {});
  }

  #fileOf(pipe: string): string {
    return join(this.#folder, `${pipe}.json`);
  }

  async #read(name: string): Promise<KeptLog | undefined> {
    try {
      const { version, boot, ...kept } = JSON.parse(await readFile(join(this.#folder, name), "utf8")) as KeptFile;
      if (version !== 1) throw new Error(`its version is ${String(version)}`);
      if (boot === bootId()) return kept;
      await this.remove(kept);
    } catch (error) {
      this.#log.warn({ err: error, file: name }, "what is known of an open log cannot be read");
    }
    return undefined;
  }
}

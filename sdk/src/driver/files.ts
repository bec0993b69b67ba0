import { readdir, readFile, rm } from "node:fs/promises";
import { basename, join } from "node:path";
import type { HostPaths, Log } from "@polyvisor/core";
import { bootId } from "../process/index.js";
import {
  type JsonFields,
  jsonState,
  readJsonState,
  removeFile,
  removeTemporaries,
  replaceFile,
  type StateFormat,
  writeFileAtomic,
  writeLinkAtomic,
} from "../store/index.js";
import type { Keeper, KeptDefinition, KeptGuest } from "./keeper.js";

const STATUS: StateFormat = { version: 1, since: 1, oldest: 1, known: ["boot", "xml", "id", "status", "token"] };

/** Folders that this process has looked through: what is half-written in them from then on is its own. */
const lookedThrough = new Set<string>();

/** Removes what a process before this one was just writing when it was killed. */
async function removeHalfWritten(folder: string): Promise<void> {
  if (lookedThrough.has(folder)) return;
  lookedThrough.add(folder);
  await removeTemporaries(folder);
}

/** Keeps definitions, autostart links and the status of guests in files, in libvirt's layout. */
export class FileKeeper implements Keeper {
  readonly #config: string;
  readonly #autostart: string;
  readonly #run: string;
  readonly #log: Log;
  readonly #boot: () => string;
  /** What a later version has written into the status files. */
  readonly #foreign = new Map<string, JsonFields>();

  /** `boot` names the present boot of the machine that guests run on; by default it is this one. */
  constructor(paths: HostPaths, scheme: string, log: Log, boot: () => string = bootId) {
    this.#config = join(paths.config, scheme);
    this.#autostart = join(this.#config, "autostart");
    this.#run = join(paths.run, scheme);
    this.#log = log;
    this.#boot = boot;
  }

  /** Asked for before anything is kept. */
  async definitions(): Promise<readonly KeptDefinition[]> {
    await Promise.all([this.#config, this.#autostart, this.#run].map(removeHalfWritten));
    const autostart = new Set(await filesOf(this.#autostart, ".xml"));
    return this.#readAll(this.#config, ".xml", (file, xml) => ({
      name: basename(file, ".xml"),
      xml,
      autostart: autostart.has(file),
    }));
  }

  async guests(): Promise<readonly KeptGuest[]> {
    const found = await this.#readAll(this.#run, ".json", (file, text) => this.#guestOf(basename(file, ".json"), text));
    return found.filter((guest) => guest !== undefined);
  }

  async keepDefinition({ name, xml, autostart }: KeptDefinition): Promise<void> {
    const path = this.#definition(name);
    await writeFileAtomic(path, xml);
    if (autostart) await writeLinkAtomic(this.#link(name), path);
    else await removeFile(this.#link(name));
  }

  /** The link that makes it start goes first: better defined and still than gone and started. */
  async dropDefinition(name: string): Promise<void> {
    await removeFile(this.#link(name));
    await removeFile(this.#definition(name));
  }

  /** A guest is gone after the host's next boot: nobody waits for the disk. */
  async keepGuest({ name, ...fields }: KeptGuest): Promise<void> {
    const text = jsonState(STATUS, { boot: this.#boot(), ...fields }, this.#foreign.get(name) ?? {});
    await replaceFile(this.#status(name), text);
  }

  async dropGuest(name: string): Promise<void> {
    this.#foreign.delete(name);
    await rm(this.#status(name), { force: true });
  }

  async isFirstOfBoot(): Promise<boolean> {
    const mark = join(this.#run, "autostarted");
    if ((await readFile(mark, "utf8").catch(() => "")).trim() === this.#boot()) return false;
    await writeFileAtomic(mark, `${this.#boot()}\n`);
    return true;
  }

  /** A guest of an earlier boot is gone without a trace. */
  #guestOf(name: string, text: string): KeptGuest | undefined {
    const { fields, foreign, problem } = readJsonState(text, STATUS);
    if (problem !== undefined) throw new Error(problem);
    if (fields.boot !== this.#boot()) return undefined;
    this.#foreign.set(name, foreign);
    const { xml, id, status, token } = fields as unknown as Omit<KeptGuest, "name">;
    return { name, xml, id, status, token };
  }

  /** What cannot be read stays where it is, and is left out. */
  async #readAll<T>(folder: string, suffix: string, read: (file: string, text: string) => T): Promise<T[]> {
    const all: T[] = [];
    for (const file of await filesOf(folder, suffix)) {
      const path = join(folder, file);
      try {
        all.push(read(file, await readFile(path, "utf8")));
      } catch (error) {
        this.#log.error({ err: error, path }, "a file of the driver cannot be read and is left out");
      }
    }
    return all;
  }

  #definition(name: string): string {
    return join(this.#config, `${name}.xml`);
  }

  #link(name: string): string {
    return join(this.#autostart, `${name}.xml`);
  }

  #status(name: string): string {
    return join(this.#run, `${name}.json`);
  }
}

async function filesOf(folder: string, suffix: string): Promise<string[]> {
  try {
    return (await readdir(folder)).filter((file) => file.endsWith(suffix)).sort();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw error;
  }
}

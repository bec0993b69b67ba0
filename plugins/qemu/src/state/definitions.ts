import { readFile } from "node:fs/promises";
import { basename, join } from "node:path";
import type { Log } from "@polyvisor/core";
import type { Domain as DomainConfig } from "@polyvisor/sdk/conf/domain";
import { removeFile, writeFileAtomic, writeLinkAtomic } from "@polyvisor/sdk/store";
import { systemError } from "../errors.js";
import { inParallel } from "../in-parallel.js";
import type { Layout } from "./layout.js";
import { type Measured, measuredPart } from "./measured.js";
import { quickLook } from "./quick-look.js";
import { RecentlyUsed } from "./recently-used.js";
import { type ScanResult, scanDefinitions, xmlFiles } from "./scan.js";
import { textsOf } from "./texts.js";

/** What the index of definitions knows without having parsed any. */
export interface DefinitionEntry {
  readonly name: string;
  readonly uuid: string;
  readonly autostart: boolean;
}

/** Turns the text of a definition into what is asked for. */
export interface DefinitionReader {
  readStored(xml: string): Promise<DomainConfig>;
  readMeasured(xml: string): Promise<Measured>;
}

/** Definitions kept parsed, of 27 kB each; the others are read again when they are needed, which takes five times as long. */
const KEPT = 512;
/** From so many definitions on, a thread reads what nobody has measured yet. */
const MANY = 300;
/** Files that are read at once while the index is made. */
const PARALLEL = 32;

/**
 * Persistent definitions: one file each, in libvirt's layout.
 *
 * At the start only names and UUIDs are read; a definition is parsed when it is first used.
 */
export class DefinitionStore {
  readonly #layout: Layout;
  readonly #reader: DefinitionReader;
  readonly #log: Log;
  readonly #parsed = new RecentlyUsed<string, DomainConfig>(KEPT);
  readonly #measured = new Map<string, Measured>();
  /** Definitions that were saved or removed so far: what was read before the last of them may be old. */
  #changes = 0;

  constructor(layout: Layout, reader: DefinitionReader, log: Log) {
    this.#layout = layout;
    this.#reader = reader;
    this.#log = log;
  }

  /**
   * Every definition on disk; `scan` is what somebody has begun to look for there. One that cannot be read is left out, and
   * stays where it is.
   */
  async index(scan: Promise<ScanResult> = scanDefinitions(this.#layout.config)): Promise<DefinitionEntry[]> {
    const autostart = new Set(await xmlFiles(this.#layout.autostart));
    const { seen, unclear } = await scan;
    const entries: DefinitionEntry[] = [];
    const add = (name: string, uuid: string) => {
      entries.push({ name, uuid, autostart: autostart.has(`${name}.xml`) });
    };
    for (let at = 0; at < seen.length; at += 2) add(seen[at] ?? "", seen[at + 1] ?? "");
    for (const entry of await inParallel(unclear, PARALLEL, (file) => this.#entry(file))) {
      if (entry !== undefined) add(entry.name, entry.uuid);
    }
    return entries.sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  /** The definition, parsed. The result is shared: it is never changed, only replaced. */
  async load(name: string): Promise<DomainConfig> {
    const known = this.#parsed.get(name);
    if (known !== undefined) return known;
    const changes = this.#changes;
    const config = await this.#reader.readStored(await readDefinition(this.#layout.configFile(name)));
    if (changes === this.#changes) this.#parsed.set(name, config);
    return config;
  }

  /** What statistics need of the definition, which is kept from the first time on. */
  async measured(name: string): Promise<Measured> {
    const known = this.#measured.get(name);
    if (known !== undefined) return known;
    const parsed = this.#parsed.get(name);
    const changes = this.#changes;
    const xml = parsed === undefined ? await readDefinition(this.#layout.configFile(name)) : "";
    const measured = parsed === undefined ? await this.#reader.readMeasured(xml) : measuredPart(parsed);
    if (changes === this.#changes) this.#measured.set(name, measured);
    return measured;
  }

  /** Called before many definitions are to be measured. Those that cannot be read are passed over: `measured` tells why. */
  async measureAhead(names: readonly string[]): Promise<void> {
    const unknown = names.filter((name) => !this.#measured.has(name) && this.#parsed.get(name) === undefined);
    if (unknown.length < MANY) return;
    const nameOf = new Map(unknown.map((name) => [this.#layout.configFile(name), name]));
    const changes = this.#changes;
    for await (const batch of textsOf([...nameOf.keys()])) {
      for (const [path, text] of batch) {
        const measured = await this.#reader.readMeasured(text).catch(() => undefined);
        if (changes !== this.#changes) return;
        if (measured !== undefined) this.#measured.set(nameOf.get(path) ?? "", measured);
      }
    }
  }

  /** Durable when it resolves; where it fails, the definition that was there before still is. */
  async save(config: DomainConfig): Promise<void> {
    const { formatDomain } = await import("@polyvisor/sdk/conf/domain");
    const path = this.#layout.configFile(config.name);
    const text = `${header(config.name)}${formatDomain(config, { inactive: true, secure: true })}`;
    try {
      await writeFileAtomic(path, text, 0o600);
    } catch (error) {
      throw systemError(`cannot write definition ${path}`, error);
    }
    this.#parsed.set(config.name, config);
    this.#measured.delete(config.name);
    this.#changes++;
  }

  /** Where it fails, the definition stays, and starts by itself if it did. */
  async remove(name: string, autostart: boolean): Promise<void> {
    const path = this.#layout.configFile(name);
    try {
      if (autostart) await removeFile(this.#layout.autostartLink(name));
      await removeFile(path);
    } catch (error) {
      if (autostart) await this.setAutostart(name, true).catch(() => {});
      throw systemError(`cannot remove definition ${path}`, error);
    }
    this.#parsed.delete(name);
    this.#measured.delete(name);
    this.#changes++;
  }

  async setAutostart(name: string, autostart: boolean): Promise<void> {
    const link = this.#layout.autostartLink(name);
    try {
      if (autostart) await writeLinkAtomic(link, this.#layout.configFile(name));
      else await removeFile(link);
    } catch (error) {
      const what = autostart
        ? `Failed to create symlink '${link} to '${this.#layout.configFile(name)}'`
        : `Failed to delete symlink '${link}'`;
      throw systemError(what, error);
    }
  }

  async #entry(file: string): Promise<Omit<DefinitionEntry, "autostart"> | undefined> {
    const path = join(this.#layout.config, file);
    try {
      const text = await readFile(path, "utf8");
      const entry = quickLook(text) ?? (await this.#reader.readStored(text));
      if (entry.name !== basename(file, ".xml")) {
        throw new Error(`the name of the file does not match the domain's, which is ${entry.name}`);
      }
      return { name: entry.name, uuid: entry.uuid };
    } catch (error) {
      this.#log.error({ err: error, path }, "a definition cannot be read and is left out");
      return undefined;
    }
  }
}

async function readDefinition(path: string): Promise<string> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    throw systemError(`cannot read definition ${path}`, error);
  }
}

/** A name may hold anything that a file name may, but a comment must not hold two hyphens. */
function header(name: string): string {
  const shown = name.replaceAll("--", "- -");
  return `<!--
Written by Polyvisor, which rewrites this file and does not look at it again while it runs.
To change the domain use: virsh edit ${shown}
-->

`;
}

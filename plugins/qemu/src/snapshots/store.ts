import { readdir, readFile, rmdir } from "node:fs/promises";
import { join } from "node:path";
import type { Log } from "@polyvisor/core";
import type { MomentTree } from "@polyvisor/sdk/conf/moment";
import type { Snapshot } from "@polyvisor/sdk/conf/snapshot";
import { removeFile, writeFileAtomic } from "@polyvisor/sdk/store";
import type { ConfFolders } from "../conf/index.js";
import type { QemuDomain } from "../domain.js";
import { qemuError, systemError } from "../errors.js";

/** A domain's snapshots as they are kept. */
export type Snapshots = MomentTree<Snapshot>;

/** What reads and writes snapshots is loaded with the first: a daemon that starts does not wait for it. */
const loadDocuments = () => import("./documents.js");

/** What is known of snapshots, one file each: `NAME/SNAPSHOT.xml`. A domain's are read when they are first asked for. */
export class SnapshotStore {
  readonly #folder: string;
  readonly #folders: ConfFolders;
  readonly #log: Log;
  readonly #known = new WeakMap<QemuDomain, Promise<Snapshots>>();

  constructor(folder: string, folders: ConfFolders, log: Log) {
    this.#folder = folder;
    this.#folders = folders;
    this.#log = log;
  }

  of(domain: QemuDomain): Promise<Snapshots> {
    const known = this.#known.get(domain);
    if (known !== undefined) return known;
    const read = this.#read(domain.name);
    this.#known.set(domain, read);
    return read;
  }

  /** Keeps a snapshot, as the domain's current one where `current`. Where it cannot be written all is as it was. */
  async save(domain: QemuDomain, snapshot: Snapshot, current: boolean): Promise<void> {
    const tree = await this.of(domain);
    const before = tree.current === undefined ? undefined : tree.byName.get(tree.current);
    await this.#write(domain, snapshot, current);
    tree.set(snapshot);
    if (!current) return;
    tree.current = snapshot.name;
    if (before !== undefined && before.name !== snapshot.name) await this.#write(domain, before, false);
  }

  /** Forgets a snapshot. What followed it follows then what it followed. */
  async remove(domain: QemuDomain, snapshot: Snapshot): Promise<void> {
    const tree = await this.of(domain);
    const children = tree.children(snapshot.name);
    const wasCurrent = tree.current === snapshot.name;
    tree.remove(snapshot);
    const changed = new Set(children.map(({ name }) => name));
    if (wasCurrent && tree.current !== undefined) changed.add(tree.current);
    for (const name of changed) {
      const each = tree.byName.get(name);
      if (each !== undefined) await this.#write(domain, each, tree.current === name);
    }
    await this.#unlink(domain.name, snapshot.name);
  }

  /** Forgets all of them: the domain is going. */
  async removeAll(domain: QemuDomain): Promise<void> {
    const tree = await this.of(domain);
    for (const { name } of tree.descendants(undefined).reverse()) await this.#unlink(domain.name, name);
    await rmdir(this.#folderOf(domain.name)).catch(() => {});
    this.#known.delete(domain);
  }

  #folderOf(name: string): string {
    return join(this.#folder, name);
  }

  async #write(domain: QemuDomain, snapshot: Snapshot, current: boolean): Promise<void> {
    const { formatSnapshot } = await loadDocuments();
    const text = formatSnapshot(snapshot, { domainUuid: domain.uuid, secure: true, current });
    try {
      await writeFileAtomic(join(this.#folderOf(domain.name), `${snapshot.name}.xml`), text, 0o600);
    } catch (cause) {
      throw qemuError("INTERNAL_ERROR", `unable to save metadata for snapshot ${snapshot.name}`, { cause });
    }
  }

  async #unlink(domain: string, name: string): Promise<void> {
    const path = join(this.#folderOf(domain), `${name}.xml`);
    await removeFile(path).catch((error: unknown) => {
      throw systemError(`cannot remove '${path}'`, error);
    });
  }

  async #read(name: string): Promise<Snapshots> {
    const { MomentTree, parseStoredSnapshot, snapshotReading } = await loadDocuments();
    const tree: Snapshots = new MomentTree();
    const folder = this.#folderOf(name);
    const files = await readdir(folder).catch(() => []);
    for (const file of files.sort()) {
      if (!file.endsWith(".xml")) continue;
      const path = join(folder, file);
      try {
        const options = { redefine: true, ...snapshotReading(this.#folders) };
        const { snapshot, current } = parseStoredSnapshot(await readFile(path, "utf8"), options);
        tree.set(snapshot);
        if (current) tree.current = snapshot.name;
      } catch (error) {
        this.#log.error({ err: error, path }, "a snapshot cannot be read and is left out");
      }
    }
    return tree;
  }
}

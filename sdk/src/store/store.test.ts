import { mkdtemp, readdir, readFile, readlink, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DomainRef } from "@polyvisor/core";
import test from "ava";
import {
  DomainRegistry,
  type DurableFs,
  removeFile,
  removeTemporaries,
  writeFileAtomic,
  writeLinkAtomic,
} from "./index.js";

const folder = await mkdtemp(join(tmpdir(), "polyvisor-store-"));
test.after.always(() => rm(folder, { recursive: true, force: true }));

test("a file is replaced whole, with its mode, in folders that are made", async (t) => {
  const path = join(folder, "a/b/file.xml");
  await writeFileAtomic(path, "old");
  await writeFileAtomic(path, "new", 0o640);
  t.is(await readFile(path, "utf8"), "new");
  t.is((await stat(path)).mode & 0o777, 0o640);
  t.deepEqual(await readdir(join(folder, "a/b")), ["file.xml"]);
  await removeFile(path);
  await removeFile(path);
  await removeFile(join(folder, "nowhere/file"));
  t.deepEqual(await readdir(join(folder, "a/b")), []);
});

const { open, rename, link, symlink, rm: remove, mkdir } = await import("node:fs/promises");
const real: DurableFs = {
  open,
  rename,
  link,
  symlink,
  rm: (path) => remove(path, { force: true }),
  mkdir: (path) => mkdir(path, { recursive: true }),
};
const full = Object.assign(new Error("no space left on device"), { code: "ENOSPC" });
const fail = () => Promise.reject(full);
/** A file system on which one step fails, by the name of the step; `isFile` tells files from folders. */
const failing: Readonly<Record<string, DurableFs>> = {
  open: { ...real, open: (path, flags, mode) => (flags === "wx" ? fail() : open(path, flags, mode)) },
  write: {
    ...real,
    open: async (path, flags, mode) => Object.assign(await open(path, flags, mode), { writeFile: fail }),
  },
  "flush of the file": {
    ...real,
    open: async (path, flags, mode) =>
      Object.assign(await open(path, flags, mode), flags === "wx" ? { sync: fail } : {}),
  },
  symlink: { ...real, symlink: fail },
  rename: { ...real, rename: (from, to) => (to.endsWith(".old") || from.endsWith(".old") ? rename(from, to) : fail()) },
  "rename away": { ...real, rename: fail },
  "flush of the folder": {
    ...real,
    open: async (path, flags, mode) =>
      Object.assign(await open(path, flags, mode), flags === "r" ? { sync: fail } : {}),
  },
};

async function folderOf(name: string): Promise<{ path: string; content: () => Promise<string[]> }> {
  const own = join(folder, name);
  await mkdir(own);
  return { path: join(own, "file"), content: () => readdir(own) };
}

for (const step of ["open", "write", "flush of the file", "rename", "flush of the folder"]) {
  test(`when the ${step} fails the old content stays and nothing else is left`, async (t) => {
    const { path, content } = await folderOf(`write ${step}`);
    await t.throwsAsync(writeFileAtomic(path, "lost", 0o600, failing[step]), { code: "ENOSPC" });
    t.deepEqual(await content(), []);
    await writeFileAtomic(path, "acknowledged");
    await t.throwsAsync(writeFileAtomic(path, "lost", 0o600, failing[step]), { code: "ENOSPC" });
    t.is(await readFile(path, "utf8"), "acknowledged");
    t.deepEqual(await content(), ["file"]);
  });
}

for (const step of ["symlink", "rename", "flush of the folder"]) {
  test(`when the ${step} fails the old link stays and nothing else is left`, async (t) => {
    const { path, content } = await folderOf(`link ${step}`);
    await writeLinkAtomic(path, "acknowledged");
    await t.throwsAsync(writeLinkAtomic(path, "lost", failing[step]), { code: "ENOSPC" });
    t.is(await readlink(path), "acknowledged");
    t.deepEqual(await content(), ["file"]);
  });
}

for (const step of ["rename away", "flush of the folder"]) {
  test(`when the ${step} fails a file is not removed`, async (t) => {
    const { path, content } = await folderOf(`remove ${step}`);
    await writeFileAtomic(path, "acknowledged");
    await t.throwsAsync(removeFile(path, failing[step]), { code: "ENOSPC" });
    t.is(await readFile(path, "utf8"), "acknowledged");
    t.deepEqual(await content(), ["file"]);
  });
}

test("what an interrupted write leaves can be told from everything else", async (t) => {
  const { path, content } = await folderOf("interrupted");
  const names: string[] = [];
  const watched: DurableFs = {
    ...real,
    rename: (from, to) => {
      names.push(from, to);
      return rename(from, to);
    },
  };
  await writeFileAtomic(path, "x", 0o600, watched);
  await removeFile(path, watched);
  const temporaries = names.filter((name) => name !== path);
  t.is(temporaries.length, 2);
  for (const name of [...temporaries, path, `${path}.new`, `${path}.1.new.xml`]) await writeFile(name, "");
  await removeTemporaries(join(folder, "interrupted"));
  await removeTemporaries(join(folder, "nowhere"));
  t.deepEqual((await content()).sort(), ["file", "file.1.new.xml", "file.new"]);
});

const UUIDS = ["00000000-0000-4000-8000-000000000001", "00000000-0000-4000-8000-000000000002"] as const;

test("a registry finds a domain by uuid, name and id as these change", (t) => {
  const registry = new DomainRegistry<{ ref: DomainRef }>();
  const entry = { ref: new DomainRef("a", UUIDS[0], -1) };
  registry.add(entry);
  t.is(registry.lookupByName("a"), entry);
  t.is(registry.byId(-1), undefined);

  entry.ref = new DomainRef("b", UUIDS[0], 7);
  registry.reindex(entry);
  t.is(registry.lookupByID(7), entry);
  t.is(registry.byName("a"), undefined);
  t.is(registry.find({ name: "stale", uuid: UUIDS[0], id: -1 }), entry);

  entry.ref = new DomainRef("b", UUIDS[0], -1);
  registry.reindex(entry);
  t.is(registry.byId(7), undefined);
  t.deepEqual([...registry], [entry]);

  registry.remove(entry);
  t.is(registry.size, 0);
});

test("what a registry does not have is named in libvirt's words", (t) => {
  const registry = new DomainRegistry<{ ref: DomainRef }>();
  const rows: [() => unknown, string][] = [
    [() => registry.lookupByName("x"), "Domain not found: no domain with matching name 'x'"],
    [() => registry.lookupByUUID(UUIDS[1]), `Domain not found: no domain with matching uuid '${UUIDS[1]}'`],
    [() => registry.lookupByID(3), "Domain not found: no domain with matching id 3"],
    [
      () => registry.find({ name: "x", uuid: UUIDS[1], id: 3 }),
      `Domain not found: no domain with matching uuid '${UUIDS[1]}' (x)`,
    ],
  ];
  for (const [lookup, message] of rows) t.like(t.throws(lookup), { code: "NO_DOMAIN", number: 42, message });
});

test("a registry refuses a second domain of the same name or uuid", (t) => {
  const registry = new DomainRegistry<{ ref: DomainRef }>();
  registry.add({ ref: new DomainRef("a", UUIDS[0], -1) });
  t.throws(() => registry.add({ ref: new DomainRef("a", UUIDS[1], -1) }));
  t.throws(() => registry.add({ ref: new DomainRef("b", UUIDS[0], -1) }));
  t.is(registry.size, 1);
});

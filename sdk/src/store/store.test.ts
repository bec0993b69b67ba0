import { mkdtemp, readdir, readFile, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DomainRef } from "@polyvisor/core";
import test from "ava";
import { DomainRegistry, type DurableFs, removeFile, writeFileAtomic } from "./index.js";

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

test("when a step fails the old content stays and nothing else is left", async (t) => {
  const { open, rename, rm: remove, mkdir } = await import("node:fs/promises");
  const real: DurableFs = {
    open,
    rename,
    rm: (path) => remove(path, { force: true }),
    mkdir: (path) => mkdir(path, { recursive: true }),
  };
  const full = Object.assign(new Error("no space left on device"), { code: "ENOSPC" });
  const fail = () => Promise.reject(full);
  const failing: Record<string, DurableFs> = {
    open: { ...real, open: (path, flags, mode) => (flags === "wx" ? fail() : open(path, flags, mode)) },
    write: {
      ...real,
      open: async (path, flags, mode) => Object.assign(await open(path, flags, mode), { writeFile: fail }),
    },
    sync: {
      ...real,
      open: async (path, flags, mode) =>
        Object.assign(await open(path, flags, mode), flags === "wx" ? { sync: fail } : {}),
    },
    rename: { ...real, rename: fail },
  };
  const own = join(folder, "failing");
  const path = join(own, "file");
  await writeFileAtomic(path, "acknowledged");
  for (const [step, fs] of Object.entries(failing)) {
    await t.throwsAsync(writeFileAtomic(path, "lost", 0o600, fs), { code: "ENOSPC" }, step);
    t.is(await readFile(path, "utf8"), "acknowledged", step);
    t.deepEqual(await readdir(own), ["file"], step);
  }
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

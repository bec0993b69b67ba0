import { chown, mkdir, readdir, readFile, rename, rm, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { type HostServices, VirtError } from "@polyvisor/core";
import test, { type ExecutionContext } from "ava";
import { bootTime } from "./boot-time.js";
import type { JournalEntry } from "./helper/journal.js";
import { holdByte, LabelBench, mayRemember } from "./testing/bench.js";
import { LabelTransactions } from "./transactions.js";

const FREE = "1000:1001 - -";
const ONE = "7:8 +1000:+1001 1 at a time";

const withAttributes = (await mayRemember()) ? test : test.skip;
const why = withAttributes === test ? "" : " (only root may remember owners on files)";

function labelTest(title: string, body: (t: ExecutionContext, bench: LabelBench) => Promise<void>): void {
  withAttributes(`${title}${why}`, async (t) => {
    const bench = await LabelBench.make();
    t.teardown(() => bench.remove());
    await body(t, bench);
  });
}

labelTest(
  "an owner is remembered in libvirt's attributes, with a count, until the last guest is gone",
  async (t, bench) => {
    await bench.file("a");
    const labels = bench.transactions();
    await labels.set("one", [bench.item("a")]);
    t.is(await bench.portrait("a"), ONE);
    await labels.set("two", [bench.item("a")]);
    t.is(await bench.portrait("a"), "7:8 +1000:+1001 2 at a time");
    await labels.restore("one", [bench.path("a")]);
    await labels.restore("one", [bench.path("a")]);
    t.is(await bench.portrait("a"), ONE);
    await labels.restore("two");
    t.is(await bench.portrait("a"), FREE);
    t.deepEqual(await readdir(bench.journals), []);
  },
);

labelTest("what one manager has begun another one ends", async (t, bench) => {
  await bench.file("a");
  const labels = bench.transactions();
  bench.remember("a", { dac: "+1:+2", ref_dac: "1", timestamp_dac: String(await bootTime()) });
  await labels.set("one", [bench.item("a", { label: "+1000:+1001" })]);
  t.is(await bench.portrait("a"), "1000:1001 +1:+2 2 at a time");
  bench.remember("a", { ref_dac: "1" });
  await labels.restore("one");
  t.is(await bench.portrait("a"), "1:2 - -");
});

labelTest("what was remembered before the host was started is worth nothing", async (t, bench) => {
  await bench.file("a");
  const labels = bench.transactions();
  bench.remember("a", { dac: "+1:+2", ref_dac: "5", timestamp_dac: "1000" });
  await labels.set("one", [bench.item("a")]);
  t.is(await bench.portrait("a"), ONE);
  await labels.restore("one");
  t.is(await bench.portrait("a"), FREE);
});

labelTest("another owner is refused while a guest uses a file, and nothing is changed", async (t, bench) => {
  for (const name of ["a", "b", "c"]) await bench.file(name);
  const labels = bench.transactions();
  await labels.set("one", [bench.item("b")]);
  const items = ["a", "b", "c"].map((name) => bench.item(name, { label: "+9:+9" }));
  await t.throwsAsync(labels.set("two", items), {
    message: `Requested operation is not valid: Setting different DAC user or group on ${bench.path("b")} which is already in use`,
  });
  t.deepEqual(await Promise.all(["a", "b", "c"].map((name) => bench.portrait(name))), [FREE, ONE, FREE]);
  await t.throwsAsync(labels.set("two", [bench.item("a"), bench.item("missing")]), {
    message: `unable to stat: ${bench.path("missing")}: No such file or directory`,
  });
  t.is(await bench.portrait("a"), FREE);
  await labels.set("two", [bench.item("a"), bench.item("missing", { optional: true })]);
  t.is(await bench.portrait("a"), ONE);
});

labelTest("a shared image that a guest can read stays with its first owner", async (t, bench) => {
  const path = await bench.file("base");
  const labels = bench.transactions();
  const shared = { shared: true };
  await labels.set("one", [bench.item("base", shared)]);
  await labels.set("two", [bench.item("base", { ...shared, label: "+9:+8" })]);
  t.is(await bench.portrait("base"), "9:8 +1000:+1001 2 at a time");
  await labels.restore("two", [path]);
  await labels.restore("one", [path]);
  t.is(await bench.portrait("base"), FREE);
});

labelTest("what is made for a guest is not remembered, and no symbolic link takes its place", async (t, bench) => {
  await bench.file("victim");
  await mkdir(bench.path("own"));
  await symlink(bench.path("victim"), bench.path("trap"));
  const labels = bench.transactions();
  await t.throwsAsync(labels.set("one", [bench.item("trap", { own: true, remember: false })]), {
    message: /unable to stat: .*trap: Too many levels of symbolic links/,
  });
  t.is(await bench.portrait("victim"), FREE);
  await labels.set("one", [bench.item("own", { own: true, remember: false })]);
  t.is(await bench.portrait("own"), "7:8 - -");
});

labelTest("a file that took the place of another one is left alone", async (t, bench) => {
  await bench.file("a");
  const labels = bench.transactions();
  await labels.set("one", [bench.item("a")]);
  await bench.file("other");
  await rename(bench.path("other"), bench.path("a"));
  await labels.restore("one");
  t.is(await bench.portrait("a"), FREE);
});

labelTest("two names of one file are counted apart", async (t, bench) => {
  const path = await bench.file("a");
  await symlink(path, bench.path("b"));
  const labels = bench.transactions();
  await labels.set("one", [bench.item("a"), bench.item("b")]);
  t.is(await bench.portrait("a"), "7:8 +1000:+1001 2 at a time");
  await labels.restore("one");
  t.is(await bench.portrait("a"), FREE);
});

/** Where a helper may be killed: what is on the file then, and in the journal, and that it was `others` before. */
const KILLED: Readonly<
  Record<string, { readonly owner?: string; readonly kept: object; readonly entry?: Partial<JournalEntry> }>
> = {
  "before anything": { kept: {} },
  "before the count": { kept: { dac: "+1000:+1001", timestamp_dac: "now" } },
  "after the count": { kept: { dac: "+1000:+1001", timestamp_dac: "now", ref_dac: "1" } },
  "after the change": { owner: "7:8", kept: { dac: "+1000:+1001", timestamp_dac: "now", ref_dac: "1" } },
  "once it was put back": {
    kept: { dac: "+1000:+1001", timestamp_dac: "now", ref_dac: "1" },
    entry: { isDone: true, leaving: 1 },
  },
  "once it was forgotten by half": { kept: { timestamp_dac: "now" }, entry: { isDone: true, leaving: 1 } },
};

for (const [moment, { owner, kept, entry }] of Object.entries(KILLED)) {
  labelTest(`a helper that is killed ${moment} leaves what the next one puts back`, async (t, bench) => {
    const path = await bench.file("a");
    const labels = bench.transactions();
    await labels.set("one", [bench.item("a")]);
    const [journal = ""] = await readdir(bench.journals);
    const file = join(bench.journals, journal);
    const set = (await readFile(file, "utf8")).split("\n").find((line) => line.includes('"set"')) ?? "";
    await labels.restore("one");
    const time = await bootTime();
    const lines = [`{"boot":${time}}`, set];
    if (entry?.isDone) lines.push(JSON.stringify({ done: path }));
    if (entry?.leaving) lines.push(JSON.stringify({ leaving: path, count: entry.leaving }));
    await writeFile(file, `${lines.join("\n")}\n{"cut off`);
    if (owner !== undefined) await chownTo(path, owner);
    bench.remember("a", Object.fromEntries(Object.entries(kept).map(([k, v]) => [k, v === "now" ? String(time) : v])));
    await labels.restore("one");
    t.is(await bench.portrait("a"), FREE);
    t.deepEqual(await readdir(bench.journals), []);
  });
}

labelTest("a label waits for who has libvirt's lock on its file, and no longer than it may", async (t, bench) => {
  const path = await bench.file("a");
  const holder = await holdByte(path, 1);
  await t.throwsAsync(bench.transactions({ lock: 200 }).set("one", [bench.item("a")]), {
    message: `unable to lock ${path} for metadata change: Resource temporarily unavailable`,
  });
  t.is(await bench.portrait("a"), FREE);
  const waiting = bench.transactions().set("one", [bench.item("a")]);
  t.is(await Promise.race([waiting, delay(300, "waits")]), "waits");
  await holder.end();
  await waiting;
  t.is(await bench.portrait("a"), ONE);
});

labelTest("a lock on the contents of a file keeps nobody waiting", async (t, bench) => {
  const holder = await holdByte(await bench.file("a"), 0);
  await bench.transactions({ lock: 1 }).set("one", [bench.item("a")]);
  t.is(await bench.portrait("a"), ONE);
  await holder.end();
});

labelTest("two who label the same files in opposite order never wait for each other", async (t, bench) => {
  const names = ["a", "b", "c", "d"];
  for (const name of names) await bench.file(name);
  const loop = async (guest: string, order: readonly string[]) => {
    const labels = bench.transactions();
    for (let round = 0; round < 50; round++) {
      await labels.set(
        guest,
        order.map((name) => bench.item(name)),
      );
      await labels.restore(guest);
    }
  };
  await Promise.all([loop("one", names), loop("two", [...names].reverse()), loop("three", ["c", "a", "d", "b"])]);
  t.deepEqual(
    await Promise.all(names.map((name) => bench.portrait(name))),
    names.map(() => FREE),
  );
});

labelTest(
  "the lock manager keeps others out meanwhile; one that has no such locks is passed over",
  async (t, bench) => {
    await bench.file("a");
    const said: string[] = [];
    const services = (lockMetadata: (args: { paths: readonly string[] }) => Promise<string>) =>
      ({
        connect: async () => ({
          lockMetadata,
          unlockMetadata: async ({ token }: { token: string }) => void said.push(`unlock ${token}`),
        }),
      }) as unknown as HostServices;
    const labels = (host: HostServices, lock = 60_000) =>
      new LabelTransactions({
        model: "dac",
        folder: bench.journals,
        services: host,
        limits: { lock },
        log: { warn: () => said.push("warned"), error() {}, info() {}, debug() {} } as never,
      });
    const granting = services(async ({ paths }) => {
      said.push(`lock ${paths.length}, ${(await bench.portrait("a")) === FREE ? "free" : "labelled"}`);
      return "t1";
    });
    await labels(granting).set("one", [bench.item("a"), bench.item("own", { optional: true, remember: false })]);
    t.deepEqual(said.splice(0), ["lock 1, free", "unlock t1"]);
    const lacking = services(() => Promise.reject(new VirtError("NO_SUPPORT", "lockMetadata")));
    await labels(lacking).set("two", [bench.item("a")]);
    t.is(await bench.portrait("a"), "7:8 +1000:+1001 2 at a time");
    const hanging = services(() => new Promise(() => {}));
    await t.throwsAsync(labels(hanging, 50).set("three", [bench.item("a")]), { message: /did not lock labels within/ });
    await labels(hanging, 50).restore("two", [bench.path("a")], [bench.path("a")]);
    t.is(await bench.portrait("a"), ONE);
    t.deepEqual(said, ["warned"]);
    await labels(lacking).restore("one");
    t.is(await bench.portrait("a"), FREE);
  },
);

labelTest("files without number and with odd names", async (t, bench) => {
  const names = Array.from({ length: 200 }, (_, at) => `${at} '"\n$(id)`);
  for (const name of names) await bench.file(name);
  const labels = bench.transactions();
  await labels.set(
    "one",
    names.map((name) => bench.item(name)),
  );
  t.true((await Promise.all(names.map((name) => bench.portrait(name)))).every((each) => each === ONE));
  await rm(bench.path(names[7] ?? ""));
  await labels.restore("one");
  const left = names.filter((_, at) => at !== 7);
  t.true((await Promise.all(left.map((name) => bench.portrait(name)))).every((each) => each === FREE));
});

async function chownTo(path: string, owner: string): Promise<void> {
  const [uid = 0, gid = 0] = owner.split(":").map(Number);
  await chown(path, uid, gid);
}

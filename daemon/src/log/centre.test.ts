import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test, { type ExecutionContext } from "ava";
import { LogCentre } from "./centre.js";
import { type LogLevel, parseFilters } from "./settings.js";

interface Line {
  readonly msg: string;
  readonly [field: string]: unknown;
}

async function folderOf(t: ExecutionContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "pv-log-"));
  t.teardown(() => rm(folder, { recursive: true }));
  return folder;
}

async function linesOf(path: string): Promise<Line[]> {
  const text = await readFile(path, "utf8");
  return text
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as Line);
}

/** What a file has once a last line, which this writes, has reached it. */
async function wordsIn(centre: LogCentre, path: string): Promise<string[]> {
  centre.log.error({}, "last");
  for (;;) {
    const words = (await linesOf(path)).map(({ msg }) => msg);
    if (words.at(-1) === "last") return words.slice(0, -1);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

const openWith = (path: string, level: LogLevel) =>
  LogCentre.open({ level, outputs: [{ level: 1, to: "file", path }], filters: [] });

test("level and filters reach logs that were made before, and the more special counts", async (t) => {
  const path = join(await folderOf(t), "deep/log");
  const centre = await openWith(path, 3);
  const [qemu, rpc] = [centre.log.child({ plugin: "qemu" }), centre.log.child({ part: "rpc" })];
  qemu.info({}, "1: too low");
  rpc.warn({}, "2: enough");
  await centre.set({ filters: parseFilters("1:qemu 4:rpc") });
  qemu.debug({}, "3: by its filter");
  qemu.child({ call: "domainCreate" }).debug({}, "4: a child's too");
  rpc.warn({}, "5: too low for its filter");
  await centre.set({ level: 1, filters: [] });
  rpc.debug({}, "6: by the level");
  t.deepEqual(await wordsIn(centre, path), ["2: enough", "3: by its filter", "4: a child's too", "6: by the level"]);
});

test("each output takes what is important enough for it, and fields of parents are there", async (t) => {
  const folder = await folderOf(t);
  const [all, grave] = [join(folder, "all"), join(folder, "grave")];
  const centre = await openWith(all, 1);
  await centre.set({
    outputs: [
      { level: 1, to: "file", path: all },
      { level: 4, to: "file", path: grave },
    ],
  });
  const log = centre.log.child({ client: 7 }).child({ request: "7.1" });
  log.debug({}, "small");
  log.error({ code: 3 }, "big");
  t.deepEqual(await wordsIn(centre, all), ["small", "big"]);
  const [line] = await linesOf(grave);
  t.like(line, { client: 7, request: "7.1", code: 3, msg: "big" });
});

test("outputs that cannot be opened change nothing", async (t) => {
  const path = join(await folderOf(t), "log");
  const centre = await openWith(path, 2);
  const bad = { level: 1, to: "file", path: join(path, "below-a-file") } as const;
  const error = await t.throwsAsync(centre.set({ level: 4, outputs: [{ level: 1, to: "stderr" }, bad] }));
  t.is(error?.message, `failed to open ${bad.path}: Not a directory`);
  centre.log.info({}, "still here");
  t.deepEqual(await wordsIn(centre, path), ["still here"]);
  t.deepEqual(centre.outputs, [{ level: 1, to: "file", path }]);
});

test("setting the same outputs opens their files anew, as is needed after they were moved away", async (t) => {
  const folder = await folderOf(t);
  const path = join(folder, "log");
  const centre = await openWith(path, 2);
  centre.log.info({}, "before");
  await wordsIn(centre, path);
  await rm(path);
  await centre.set({ outputs: centre.outputs });
  centre.log.info({}, "after");
  t.deepEqual(await wordsIn(centre, path), ["after"]);
});

test("calls leave lines only where some line of that level could be kept", async (t) => {
  const centre = await openWith(join(await folderOf(t), "log"), 3);
  t.false(centre.trace.on);
  await centre.set({ filters: parseFilters("1:qemu") });
  t.true(centre.trace.on);
  await centre.set({ outputs: [{ level: 3, to: "stderr" }] });
  t.false(centre.trace.on);
});

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, writeSync } from "node:fs";
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { withinReason } from "@polyvisor/sdk/testkit";
import test, { type ExecutionContext } from "ava";
import { type LogCalls, makeFolder, startOwn, type TestedDaemon } from "./testing/daemons.js";

const dom = { uuid: "6695eb01-f6a4-8304-79aa-97f2502e193f", name: "guest" };

/** Large enough for what most tests write, and small enough for guests that never stop. */
const MAX_SIZE = 6_000_000;

/** One daemon for all that need none of their own. */
const shared = await (async () => {
  const folder = await mkdtemp(join(tmpdir(), "polyvisor-logd-"));
  return { folder, daemon: await startOwn(folder, `max_size = ${MAX_SIZE}\nmax_backups = 2\n`) };
})();

test.after.always(async () => {
  await shared.daemon.stop();
  await rm(shared.folder, { recursive: true, force: true });
});

async function begin(t: ExecutionContext, { folder, daemon } = { ...shared, folder: "" }) {
  const own = folder === "" ? await makeFolder(t) : folder;
  const { client, log } = await daemon.connect();
  t.teardown(() => client.close());
  const open = async (path: string, flags = 0) => {
    const { pos, descriptor } = await log.domainOpenLogFile({ driver: "test", dom, path, flags });
    t.teardown(() => descriptor.close());
    return { pos, descriptor };
  };
  return { folder: own, log, open };
}

/** A guest that writes to a log, as fast as it can. Its end of the pipe is its own. */
function guest(t: ExecutionContext, fd: number, ...argv: string[]): ChildProcess {
  const [program = "", ...args] = argv;
  const child = spawn(program, args, { stdio: ["ignore", fd, fd] });
  t.teardown(() => void child.kill("SIGKILL"));
  return child;
}

async function offset(log: LogCalls, path: string): Promise<number> {
  return Number((await log.domainGetLogFilePosition({ path, flags: 0 })).offset);
}

async function isClosed(log: LogCalls, path: string): Promise<boolean> {
  return offset(log, path).then(
    () => false,
    () => true,
  );
}

test("a thousand times a guest writes and its position is asked for: it is exact each time", async (t) => {
  const { folder, log, open } = await begin(t);
  const path = join(folder, "guest.log");
  const { pos, descriptor } = await open(path);
  let written = 0;
  const wrong: unknown[] = [];
  for (let round = 0; round < 1000; round++) {
    const line = `${round} ${"x".repeat((round * 37) % 5000)}\n`;
    written += writeSync(descriptor.fd, line);
    const now = await log.domainGetLogFilePosition({ path, flags: 0 });
    if (Number(now.offset) !== written || now.inode !== pos.inode) wrong.push([round, written, now]);
  }
  t.deepEqual(wrong, []);
  t.is((await stat(path)).size, written);
  // Nobody waits on a pipe in which nothing is.
  const { descriptor: other } = await open(join(folder, "other.log"));
  writeSync(other.fd, "other\n");
  t.is(await offset(log, join(folder, "other.log")), 6);
  writeSync(descriptor.fd, "last\n");
  t.is(await offset(log, path), written + 5);
});

test("what is more than a pipe holds is all there when the position is told", async (t) => {
  const { folder, log, open } = await begin(t);
  const path = join(folder, "guest.log");
  const { pos, descriptor } = await open(path);
  const child = guest(t, descriptor.fd, "seq", "1", "50000");
  await once(child, "exit");
  const all = Array.from({ length: 50_000 }, (_, index) => `${index + 1}\n`).join("");
  t.is(await offset(log, path), all.length);
  t.is(await log.domainReadLogFile({ path, pos, maxlen: 1_000_000, flags: 0 }), all);
});

test("guests that write as fast as they can starve neither others nor calls, and their files stay small", async (t) => {
  const { folder, log, open } = await begin(t);
  const floods = [1, 2, 3].map((number) => join(folder, `flood${number}.log`));
  for (const path of floods) {
    const { descriptor } = await open(path);
    guest(t, descriptor.fd, "yes", "a line that a guest in a loop writes again and again");
    descriptor.close();
  }
  const path = join(folder, "quiet.log");
  const { descriptor } = await open(path);
  for (let round = 1; round <= 25; round++) {
    writeSync(descriptor.fd, "quiet\n");
    if (round % 5 !== 0) t.is(await offset(log, path), 6 * round);
    // Not asked for, it is written all the same.
    else await withinReason("a quiet guest's words", async () => (await stat(path)).size === 6 * round);
  }
  for (const flood of floods) t.true((await offset(log, flood)) <= MAX_SIZE);
  for (const name of floods.flatMap((flood) => [flood, `${flood}.0`, `${flood}.1`])) {
    // Where it is being rolled over, there is none for a moment.
    const size = await stat(name).then(
      (found) => found.size,
      () => 0,
    );
    t.true(size <= MAX_SIZE, name);
  }
  t.deepEqual(
    (await readdir(folder)).filter((name) => name.endsWith(".2")),
    [],
  );
});

test("what cannot be written is lost, and nobody waits for it", async (t) => {
  const { log, open } = await begin(t);
  const { descriptor } = await open("/dev/full");
  const child = guest(t, descriptor.fd, "seq", "1", "100000");
  const [code] = await once(child, "exit");
  t.is(code, 0, "the guest has written more than a pipe holds");
  t.is(await offset(log, "/dev/full"), 0);
  const { descriptor: nowhere } = await open("/dev/null", 1);
  writeSync(nowhere.fd, "words\n");
  t.is(await offset(log, "/dev/null"), 6);
  t.true((await stat("/dev/null")).isCharacterDevice(), "a device is neither emptied nor rolled over");
});

test("a file that others cut or write to is written to at its end", async (t) => {
  const { folder, log, open } = await begin(t);
  const path = join(folder, "guest.log");
  const { descriptor } = await open(path);
  writeSync(descriptor.fd, "old words\n");
  await offset(log, path);
  await writeFile(path, "");
  writeSync(descriptor.fd, "new\n");
  t.is(await offset(log, path), 4);
  await writeFile(path, "another's\n", { flag: "a" });
  writeSync(descriptor.fd, "newer\n");
  t.is(await offset(log, path), 20);
  t.is(await readFile(path, "utf8"), "new\nanother's\nnewer\n");
});

test("a log is free as soon as its guest has ended", async (t) => {
  const { folder, log, open } = await begin(t);
  const path = join(folder, "guest.log");
  for (let round = 0; round < 30; round++) {
    const { descriptor } = await open(path);
    const fd = descriptor.take();
    const child = guest(t, fd, "echo", "words");
    closeSync(fd);
    await once(child, "exit");
  }
  await withinReason("the log is closed", () => isClosed(log, path));
  t.is(await readFile(path, "utf8"), "words\n".repeat(30));
});

test("a log is one guest's at a time", async (t) => {
  const { folder, log, open } = await begin(t);
  const path = join(folder, "guest.log");
  const { descriptor } = await open(path);
  writeSync(descriptor.fd, "words\n");
  await t.throwsAsync(open(path, 1), { message: `Cannot open log file: '${path}': Device or resource busy` });
  t.is(await offset(log, path), 6);
});

/** When the daemon's process began. */
async function startTime({ pid }: TestedDaemon): Promise<string | undefined> {
  return (await readFile(`/proc/${pid}/stat`, "utf8")).split(") ")[1]?.split(" ")[19];
}

/** Where the daemon's program is in memory: the next one is elsewhere. */
async function program({ pid }: TestedDaemon): Promise<string> {
  return (await readFile(`/proc/${pid}/auxv`)).toString("hex");
}

test("the daemon's program is replaced while guests write: no byte is lost or doubled, connections and pid stay", async (t) => {
  const folder = await makeFolder(t);
  const daemon = await startOwn(folder, "max_size = 0\n");
  t.teardown(() => daemon.stop());
  const { log, open } = await begin(t, { folder, daemon });
  const path = join(folder, "guest.log");
  const { descriptor } = await open(path);
  const before = await startTime(daemon);
  const child = guest(t, descriptor.fd, "sh", "-c", "for n in 1 2 3 4 5 6; do seq 1 40000; sleep 0.1; done");
  descriptor.close();
  const ended = once(child, "exit");
  for (let round = 0; round < 2; round++) {
    const seen = await program(daemon);
    daemon.signal("SIGUSR1");
    await withinReason("the program is replaced", async () => (await program(daemon)) !== seen);
    t.true((await offset(log, path).catch(() => 0)) >= 0, "the connection stays");
  }
  await ended;
  await withinReason("the log is closed", () => isClosed(log, path));
  const all = Array.from({ length: 40_000 }, (_, index) => `${index + 1}\n`).join("");
  t.true((await readFile(path, "utf8")) === all.repeat(6), "other words are there");
  t.is(await startTime(daemon), before, "it is the same process");
});

test("a daemon that is killed is followed by one that goes on with what guests write", async (t) => {
  const folder = await makeFolder(t);
  const path = join(folder, "guest.log");
  const first = await startOwn(folder, "max_size = 0\n");
  const { client, log } = await first.connect();
  const { descriptor } = await log.domainOpenLogFile({ driver: "test", dom, path, flags: 0 });
  t.teardown(() => descriptor.close());
  writeSync(descriptor.fd, "before\n");
  t.is(await offset(log, path), 7);
  await client.close();
  first.signal("SIGKILL");
  await first.stop();
  const second = await startOwn(folder, "max_size = 0\n");
  const again = await second.connect();
  t.teardown(async () => {
    await again.client.close();
    await second.stop();
  });
  writeSync(descriptor.fd, "after\n");
  t.is(await offset(again.log, path), 13);
  descriptor.close();
  await withinReason("the log is closed", () => isClosed(again.log, path));
  t.is(await readFile(path, "utf8"), "before\nafter\n");
  t.deepEqual(await readdir(join(folder, "run/libvirt/virtlogd-sock.pipes")), [], "nothing is known any more");
});

import { writeSync } from "node:fs";
import { mkdir, readdir, readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { call, type Descriptor, type LogPosition, logProgram, VirtError, xdr } from "@polyvisor/core";
import type { RpcClient } from "@polyvisor/sdk/rpc";
import { mayOpenSystemHost, openSystemHost, withinReason } from "@polyvisor/sdk/testkit";
import test, { type ExecutionContext } from "ava";
import { hasVirtlogd, type LogCalls, makeFolder, startOn, type TestedDaemon } from "./testing/daemons.js";

/** What is asked of both daemons, one after the other, in folders that are alike. */
interface Bench {
  readonly folder: string;
  readonly client: RpcClient;
  readonly log: LogCalls;
  /** Descriptors of logs that are open, by the name of the file. */
  readonly writers: Map<string, Descriptor>;
  path(name: string): string;
}

type Step = readonly [what: string, ask: (bench: Bench) => Promise<unknown>];

const MAX_SIZE = 1000;
const MAX_BACKUPS = 2;
const READ_MAX = 4_194_304;
const dom = { uuid: "6695eb01-f6a4-8304-79aa-97f2502e193f", name: "guest" };
const nowhere = { inode: 1n, offset: 0n };

async function open(bench: Bench, name: string, flags = 0): Promise<unknown> {
  const { log, path, writers } = bench;
  const { pos, descriptor } = await log.domainOpenLogFile({ driver: "test", dom, path: path(name), flags });
  writers.set(name, descriptor);
  return placed(bench, name, pos);
}

async function position(bench: Bench, name: string, flags = 0): Promise<unknown> {
  return placed(bench, name, await bench.log.domainGetLogFilePosition({ path: bench.path(name), flags }));
}

/** A position; which number a file has is chance, and whether it is the one that is there now is not. */
async function placed(bench: Bench, name: string, { inode, offset }: LogPosition): Promise<unknown> {
  return { isThere: inode === (await inodeOf(bench, name)), offset: String(offset) };
}

const read = ({ log, path }: Bench, name: string, pos = nowhere, maxlen: number | bigint = READ_MAX, flags = 0) =>
  log.domainReadLogFile({ path: path(name), pos, maxlen, flags });
const append = ({ log, path }: Bench, name: string, message: string, flags = 0) =>
  log.domainAppendLogFile({ driver: "test", dom, path: path(name), message, flags });

/** Writes, and waits until the daemon has it: where it cuts depends on what it finds. */
async function write(bench: Bench, name: string, text: string | Uint8Array): Promise<unknown> {
  writeSync(bench.writers.get(name)?.fd ?? -1, Buffer.from(text as string));
  return position(bench, name);
}

async function inodeOf(bench: Bench, name: string): Promise<bigint> {
  return (await stat(bench.path(name), { bigint: true })).ino;
}

async function close(bench: Bench, name: string): Promise<unknown> {
  bench.writers.get(name)?.close();
  await withinReason("the log is closed", () =>
    position(bench, name).then(
      () => false,
      () => true,
    ),
  );
  return position(bench, name);
}

async function files({ folder }: Bench): Promise<unknown> {
  const names = (await readdir(folder)).sort();
  return Promise.all(
    names.map(async (name) => {
      const found = await stat(join(folder, name));
      return [name, found.mode, found.isFile() ? await readFile(join(folder, name), "latin1") : "folder"];
    }),
  );
}

function lines(from: number, to: number): string {
  return Array.from({ length: to - from }, (_, index) => `line ${String(from + index).padStart(14, "0")}\n`).join("");
}

const unknownCall = call(5, {}, {}, { acl: ["none"] });
const halfACall = call(2, { path: xdr.string(4) }, {}, { acl: ["none"] });

const STEPS: readonly Step[] = [
  ["open a new log", (bench) => open(bench, "a.log")],
  ["open it again", (bench) => open(bench, "a.log")],
  ["open it again, to be emptied", (bench) => open(bench, "a.log", 1)],
  ["its position", (bench) => position(bench, "a.log")],
  ["its position with flags", (bench) => position(bench, "a.log", 1)],
  ["the position in a log that nobody opened", (bench) => position(bench, "b.log")],
  ["the position in no file", ({ log }) => log.domainGetLogFilePosition({ path: "", flags: 0 })],
  ["read nothing yet", async (bench) => read(bench, "a.log", { inode: await inodeOf(bench, "a.log"), offset: 0n })],
  ["write to it", (bench) => write(bench, "a.log", lines(0, 10))],
  ["read it", async (bench) => read(bench, "a.log", { inode: await inodeOf(bench, "a.log"), offset: 0n })],
  ["read seven bytes", async (bench) => read(bench, "a.log", { inode: await inodeOf(bench, "a.log"), offset: 20n }, 7)],
  ["read no byte", async (bench) => read(bench, "a.log", { inode: await inodeOf(bench, "a.log"), offset: 0n }, 0)],
  [
    "read beyond its end",
    async (bench) => read(bench, "a.log", { inode: await inodeOf(bench, "a.log"), offset: 5000n }),
  ],
  [
    "read where no file ends",
    async (bench) => read(bench, "a.log", { inode: await inodeOf(bench, "a.log"), offset: 1n << 63n }),
  ],
  ["read from another file", (bench) => read(bench, "a.log")],
  ["read too much", (bench) => read(bench, "a.log", nowhere, READ_MAX + 1)],
  ["read far too much", (bench) => read(bench, "a.log", nowhere, (1n << 64n) - 1n)],
  ["read with flags", (bench) => read(bench, "a.log", nowhere, 10, 4)],
  ["read too much with flags", (bench) => read(bench, "a.log", nowhere, READ_MAX + 1, 4)],
  ["read no file", (bench) => read(bench, "b.log")],
  ["read a folder", async (bench) => read(bench, "folder", { inode: await inodeOf(bench, "folder"), offset: 0n })],
  ["read below a file", (bench) => read(bench, "a.log/below")],
  ["say something in between", (bench) => append(bench, "a.log", "driver: Grüße\n")],
  ["say nothing", (bench) => append(bench, "a.log", "")],
  ["say something with flags", (bench) => append(bench, "a.log", "never\n", 2)],
  ["say something in a new log", (bench) => append(bench, "c.log", "driver\n")],
  ["say something behind that", (bench) => append(bench, "c.log", "driver again\n")],
  ["say something in a folder that is not there", (bench) => append(bench, "none/d.log", "driver\n")],
  ["say something to a folder", (bench) => append(bench, "folder", "driver\n")],
  ["the position after that", (bench) => position(bench, "a.log")],
  ["what is there", files],
  ["fill it to the last byte", (bench) => write(bench, "a.log", "x".repeat(MAX_SIZE - 225))],
  ["write on, which rolls it over", (bench) => write(bench, "a.log", lines(10, 20))],
  ["fill it again, up to a line's end", (bench) => write(bench, "a.log", lines(20, 59))],
  ["and again", (bench) => write(bench, "a.log", `${"y".repeat(900)}\n${"z".repeat(300)}\n`)],
  ["say something long, which rolls it over", (bench) => append(bench, "a.log", lines(60, 100))],
  ["what is there then", files],
  [
    "read from the older file on",
    async (bench) => read(bench, "a.log", { inode: await inodeOf(bench, "a.log.0"), offset: 20n }),
  ],
  ["read from the oldest on", (bench) => read(bench, "a.log", { inode: 1n, offset: 3n }, 100)],
  ["its position then", (bench) => position(bench, "a.log")],
  ["write bytes that are no text", (bench) => write(bench, "a.log", Buffer.from([0xff, 0xfe, 0x41, 10]))],
  ["write a NUL", (bench) => write(bench, "a.log", "before\0after\n")],
  ["read that", async (bench) => read(bench, "a.log", { inode: await inodeOf(bench, "a.log"), offset: 800n })],
  ["the guest ends", (bench) => close(bench, "a.log")],
  ["open what is there", (bench) => open(bench, "a.log")],
  ["write behind it", (bench) => write(bench, "a.log", "more\n")],
  ["the guest ends again", (bench) => close(bench, "a.log")],
  ["open it with flags that nobody knows", (bench) => open(bench, "a.log", 2)],
  ["that guest ends", (bench) => close(bench, "a.log")],
  ["open it emptied", (bench) => open(bench, "a.log", 1)],
  [
    "open a log that is larger than it may be",
    async (bench) => {
      await writeFile(bench.path("e.log"), "e".repeat(2 * MAX_SIZE), { mode: 0o600 });
      return open(bench, "e.log");
    },
  ],
  ["write to that", (bench) => write(bench, "e.log", "beyond\n")],
  ["open a log in a folder that is not there", (bench) => open(bench, "none/d.log")],
  ["open a folder", (bench) => open(bench, "folder")],
  ["open a folder, to be emptied", (bench) => open(bench, "folder", 1)],
  ["open no file", ({ log }) => log.domainOpenLogFile({ driver: "test", dom, path: "", flags: 0 })],
  ["open below a file", (bench) => open(bench, "a.log/below", 1)],
  ["open what has too long a name", (bench) => open(bench, "n".repeat(300))],
  ["what is there in the end", files],
  ["make a call that nobody knows", ({ client }) => client.call(logProgram, unknownCall, {})],
  ["make a call that is cut short", ({ client }) => client.call(logProgram, halfACall, { path: "x" })],
  ["make a call of another version", ({ client }) => client.call({ ...logProgram, version: 2 }, unknownCall, {})],
];

/** What differs between the folders of two daemons, and between any two runs. */
function plain({ folder }: Bench, value: unknown): unknown {
  const answer =
    value instanceof VirtError ? { code: value.code, domain: value.domain, message: value.message } : (value ?? null);
  const text = JSON.stringify(answer).replaceAll(folder, "FOLDER");
  return JSON.parse(text.replace(/inode \d{3,}/, "inode N"));
}

async function answers(t: ExecutionContext, daemon: TestedDaemon, steps: readonly Step[]): Promise<unknown[]> {
  const folder = await makeFolder(t);
  await mkdir(join(folder, "folder"));
  const { client, log } = await daemon.connect();
  const bench: Bench = { folder, client, log, writers: new Map(), path: (name) => join(folder, name) };
  const given: unknown[] = [];
  try {
    for (const [what, ask] of steps) {
      const answer = await ask(bench).catch((error: unknown) => error);
      given.push([what, plain(bench, answer)]);
    }
    return given;
  } finally {
    for (const writer of bench.writers.values()) writer.close();
    await client.close();
  }
}

/** Settings, and what is asked of daemons that have them. */
const ROUNDS: Readonly<Record<string, readonly [settings: string, steps: readonly Step[]]>> = {
  "good and bad arguments": [`max_size = ${MAX_SIZE}\nmax_backups = ${MAX_BACKUPS}\n`, STEPS],
  "no older files": [
    "max_size = 100\nmax_backups = 0\n",
    [
      ["open", (bench) => open(bench, "a.log")],
      ["write", (bench) => write(bench, "a.log", lines(0, 7))],
      ["read", (bench) => read(bench, "a.log")],
      ["files", files],
    ],
  ],
  "more older files than there may be": [
    "max_backups = 33\n",
    [
      ["open", (bench) => open(bench, "a.log")],
      ["read", (bench) => read(bench, "a.log")],
      ["say", (bench) => append(bench, "a.log", "words\n")],
      ["files", files],
    ],
  ],
};

const real = mayOpenSystemHost() && (await hasVirtlogd()) ? test : test.skip;

for (const [what, [settings, steps]] of Object.entries(ROUNDS)) {
  real(`polyvisor-logd answers as libvirt's own daemon (needs root and virtlogd): ${what}`, async (t) => {
    const [ours, theirs] = await Promise.all(
      (["polyvisor-logd", "virtlogd"] as const).map(async (which) => {
        const host = await openSystemHost();
        t.teardown(() => host.close());
        return answers(t, await startOn(host, which, settings), steps);
      }),
    );
    t.is(theirs?.length, steps.length);
    t.deepEqual(ours, theirs);
  });
}

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { access, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { connect, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type Descriptor, lockProgram, logProgram, VirtError } from "@polyvisor/core";
import anyTest, { type TestFn } from "ava";
import { closeDescriptor, listenUnix } from "../process/index.js";
import { connectTo, frameBytes, MESSAGE_TYPE, stubsOf } from "../rpc/index.js";

const TOY = fileURLToPath(new URL("testing/toy-daemon.js", import.meta.url));
const dom = { uuid: "6695eb01-f6a4-8304-79aa-97f2502e193f", name: "guest" };

interface Toy {
  readonly process: ChildProcess;
  readonly socket: string;
  readonly pidFile: string;
  /** The program that runs, and that runs again after a change. */
  readonly program: string;
  /** Resolves when the daemon has written this. */
  said(words: string): Promise<void>;
}

const test = anyTest as TestFn<{ folder: string; processes: ChildProcess[] }>;

test.beforeEach(async (t) => {
  t.context = { folder: await mkdtemp(join(tmpdir(), "helper-daemon-")), processes: [] };
});
test.afterEach.always(async (t) => {
  for (const child of t.context.processes) child.kill("SIGKILL");
  await rm(t.context.folder, { recursive: true, force: true });
});

async function install(program: string, word: string): Promise<void> {
  await writeFile(program, `process.env.TOY_WORD = "${word}";\nawait import("${TOY}");\n`);
}

async function startToy(
  context: { folder: string; processes: ChildProcess[] },
  args: readonly string[] = [],
  runner: readonly string[] = [],
  descriptors: readonly number[] = [],
): Promise<Toy> {
  const { folder, processes } = context;
  const program = join(folder, "toy.mjs");
  await install(program, "old");
  const [command = "", ...rest] = [...runner, process.execPath, program, "--root", folder, ...args];
  const child = spawn(command, rest, { stdio: ["ignore", "pipe", "inherit", ...descriptors] });
  processes.push(child);
  let output = "";
  const waiting = new Map<string, () => void>();
  child.stdout?.setEncoding("utf8").on("data", (text: string) => {
    output += text;
    for (const [words, resolve] of waiting) if (output.includes(words)) resolve();
  });
  const said = (words: string) =>
    new Promise<void>((resolve, reject) => {
      child.once("exit", () => reject(new Error(`it ended before it said: ${words}`)));
      if (output.includes(words)) resolve();
      else waiting.set(words, resolve);
    });
  await said("is ready");
  const paths = { socket: join(folder, "run/libvirt/virttoyd-sock"), pidFile: join(folder, "run/virttoyd.pid") };
  return { process: child, ...paths, program, said };
}

async function toyClient(socket: string) {
  const client = await connectTo({ kind: "unix", path: socket });
  return { client, ...stubsOf(client, logProgram) };
}

const READ = { path: "", pos: { inode: 0, offset: 0 }, maxlen: 10, flags: 0 };
const append = (message: string, path = "") => ({ driver: "toy", dom, path, message, flags: 0 });

test("calls of a client are carried out in their order, with what is known of its connection", async (t) => {
  const { socket } = await startToy(t.context);
  const [one, two] = [await toyClient(socket), await toyClient(socket)];
  const answers = [one.domainAppendLogFile(append("a", "50")), one.domainAppendLogFile(append("b"))];
  t.deepEqual(await Promise.all(answers), [1, 2]);
  t.is(await one.domainReadLogFile(READ), "1 old ab");
  t.is(await two.domainReadLogFile(READ), "1 old ");
  one.client.close();
  two.client.close();
});

test("an error crosses in libvirt's form, and the connection stays", async (t) => {
  const { socket } = await startToy(t.context);
  const { client, domainGetLogFilePosition, domainAppendLogFile } = await toyClient(socket);
  const error = await t.throwsAsync(domainGetLogFilePosition({ path: "x", flags: 0 }), { instanceOf: VirtError });
  t.is(error?.code, "OPERATION_INVALID");
  t.is(error?.domain, "LOGGING");
  t.is(error?.message, "Requested operation is not valid: nothing is there");
  const strange = stubsOf(client, lockProgram).restrict({ flags: 0 });
  await t.throwsAsync(strange, { message: `Cannot find program ${lockProgram.number} version 1` });
  t.is(await domainAppendLogFile(append("still here")), 10);
  client.close();
});

test("a reply brings a descriptor", async (t) => {
  const { socket } = await startToy(t.context);
  const { client, domainOpenLogFile } = await toyClient(socket);
  const text = join(t.context.folder, "text");
  await writeFile(text, "what the file says");
  const { pos, descriptor } = (await domainOpenLogFile({ driver: "toy", dom, path: text, flags: 0 })) as {
    pos: unknown;
    descriptor: Descriptor;
  };
  t.deepEqual(pos, { inode: 1n, offset: 2n });
  t.is(await readFile(`/proc/self/fd/${descriptor.fd}`, "utf8"), "what the file says");
  descriptor.close();
  client.close();
});

test("the end of a connection is told at once", async (t) => {
  const { socket, said } = await startToy(t.context);
  const { client, domainAppendLogFile } = await toyClient(socket);
  domainAppendLogFile(append("never", "1000000")).catch(() => {});
  client.close();
  await t.notThrowsAsync(said("client 1 is gone"));
});

/** What a client sends to append `message`. */
function appendFrame(message: string, serial: number): Buffer {
  const text = (words: string) => {
    const bytes = Buffer.alloc(4 + Math.ceil(words.length / 4) * 4);
    bytes.writeUInt32BE(words.length);
    bytes.write(words, 4);
    return bytes;
  };
  const uuid = Buffer.from(dom.uuid.replaceAll("-", ""), "hex");
  const body = Buffer.concat([text("toy"), uuid, text(dom.name), text(""), text(message), Buffer.alloc(4)]);
  const { number: program, version } = logProgram;
  return frameBytes({ program, version, procedure: 4, type: MESSAGE_TYPE.CALL, serial, status: 0 }, body);
}

/** The next so many bytes. */
async function receive(socket: Socket, count: number): Promise<Buffer> {
  for (;;) {
    const bytes = socket.read(count) as Buffer | null;
    if (bytes !== null) return bytes;
    await once(socket, "readable");
  }
}

test("SIGUSR1 runs what is installed by then, and no client notices", async (t) => {
  const toy = await startToy(t.context);
  const { client, domainAppendLogFile, domainReadLogFile } = await toyClient(toy.socket);
  await domainAppendLogFile(append("kept"));
  const raw = connect(toy.socket);
  await once(raw, "connect");
  const frame = appendFrame("torn in two", 7);
  raw.write(frame.subarray(0, 40));
  const late = domainAppendLogFile(append(" and done", "300"));
  const queued = domainAppendLogFile(append(" in line"));
  await install(toy.program, "new");
  toy.process.kill("SIGUSR1");
  t.deepEqual(await Promise.all([late, queued]), [13, 21]);
  while (!(await domainReadLogFile(READ)).startsWith("2 ")) await new Promise(setImmediate);
  t.is(await domainReadLogFile(READ), "2 new kept and done in line");
  raw.write(frame.subarray(40));
  const reply = await receive(raw, 32);
  t.deepEqual([reply.readUInt32BE(20), reply.readInt32BE(28)], [7, 11], "serial and length of the text");
  const fresh = await toyClient(toy.socket);
  t.is(await fresh.domainReadLogFile(READ), "2 new ");
  t.is((await readFile(toy.pidFile, "utf8")).trim(), String(toy.process.pid), "the same process");
  const other = spawn(process.execPath, [toy.program, "--root", t.context.folder], { stdio: "ignore" });
  t.deepEqual(await once(other, "exit"), [1, null], "the place is still claimed");
  raw.destroy();
  await toy.said("client 2 is gone");
  for (const { client: each } of [{ client }, fresh]) each.close();
  toy.process.kill("SIGTERM");
  t.deepEqual(await once(toy.process, "exit"), [0, null]);
  await t.throwsAsync(access(toy.socket), { code: "ENOENT" });
  await t.throwsAsync(access(toy.pidFile), { code: "ENOENT" });
});

test("a program that cannot run takes nobody's place", async (t) => {
  const toy = await startToy(t.context, ["--verbose"], ["sh", "-c", 'exec "$@" 2>&1', "sh"]);
  const { client, domainReadLogFile, domainAppendLogFile } = await toyClient(toy.socket);
  await domainAppendLogFile(append("kept"));
  await writeFile(toy.program, "this is no program");
  toy.process.kill("SIGUSR1");
  await toy.said("does not run");
  t.is(await domainReadLogFile(READ), "1 old kept");
  client.close();
});

test("a daemon without work ends when its time is up", async (t) => {
  const toy = await startToy(t.context, ["--timeout", "1"]);
  const ended = once(toy.process, "exit");
  const { client, domainReadLogFile } = await toyClient(toy.socket);
  t.is(await domainReadLogFile(READ), "1 old ");
  client.close();
  t.deepEqual(await ended, [0, null]);
});

test("a service manager's socket is taken, and left when the daemon ends", async (t) => {
  const path = join(t.context.folder, "activated");
  const listener = listenUnix(path, 5);
  const shell = ["sh", "-c", 'LISTEN_PID=$$ LISTEN_FDS=1 LISTEN_FDNAMES=virttoyd.socket exec "$@"', "sh"];
  const toy = await startToy(t.context, ["--socket", path], shell, [listener]);
  closeDescriptor(listener);
  const { client, domainReadLogFile } = await toyClient(path);
  t.is(await domainReadLogFile(READ), "1 old ");
  client.close();
  toy.process.kill("SIGTERM");
  await once(toy.process, "exit");
  await t.notThrowsAsync(access(path));
});

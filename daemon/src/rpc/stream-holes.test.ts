import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, open, readFile, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { isHole, remoteProgram, type StreamChunk, VirtError } from "@polyvisor/core";
import { holeBody, MESSAGE_STATUS, MESSAGE_TYPE, RpcClient, stubsOf } from "@polyvisor/sdk/rpc";
import { withinReason } from "@polyvisor/sdk/testkit";
import test, { type ExecutionContext } from "ava";
import { bodyOf, numberOf } from "../testing/call-bodies.js";
import { hasProgram, runProgram } from "../testing/process.js";
import { errorOf, type Message, type RawClient } from "../testing/raw-client.js";
import { serve, until } from "../testing/serve.js";
import { TEST_VOLUME } from "../testing/tiny-driver.js";
import { bytesOf, TestVolume } from "../testing/volume.js";

const withVirsh = (await hasProgram("virsh")) ? test : test.skip;
if (withVirsh === test.skip) test.skip("no virsh here, so no volume goes to it or comes from it", () => {});

const SPARSE = 1;
const MIB = 1 << 20;
const [UPLOAD, DOWNLOAD] = [numberOf("storageVolUpload"), numberOf("storageVolDownload")];
const SERIAL = 40;

/** Holes at the beginning, in the middle, at the end, and beside each other. */
const CONTENTS: readonly StreamChunk[] = [
  { hole: BigInt(MIB) },
  Buffer.alloc(300_000, "data"),
  { hole: 4096n },
  { hole: BigInt(3 * MIB) },
  Buffer.alloc(4096, "x"),
  { hole: BigInt(2 * MIB) },
];

async function folderOf(t: ExecutionContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "holes-"));
  t.teardown(() => rm(folder, { recursive: true }));
  return folder;
}

const virsh = (socket: string, ...args: string[]) =>
  runProgram("virsh", ["-q", "-c", `test+unix:///default?socket=${socket}`, ...args], { env: { LC_ALL: "C" } });

for (const sparse of [true, false]) {
  const how = sparse ? ["--sparse"] : [];
  withVirsh(`virsh vol-download ${how} brings a volume as it is`, async (t) => {
    const { hypervisor, path } = await serve(t);
    const whole = bytesOf(CONTENTS);
    const asked: boolean[] = [];
    hypervisor.volume = (holes) => {
      asked.push(holes);
      return new TestVolume(holes ? CONTENTS : [whole.subarray(0, MIB), whole.subarray(MIB)], holes);
    };
    const file = join(await folderOf(t), "file");
    const { code, stderr } = await virsh(path, "vol-download", "--pool", "pool", "volume", file, ...how);
    t.is(code, 0, stderr);
    t.deepEqual(asked, [sparse]);
    t.true((await readFile(file)).equals(whole));
    if (sparse) t.true((await stat(file)).blocks * 512 < MIB, "the file has holes, too");
  });

  withVirsh(`virsh vol-upload ${how} takes a file as it is`, async (t) => {
    const { hypervisor, path } = await serve(t);
    const file = join(await folderOf(t), "file");
    const handle = await open(file, "w");
    await handle.write(Buffer.alloc(200_000, "begin"), 0, 200_000, 0);
    await handle.write(Buffer.alloc(65536, "middle"), 0, 65536, 5 * MIB);
    await handle.truncate(9 * MIB);
    await handle.close();
    const volume = new TestVolume([], sparse);
    hypervisor.volume = () => volume;
    const { code, stderr } = await virsh(path, "vol-upload", "--pool", "pool", "volume", file, ...how);
    t.is(code, 0, stderr);
    t.true(volume.finished);
    t.true(bytesOf(volume.written).equals(await readFile(file)));
    t.is(volume.written.some(isHole), sparse);
  });
}

test("our own client takes and gives holes in their order", async (t) => {
  const { hypervisor, path } = await serve(t);
  const client = await RpcClient.connect(path);
  t.teardown(() => client.close());
  const api = stubsOf(client, remoteProgram);
  await api.connectOpen({ name: "test:///default", flags: 0 });
  hypervisor.volume = () => new TestVolume(CONTENTS);
  const args = { vol: TEST_VOLUME, offset: 0, length: 0, flags: SPARSE };
  const came: StreamChunk[] = [];
  for await (const chunk of await api.storageVolDownload(args)) came.push(chunk);
  t.deepEqual(came.filter(isHole), CONTENTS.filter(isHole));
  t.true(bytesOf(came).equals(bytesOf(CONTENTS)));
  const volume = new TestVolume();
  hypervisor.volume = () => volume;
  const upload = await api.storageVolUpload(args);
  for (const chunk of CONTENTS) upload.write(chunk);
  upload.end();
  await once(upload, "finish");
  t.deepEqual(volume.written.filter(isHole), CONTENTS.filter(isHole));
  t.true(bytesOf(volume.written).equals(bytesOf(CONTENTS)));
});

/** A stream that a raw client has opened, and what it says and hears there. */
async function opened(t: ExecutionContext, procedure: number, volume: TestVolume) {
  const { hypervisor, server, open: openClient } = await serve(t);
  hypervisor.volume = () => volume;
  const client: RawClient = await openClient();
  const name = procedure === UPLOAD ? "storageVolUpload" : "storageVolDownload";
  client.send({ procedure, serial: SERIAL }, bodyOf(name, { vol: TEST_VOLUME, offset: 0, length: 0, flags: SPARSE }));
  t.is((await client.take(({ type }) => type === MESSAGE_TYPE.REPLY)).status, MESSAGE_STATUS.OK);
  const send = (type: number, status: number, body?: Uint8Array) =>
    client.send({ procedure, serial: SERIAL, type, status }, body);
  return {
    client,
    server,
    data: (body: Uint8Array) => send(MESSAGE_TYPE.STREAM, MESSAGE_STATUS.CONTINUE, body),
    hole: (body: Uint8Array) => send(MESSAGE_TYPE.STREAM_HOLE, MESSAGE_STATUS.CONTINUE, body),
    abort: () => send(MESSAGE_TYPE.STREAM, MESSAGE_STATUS.ERROR),
    next: (): Promise<Message> => client.take(({ serial }) => serial === SERIAL),
    /** What has come of the stream once a later call is answered. */
    async rest() {
      t.is((await client.call(numberOf("connectGetType"))).status, MESSAGE_STATUS.OK);
      return client.inbox.filter(({ serial }) => serial === SERIAL);
    },
  };
}

type Opened = Awaited<ReturnType<typeof opened>>;

const BEFORE: readonly [after: string, say: (stream: Opened) => void][] = [
  ["nothing", () => {}],
  ["data", ({ data }) => data(Buffer.alloc(1000))],
  ["a hole", ({ hole }) => hole(holeBody(1n << 40n))],
];

for (const [after, say] of BEFORE) {
  test(`a client aborts an upload after ${after}: it is confirmed once, and a second abort is none`, async (t) => {
    const volume = new TestVolume();
    const stream = await opened(t, UPLOAD, volume);
    say(stream);
    stream.abort();
    stream.abort();
    say(stream);
    t.like(await stream.next(), { type: MESSAGE_TYPE.STREAM, status: MESSAGE_STATUS.OK });
    t.deepEqual(await stream.rest(), []);
    t.true(volume.destroyed);
    t.false(volume.finished);
  });

  test(`the volume fails an upload after ${after}: the client hears why once, and may abort all the same`, async (t) => {
    const volume = new TestVolume();
    const stream = await opened(t, UPLOAD, volume);
    say(stream);
    await until(() => after === "nothing" || volume.written.length === 1);
    volume.destroy(new VirtError("OPERATION_FAILED", "no space is left", { domain: "STORAGE" }));
    volume.destroy(new Error("again"));
    const failed = await stream.next();
    t.is(failed.type, MESSAGE_TYPE.STREAM);
    t.like(errorOf(failed), { code: 9, domain: 18, message: "operation failed: no space is left" });
    stream.abort();
    t.deepEqual(await stream.rest(), []);
  });
}

test("a client aborts a download in the middle of a hole: no more comes, however much there is", async (t) => {
  const endless = (function* () {
    for (;;) yield { hole: 1n << 50n };
  })();
  const volume = new TestVolume(endless);
  const stream = await opened(t, DOWNLOAD, volume);
  t.like(await stream.next(), { type: MESSAGE_TYPE.STREAM_HOLE, body: holeBody(1n << 50n) });
  stream.abort();
  let last = await stream.next();
  while (last.type === MESSAGE_TYPE.STREAM_HOLE) last = await stream.next();
  t.like(last, { type: MESSAGE_TYPE.STREAM, status: MESSAGE_STATUS.OK });
  t.deepEqual(await stream.rest(), []);
  t.true(volume.destroyed);
});

const NO_HOLES: readonly [what: string, body: Buffer, message: string][] = [
  ["nothing", holeBody(0n), "length in virFDStreamSendHole must be greater than zero"],
  ["less than nothing", holeBody(-1n), "length in virFDStreamSendHole must be greater than zero"],
  [
    "flags",
    Buffer.concat([holeBody(9n).subarray(0, 8), Buffer.from([0, 0, 0, 5])]),
    "unsupported flags (0x5) in function virFDStreamSendHole",
  ],
];
for (const [what, body, words] of NO_HOLES)
  test(`a hole of ${what} ends the stream with libvirt's words`, async (t) => {
    const volume = new TestVolume();
    const stream = await opened(t, UPLOAD, volume);
    stream.hole(body);
    t.like(errorOf(await stream.next()), { code: 8, domain: 38, message: `invalid argument: ${words}` });
    t.true(volume.destroyed);
  });

test("a hole that cannot be read ends the connection", async (t) => {
  const volume = new TestVolume();
  const stream = await opened(t, UPLOAD, volume);
  stream.hole(Buffer.alloc(3));
  await stream.client.closed;
  await until(() => volume.destroyed);
  t.pass();
});

/** The memory that the server keeps for all of its clients. */
const held = ({ server }: Pick<Opened, "server">) =>
  [...server.sessions].reduce((sum, session) => sum + session.held, 0);

test("a volume that takes nothing holds a client of many holes back", async (t) => {
  const volume = new TestVolume();
  volume.stuck = () => {};
  const stream = await opened(t, UPLOAD, volume);
  const holes = 100_000;
  for (let i = 0; i < holes; i++) stream.hole(holeBody(4096n));
  await until(() => held(stream) > MIB);
  const answer = stream.rest();
  t.is(await Promise.race([answer, delay(100, "waits")]), "waits");
  t.true(held(stream) < 2 * MIB);
  volume.release();
  await answer;
  await until(() => volume.written.length === holes);
});

/** Where a process stands in a file that it reads, once it stays there. */
async function standstill(pid: number, file: string): Promise<number> {
  for (let before = -1; ; ) {
    const now = await positionIn(pid, file);
    if (now > 0 && now === before) return now;
    before = now;
    await delay(150);
  }
}

async function positionIn(pid: number, file: string): Promise<number> {
  const { stdout } = await runProgram("sh", [
    "-c",
    `for fd in /proc/${pid}/fd/*; do [ "$(readlink $fd)" = "${file}" ] && cat /proc/${pid}/fdinfo/\${fd##*/}; done`,
  ]);
  return Number(/^pos:\s*(\d+)/m.exec(stdout)?.[1] ?? 0);
}

withVirsh(
  "a volume that takes nothing stops virsh; what it had taken is bounded, and all arrives in the end",
  async (t) => {
    const { hypervisor, server, path } = await serve(t);
    const file = join(await folderOf(t), "file");
    const size = 48 * MIB;
    const handle = await open(file, "w");
    for (let at = 0; at < size; at += MIB) await handle.write(Buffer.alloc(MIB, at / MIB));
    await handle.close();
    const volume = new TestVolume([], false);
    volume.stuck = () => {};
    hypervisor.volume = () => volume;
    const child = spawn("virsh", [
      "-c",
      `test+unix:///default?socket=${path}`,
      "vol-upload",
      "--pool",
      "pool",
      "volume",
      file,
    ]);
    const ended = once(child, "exit");
    t.teardown(() => child.kill("SIGKILL"));
    await until(() => held({ server }) > MIB);
    t.true((await standstill(child.pid as number, file)) < size / 4);
    t.true(held({ server }) < 3 * MIB);
    volume.release();
    t.deepEqual(await ended, [0, null]);
    t.true(bytesOf(volume.written).equals(await readFile(file)));
  },
);

withVirsh("a virsh that does not read holds a volume back, and one that is killed lets go of it", async (t) => {
  const { hypervisor, server, path } = await serve(t);
  let read = 0;
  const endless = (function* () {
    for (;;) {
      read += 65536;
      yield Buffer.alloc(65536);
    }
  })();
  const volume = new TestVolume(endless, false);
  hypervisor.volume = () => volume;
  const args = ["-c", `test+unix:///default?socket=${path}`, "vol-download", "--pool", "pool", "volume", "/dev/null"];
  const child = spawn("virsh", args);
  t.teardown(() => child.kill("SIGKILL"));
  await until(() => read > 0);
  child.kill("SIGSTOP");
  // The signal takes a moment, and the kernel takes some more after it.
  await withinReason("nothing more is taken from the volume while virsh sleeps", async () => {
    const before = read;
    t.is((await virsh(path, "domstate", "test")).stdout, "running\n");
    return volume.isPaused() && read === before;
  });
  t.true(held({ server }) < 4 * MIB);
  child.kill("SIGKILL");
  await until(() => volume.destroyed);
});

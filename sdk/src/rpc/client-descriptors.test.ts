import { spawn } from "node:child_process";
import { once } from "node:events";
import { createWriteStream } from "node:fs";
import { access, chown, mkdir, mkdtemp, readFile, rm } from "node:fs/promises";
import { createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Descriptor, logProgram, remoteProgram, VirtError } from "@polyvisor/core";
import test, { type ExecutionContext } from "ava";
import { duplicate, sendDescriptor, socketPair, streamOnDescriptor } from "../process/index.js";
import { type Frame, FrameSplitter, frameBytes, MESSAGE_STATUS, MESSAGE_TYPE, RpcClient, stubsOf } from "./index.js";

const VIRTLOGD = "/usr/sbin/virtlogd";
const NOBODY = 65534;

async function folder(t: ExecutionContext): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), "polyvisor-fds-"));
  t.teardown(() => rm(path, { recursive: true, force: true }));
  return path;
}

/** A virtlogd of one test's own, which has no path of the system's. */
async function startVirtlogd(t: ExecutionContext): Promise<{ socket: string; root: string }> {
  const root = await folder(t);
  const isRoot = process.getuid?.() === 0;
  for (const name of ["", "run", "home", "log"]) {
    await mkdir(join(root, name), { recursive: true });
    if (isRoot) await chown(join(root, name), NOBODY, NOBODY);
  }
  const home = join(root, "home");
  const env = { HOME: home, XDG_RUNTIME_DIR: join(root, "run"), XDG_CONFIG_HOME: home, XDG_CACHE_HOME: home };
  const ids = isRoot ? { uid: NOBODY, gid: NOBODY } : {};
  const daemon = spawn(VIRTLOGD, ["--pid-file", join(root, "pid")], { cwd: root, env, stdio: "ignore", ...ids });
  t.teardown(async () => {
    daemon.kill("SIGKILL");
    await once(daemon, "exit");
  });
  const socket = join(root, "run/libvirt/virtlogd-sock");
  while (!(await isThere(socket))) {
    if (daemon.exitCode !== null) throw new Error(`virtlogd ended with ${daemon.exitCode}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return { socket, root };
}

function isThere(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

const real = (await isThere(VIRTLOGD)) ? test : test.skip;

/** A virtlogd serves only the user that it runs as. */
function connectAs(uid: number, path: string): Promise<RpcClient> {
  if (process.getuid?.() !== 0) return RpcClient.connect(path);
  process.seteuid?.(uid);
  try {
    return RpcClient.connect(path);
  } finally {
    process.seteuid?.(0);
  }
}

real("a real virtlogd gives the end of a pipe with its reply (needs virtlogd)", async (t) => {
  const { socket, root } = await startVirtlogd(t);
  const client = await connectAs(NOBODY, socket);
  t.teardown(() => client.close());
  const log = stubsOf(client, logProgram);
  const path = join(root, "log/guest.log");
  const dom = { uuid: "6695eb01-f6a4-8304-79aa-97f2502e193f", name: "guest" };
  const { pos, descriptor } = await log.domainOpenLogFile({ driver: "test", dom, path, flags: 0 });
  t.is(pos.offset, 0n);
  const pipe = createWriteStream("", { fd: descriptor.take() });
  t.teardown(() => pipe.destroy());
  await new Promise<void>((written) => pipe.write("hello\n", () => written()));
  t.is((await log.domainGetLogFilePosition({ path, flags: 0 })).offset, 6n);
  t.is(await readFile(path, "utf8"), "hello\n");
});

/** A peer that answers the first call with what a test says. */
async function answering(t: ExecutionContext, answer: (socket: Socket, frame: Frame) => void): Promise<RpcClient> {
  const path = join(await folder(t), "s");
  const server = createServer((socket) => {
    const splitter = new FrameSplitter();
    socket.on("error", () => {});
    socket.on("data", (chunk) => {
      splitter.feed(chunk);
      while (splitter.next()) answer(socket, splitter.frame);
    });
  }).listen(path);
  await once(server, "listening");
  const client = await RpcClient.connect(path);
  t.teardown(async () => {
    await client.close();
    server.close();
  });
  return client;
}

function reply(frame: Frame, type: number, body: Buffer = Buffer.alloc(0)): Buffer {
  const { program, version, procedure, serial } = frame;
  return frameBytes({ program, version, procedure, serial, type, status: MESSAGE_STATUS.OK }, body);
}

function count(number: number): Buffer {
  const body = Buffer.alloc(4);
  body.writeUInt32BE(number);
  return body;
}

function sendTwice(socket: Socket): void {
  const gift = duplicate(2);
  sendDescriptor(socket, gift);
  sendDescriptor(socket, gift);
  gift.close();
}

const ARGS = { dom: { name: "g", uuid: "6695eb01-f6a4-8304-79aa-97f2502e193f", id: 1 }, idx: 0, flags: 0 };
const { domainOpenGraphicsFD } = remoteProgram.calls;

/** Answers that are none, from a peer that no libvirtd is: a mock. */
const ODD: Readonly<Record<string, readonly [answer: (socket: Socket, frame: Frame) => void, says: RegExp]>> = {
  "without a descriptor": [
    (socket, frame) => socket.write(reply(frame, MESSAGE_TYPE.REPLY)),
    /no file descriptor received/,
  ],
  "with none of them": [
    (socket, frame) => socket.write(reply(frame, MESSAGE_TYPE.REPLY_WITH_FDS, count(0))),
    /no file descriptor received/,
  ],
  "with two of them": [
    (socket, frame) => socket.write(reply(frame, MESSAGE_TYPE.REPLY_WITH_FDS, count(2)), () => sendTwice(socket)),
    /too many file descriptors received/,
  ],
  "with more than the protocol allows": [
    (socket, frame) => socket.write(reply(frame, MESSAGE_TYPE.REPLY_WITH_FDS, count(33))),
    /Received too many FDs 33, expected 32 maximum/,
  ],
  "with a byte instead": [
    (socket, frame) =>
      socket.write(Buffer.concat([reply(frame, MESSAGE_TYPE.REPLY_WITH_FDS, count(1)), Buffer.from("x")])),
    /a byte came without a descriptor/,
  ],
  "with a descriptor to come, and then nothing": [
    (socket, frame) => socket.end(reply(frame, MESSAGE_TYPE.REPLY_WITH_FDS, count(1))),
    /the peer is gone|End of file/,
  ],
};

for (const [what, [answer, says]] of Object.entries(ODD)) {
  test(`a reply of a mock of a daemon that should bring a descriptor comes ${what}`, async (t) => {
    const client = await answering(t, answer);
    await t.throwsAsync(client.call(remoteProgram, domainOpenGraphicsFD, ARGS), {
      instanceOf: VirtError,
      message: says,
    });
  });
}

test("what is sent while descriptors leave stays in order", async (t) => {
  const seen: number[] = [];
  const client = await answering(t, (socket, frame) => {
    seen.push(frame.procedure);
    socket.write(reply(frame, MESSAGE_TYPE.REPLY));
  });
  const { domainSuspend, domainResume, domainReset } = remoteProgram.calls;
  const { dom } = ARGS;
  await Promise.all([
    client.call(remoteProgram, domainSuspend, { dom }),
    client.call(remoteProgram, domainReset, { dom, flags: 0 }),
    client.call(remoteProgram, domainResume, { dom }),
  ]);
  t.deepEqual(seen, [domainSuspend.number, domainReset.number, domainResume.number]);
});

test("descriptors that a call could not send are closed", async (t) => {
  const client = await answering(t, (socket) => socket.destroy());
  const [near, far] = socketPair();
  const call = client.call(remoteProgram, remoteProgram.calls.domainOpenGraphics, { ...ARGS, descriptors: [far] });
  await t.throwsAsync(call, { instanceOf: VirtError });
  await once(streamOnDescriptor(near.take()).resume(), "close");
  const late = new Descriptor(duplicate(2).take());
  const again = client.call(remoteProgram, remoteProgram.calls.domainOpenGraphics, { ...ARGS, descriptors: [late] });
  await t.throwsAsync(again, { message: /client socket is closed/ });
  t.throws(() => late.fd);
});

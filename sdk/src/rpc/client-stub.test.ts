import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { setTimeout as delay } from "node:timers/promises";
import {
  CONSOLE_FLAG,
  hypervisorApi,
  type RemoteProgramClient,
  remoteProgram,
  VirtError,
  wireError,
  wireErrorOf,
  xdr,
} from "@polyvisor/core";
import test, { type ExecutionContext } from "ava";
import { listenUnix } from "../process/index.js";
import { RpcClient } from "./client.js";
import { connectPatiently } from "./client-connect.js";
import { stubsOf } from "./client-stubs.js";
import { type Frame, FrameSplitter, frameBytes, MESSAGE_STATUS, MESSAGE_TYPE } from "./frame.js";

/** What no libvirtd does: a server that answers each message as the test says. */
interface Stub {
  readonly client: RpcClient;
  readonly api: RemoteProgramClient;
  /** The server's end. */
  readonly peer: Socket;
}

type Answer = (peer: Socket, message: Frame) => void;

const HEADER = { program: remoteProgram.number, version: remoteProgram.version, status: MESSAGE_STATUS.OK };
const DOM = { name: "guest", uuid: "00000000-0000-0000-0000-000000000001", id: 1 };

function reply({ serial, procedure }: Frame, body?: Uint8Array): Buffer {
  return frameBytes({ ...HEADER, procedure, serial, type: MESSAGE_TYPE.REPLY }, body);
}

function packet({ serial, procedure }: Frame, status: number, body?: Uint8Array): Buffer {
  return frameBytes({ ...HEADER, procedure, serial, status, type: MESSAGE_TYPE.STREAM }, body);
}

const hostname = xdr.encodeToBuffer(hypervisorApi.connectGetHostname.ret, { hostname: "hostname" } as never);

async function stub(t: ExecutionContext, answer: Answer): Promise<Stub> {
  const folder = await mkdtemp(join(tmpdir(), "stub-"));
  const path = join(folder, "sock");
  const server = createServer().listen(path);
  await once(server, "listening");
  const accepted = once(server, "connection");
  const client = await RpcClient.connect(path);
  const [peer] = (await accepted) as [Socket];
  const splitter = new FrameSplitter();
  peer.on("error", () => {});
  peer.on("data", (chunk: Buffer) => {
    splitter.feed(chunk);
    while (splitter.next()) answer(peer, splitter.frame);
  });
  t.teardown(async () => {
    await client.close();
    peer.destroy();
    server.close();
    await rm(folder, { recursive: true });
  });
  return { client, api: stubsOf(client, remoteProgram), peer };
}

/** A console whose server answers the opening; other messages go to `answer`. */
async function stubConsole(t: ExecutionContext, answer: Answer = () => {}) {
  let opened: Frame | undefined;
  const parts = await stub(t, (peer, message) => {
    if (message.type !== MESSAGE_TYPE.CALL || message.procedure !== hypervisorApi.domainOpenConsole.number)
      return answer(peer, message);
    opened = { ...message };
    peer.write(reply(message));
  });
  const stream = await parts.api.domainOpenConsole({ dom: DOM, devName: null, flags: CONSOLE_FLAG.SAFE });
  return { ...parts, stream, call: opened as Frame };
}

test("stub server: a reply that comes byte by byte is put together", async (t) => {
  const { api } = await stub(t, async (peer, message) => {
    for (const byte of reply(message, hostname)) {
      peer.write(Buffer.of(byte));
      await delay(1);
    }
  });
  t.is(await api.connectGetHostname({}), "hostname");
});

test("stub server: replies in any order find their calls", async (t) => {
  const waiting: Buffer[] = [];
  const { api } = await stub(t, (peer, message) => {
    waiting.unshift(reply(message, xdr.encodeToBuffer(xdr.u64, message.serial)));
    if (waiting.length === 3) peer.write(Buffer.concat(waiting));
  });
  const answers = await Promise.all([1, 2, 3].map(() => api.connectGetVersion({})));
  t.deepEqual(answers, [...answers].sort());
  t.is(new Set(answers).size, 3);
});

test("stub server: a reply that cannot be decoded fails its own call only", async (t) => {
  const { api } = await stub(t, (peer, message) => {
    const isFirst = message.procedure === hypervisorApi.connectGetHostname.number;
    peer.write(reply(message, isFirst ? Buffer.from([255, 255, 255, 255]) : xdr.encodeToBuffer(xdr.u64, 7)));
  });
  const error = await t.throwsAsync(api.connectGetHostname({}));
  t.like(error, { code: "RPC", domain: "RPC" });
  t.regex(error.message, /^Unable to decode message payload: /);
  t.is(await api.connectGetVersion({}), 7n);
});

test("stub server: what a newer peer sends behind a reply is left alone", async (t) => {
  const { api } = await stub(t, (peer, message) => peer.write(reply(message, Buffer.concat([hostname, hostname]))));
  t.is(await api.connectGetHostname({}), "hostname");
});

const BROKEN: readonly [name: string, bytes: (message: Frame) => Buffer, words: RegExp][] = [
  [
    "a reply to no call",
    (m) => reply({ ...m, serial: 99 }),
    /^no call waiting for reply with prog \d+ vers 1 serial 99$/,
  ],
  ["a call", (m) => frameBytes({ ...HEADER, procedure: 1, serial: m.serial, type: 0 }), /^got unexpected RPC call/],
  [
    "a packet that is too large",
    () => Buffer.from("7fffffff", "hex"),
    /^packet 2147483647 bytes received .* too large/,
  ],
  ["a packet that is too small", () => Buffer.from("00000004", "hex"), /^packet 4 bytes received .* too small/],
];
for (const [name, bytes, words] of BROKEN) {
  test(`stub server: ${name} ends the connection, and whoever waits is told why`, async (t) => {
    const { api, client } = await stub(t, (peer, message) => peer.write(bytes(message)));
    const error = await t.throwsAsync(api.connectGetHostname({}));
    t.regex(error.message, words);
    t.is(await client.closed, error as never);
  });
}

test("stub server: a call that the peer does not know is one that it does not support", async (t) => {
  const { api } = await stub(t, (peer, message) => {
    const writer = new xdr.XdrWriter();
    for (const word of [39, 7, 1]) writer.i32(word);
    writer.string("unknown procedure: 59");
    for (const word of [2, 0, 0, 0, 0, -1, -1, 0]) writer.i32(word);
    const { procedure, serial } = message;
    const header = { ...HEADER, procedure, serial, type: MESSAGE_TYPE.REPLY, status: MESSAGE_STATUS.ERROR };
    peer.write(frameBytes(header, writer.take()));
  });
  t.like(await t.throwsAsync(api.connectGetHostname({})), { code: "NO_SUPPORT", message: "unknown procedure: 59" });
});

test("stub server: a flood waits in the peer until the stream's reader takes it, and all of it arrives", async (t) => {
  const { peer, stream, call } = await stubConsole(t);
  const block = Buffer.alloc(64 * 1024, "x");
  const blocks = 400;
  for (let i = 0; i < blocks; i++) peer.write(packet(call, MESSAGE_STATUS.CONTINUE, block));
  peer.write(packet(call, MESSAGE_STATUS.CONTINUE));
  await delay(300);
  t.true(stream.readableLength < 2e6, `${stream.readableLength} bytes were taken without a reader`);
  t.true(peer.writableLength > 20e6, "the rest is still with the peer");
  let bytes = 0;
  stream.on("data", (data: Buffer) => {
    bytes += data.length;
  });
  await once(stream, "end");
  t.is(bytes, blocks * block.length);
});

test("stub server: what the reply of an opened stream carries stands beside the stream", async (t) => {
  const { api } = await stub(t, (peer, message) => {
    if (message.type !== MESSAGE_TYPE.CALL) return;
    const mime = xdr.encodeToBuffer(hypervisorApi.domainScreenshot.ret as never, { mime: "image/png" } as never);
    peer.write(reply(message, mime));
    peer.write(packet(message, MESSAGE_STATUS.CONTINUE, Buffer.from("picture")));
    peer.write(packet(message, MESSAGE_STATUS.CONTINUE));
  });
  const { mime, stream } = await api.domainScreenshot({ dom: DOM, screen: 0, flags: 0 });
  t.is(mime, "image/png");
  t.is(String((await stream.toArray())[0]), "picture");
});

test("stub server: a call is answered behind a flood that nobody reads", async (t) => {
  const { api, peer, call } = await stubConsole(t, (from, message) => from.write(reply(message, hostname)));
  for (let i = 0; i < 100; i++) peer.write(packet(call, MESSAGE_STATUS.CONTINUE, Buffer.alloc(64 * 1024)));
  await delay(100);
  t.is(await api.connectGetHostname({}), "hostname");
});

test("stub server: what is written leaves in packets that libvirt takes, and waits for the socket", async (t) => {
  let bytes = 0;
  let largest = 0;
  const { stream } = await stubConsole(t, (peer, message) => {
    if (message.status === MESSAGE_STATUS.OK) return peer.write(packet(message, MESSAGE_STATUS.OK));
    largest = Math.max(largest, message.end - message.body);
    bytes += message.end - message.body;
  });
  const data = Buffer.alloc(1_000_000);
  t.false(stream.write(data), "a writer that minds it is asked to wait");
  await once(stream, "drain");
  stream.end();
  await once(stream, "finish");
  t.is(bytes, data.length);
  t.is(largest, 262120);
});

test("stub server: an aborted call's stream is aborted as soon as the peer has opened it", async (t) => {
  const statuses: number[] = [];
  let go = () => {};
  const { api } = await stub(t, (peer, message) => {
    if (message.type === MESSAGE_TYPE.STREAM) statuses.push(message.status);
    else if (message.procedure === hypervisorApi.connectGetHostname.number) peer.write(reply(message, hostname));
    else {
      const opening = { ...message };
      go = () => peer.write(reply(opening));
    }
  });
  const controller = new AbortController();
  const opening = api.domainOpenConsole({ dom: DOM, devName: null, flags: 0 }, { signal: controller.signal });
  await api.connectGetHostname({});
  controller.abort();
  await t.throwsAsync(opening, { code: "OPERATION_ABORTED" });
  go();
  await api.connectGetHostname({});
  await api.connectGetHostname({});
  t.deepEqual(statuses, [MESSAGE_STATUS.ERROR]);
});

test("stub server: a stream's loss is an error, and the caller's own close is not", async (t) => {
  const lost = await stubConsole(t);
  const failed = once(lost.stream, "error");
  lost.peer.destroy();
  t.like((await failed)[0], { message: "End of file while reading data: Input/output error" });
  const closed = await stubConsole(t);
  closed.stream.on("error", (error) => t.fail(error.message));
  const over = once(closed.stream, "close");
  await closed.client.close();
  await over;
});

test("a daemon whose queue of new clients is full is waited for", async (t) => {
  const folder = await mkdtemp(join(tmpdir(), "stub-"));
  const path = join(folder, "sock");
  const fd = listenUnix(path, 1);
  const early = await Promise.all([connectPatiently(path), connectPatiently(path)]);
  const late = RpcClient.connect(path);
  t.is(await Promise.race([late, delay(100, "waits")]), "waits");
  const server = createServer((socket) => early.push(socket)).listen({ fd });
  const client = await late;
  t.teardown(async () => {
    await client.close();
    for (const socket of early) socket.destroy();
    server.close();
    await rm(folder, { recursive: true });
  });
  t.pass();
});

test("stub server: packets that come before the reply are the stream's, in their order", async (t) => {
  const { api } = await stub(t, (peer, message) => {
    if (message.type !== MESSAGE_TYPE.CALL) return;
    const parts = ["one ", "two ", "three"].map((words) => Buffer.from(words));
    const packets = parts.map((part) => packet(message, MESSAGE_STATUS.CONTINUE, part));
    const end = packet(message, MESSAGE_STATUS.CONTINUE);
    peer.write(Buffer.concat([...packets.slice(0, 2), reply(message), ...packets.slice(2), end]));
  });
  const stream = await api.domainOpenConsole({ dom: DOM, devName: null, flags: 0 });
  t.is(await text(stream), "one two three");
});

test("stub server: an error that comes with the reply reaches whoever reads the stream", async (t) => {
  const { api } = await stub(t, (peer, message) => {
    if (message.type !== MESSAGE_TYPE.CALL) return;
    const { procedure, serial } = message;
    const header = { ...HEADER, procedure, serial, type: MESSAGE_TYPE.STREAM, status: MESSAGE_STATUS.ERROR };
    const body = xdr.encodeToBuffer(wireError, wireErrorOf(new VirtError("OPERATION_FAILED", "no more")) as never);
    peer.write(Buffer.concat([frameBytes(header, body), reply(message)]));
  });
  const stream = await api.domainOpenConsole({ dom: DOM, devName: null, flags: 0 });
  await t.throwsAsync(text(stream), { message: "operation failed: no more" });
});

test("stub server: packets before a reply that is an error concern nobody", async (t) => {
  const { api } = await stub(t, (peer, message) => {
    const body = xdr.encodeToBuffer(wireError, wireErrorOf(new VirtError("NO_DOMAIN", "gone")) as never);
    const { procedure, serial } = message;
    const failed = frameBytes(
      { ...HEADER, procedure, serial, type: MESSAGE_TYPE.REPLY, status: MESSAGE_STATUS.ERROR },
      body,
    );
    if (message.procedure === hypervisorApi.connectGetHostname.number) peer.write(reply(message, hostname));
    else peer.write(Buffer.concat([packet(message, MESSAGE_STATUS.CONTINUE, Buffer.from("data")), failed]));
  });
  await t.throwsAsync(api.domainOpenConsole({ dom: DOM, devName: null, flags: 0 }), { code: "NO_DOMAIN" });
  t.is(await api.connectGetHostname({}), "hostname");
});

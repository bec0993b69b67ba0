import { existsSync, readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Duplex } from "node:stream";
import { fileURLToPath } from "node:url";
import { isDeepStrictEqual } from "node:util";
import {
  type Call,
  createHost,
  type HypervisorCallName,
  type HypervisorConnection,
  handlerOf,
  hypervisorApi,
  PROGRAMS,
  type Program,
  parseUri,
  publicName,
  resultFromWire,
  silentLog,
  xdr,
} from "@polyvisor/core";
import { type Frame, FrameSplitter, frameBytes, MESSAGE_STATUS, MESSAGE_TYPE } from "@polyvisor/sdk/rpc";
import test, { type ExecutionContext } from "ava";

/** Reads words that are all 1, so that lists have one entry and what may be absent is there. */
class Ones extends xdr.XdrReader {
  constructor() {
    const words = Buffer.alloc(4096);
    for (let at = 0; at < words.length; at += 4) words.writeInt32BE(1, at);
    super(words);
  }

  override string(): string {
    return "one";
  }
}

/** A value of a type, whatever it is, as it comes off the wire. */
function ones<T>(codec: xdr.Codec<T, never>): T {
  return xdr.decodeFromBuffer(codec, encode(codec, codec.decode(new Ones())));
}

function encode(codec: unknown, value: unknown): Buffer {
  return xdr.encodeToBuffer(codec as xdr.Codec<unknown, unknown>, value);
}

interface Heard {
  readonly program: Program;
  readonly call: Call;
  readonly args: Readonly<Record<string, unknown>>;
}

const FD_PASSING = 8;

/** What a client must be told before it is let in. */
const WELCOME: Readonly<Record<string, (args: Heard["args"]) => Record<string, unknown>>> = {
  authList: () => ({ types: [0] }),
  connectSupportsFeature: ({ feature }) => ({ supported: feature === FD_PASSING ? 1 : 0 }),
  connectGetURI: () => ({ uri: "test:///default" }),
};

/** A daemon that is made up: it answers every call, and remembers which have come. */
async function madeUpDaemon(t: ExecutionContext): Promise<{ socket: string; heard: Heard[] }> {
  const folder = await mkdtemp(join(tmpdir(), "every-call-"));
  const socket = join(folder, "socket");
  const heard: Heard[] = [];
  const server = createServer((peer) => serve(peer, heard));
  await new Promise<void>((resolve) => server.listen(socket, resolve));
  t.teardown(async () => {
    server.close();
    await rm(folder, { recursive: true });
  });
  return { socket, heard };
}

function serve(peer: Socket, heard: Heard[]): void {
  const splitter = new FrameSplitter();
  peer.on("error", () => {});
  peer.on("data", (chunk) => {
    splitter.feed(chunk);
    while (splitter.next()) {
      const { frame } = splitter;
      if (frame.type !== MESSAGE_TYPE.CALL && frame.type !== MESSAGE_TYPE.CALL_WITH_FDS) continue;
      const [name, one] = calledIn(frame);
      heard.push(one);
      peer.write(replyTo(frame, encode(one.call.ret, WELCOME[name]?.(one.args) ?? ones(one.call.ret))));
    }
  });
}

function calledIn(frame: Frame): [name: string, heard: Heard] {
  const program = PROGRAMS.find(({ number }) => number === frame.program) as Program;
  const [name, call] = Object.entries(program.calls).find(([, { number }]) => number === frame.procedure) ?? [];
  if (name === undefined || call === undefined) throw new Error(`no procedure ${frame.procedure}`);
  // Descriptors are counted in front of the arguments.
  const body = frame.body + (frame.type === MESSAGE_TYPE.CALL ? 0 : 4);
  const args = xdr.decodeFromBuffer(call.args, Buffer.from(frame.buffer.subarray(body, frame.end)));
  return [name, { program, call, args }];
}

function replyTo({ program, version, procedure, serial }: Frame, body: Buffer): Buffer {
  return frameBytes({ program, version, procedure, serial, type: MESSAGE_TYPE.REPLY, status: MESSAGE_STATUS.OK }, body);
}

const DRIVER_CALLS = Object.entries<Call>(hypervisorApi).filter(([, call]) => call.by === "driver");

test("made-up daemon: every call of a driver reaches the wire with its arguments, and brings back what was answered", async (t) => {
  const { socket, heard } = await madeUpDaemon(t);
  const host = await createHost({ plugins: [fileURLToPath(new URL("..", import.meta.url))] });
  t.teardown(() => host.close());
  const context = { identity: {}, readOnly: false, signal: new AbortController().signal, log: silentLog };
  const driver = await host.openDriver(parseUri(`test+unix:///default?socket=${socket}`), context);
  const faults: string[] = [];
  for (const [name, call] of DRIVER_CALLS) {
    heard.length = 0;
    const fault = await tryCall(driver, name as HypervisorCallName, call, heard);
    if (fault !== undefined) faults.push(`${name}: ${fault}`);
  }
  t.deepEqual(faults, []);
  t.true(DRIVER_CALLS.length > 370);
  await driver.close();
});

/** What is wrong with the way of a call there and back. */
async function tryCall(
  driver: HypervisorConnection,
  name: HypervisorCallName,
  call: Call,
  heard: readonly Heard[],
): Promise<string | undefined> {
  const handler = handlerOf(driver, name);
  if (handler === undefined) return "there is no handler";
  const args = ones(call.args as xdr.Codec<Record<string, unknown>, never>);
  const context = { identity: {}, readOnly: false, signal: new AbortController().signal, log: silentLog };
  const answer = Promise.resolve(handler(args, context));
  // A reply that ought to bring a descriptor and does not is refused, and rightly.
  const result = await (call.descriptors === undefined ? answer : answer.catch(() => undefined));
  const last = heard.at(-1);
  if (last?.call !== call) return "it did not come";
  // How many entries a caller wants is the wire's alone.
  const ours = new Set(call.shape === undefined ? [] : Object.values(call.shape));
  const lost = Object.keys(args).filter((key) => !ours.has(key) && !isDeepStrictEqual(args[key], last.args[key]));
  if (lost.length > 0) return `not with its ${lost}`;
  if (call.descriptors !== undefined) return undefined;
  if (call.stream !== undefined) return endStream(result);
  return isDeepStrictEqual(result, resultFromWire(call, ones(call.ret))) ? undefined : "its answer did not come back";
}

function endStream(result: unknown): string | undefined {
  const stream = result instanceof Duplex ? result : (result as { readonly stream?: unknown }).stream;
  if (!(stream instanceof Duplex)) return "it brought no stream";
  stream.on("error", () => {}).destroy();
  return undefined;
}

/** Calls of libvirt's library that are no messages: it makes them out of others, or answers them itself. */
const NO_MESSAGES: Readonly<Record<string, string>> = {
  virConnectIsAlive: "the client knows",
  virConnectIsEncrypted: "the client knows",
  virConnectSetKeepAlive: "the client's own",
  virConnectOpenAuth: "virConnectOpen",
  virConnectOpenReadOnly: "virConnectOpen with a flag",
  virDomainCreateLinux: "virDomainCreateXML",
  virDomainMigrate: "the steps of a migration",
  virStreamAbort: "packets of a stream",
  virStreamEventAddCallback: "packets of a stream",
  virStreamEventRemoveCallback: "packets of a stream",
  virStreamEventUpdateCallback: "packets of a stream",
  virStreamFinish: "packets of a stream",
  virStreamRecv: "packets of a stream",
  virStreamRecvFlags: "packets of a stream",
  virStreamRecvHole: "packets of a stream",
  virStreamSend: "packets of a stream",
  virStreamSendHole: "packets of a stream",
};

const MATRIX = fileURLToPath(new URL("../../../../shared/reference/api-matrix.json", import.meta.url));
const check = existsSync(MATRIX) ? test : test.skip;

check("whatever libvirt's remote driver has is in the table (needs the reference data)", (t) => {
  const { remote } = JSON.parse(readFileSync(MATRIX, "utf8")) as { remote: Record<string, readonly string[]> };
  const known = new Set([...Object.keys(hypervisorApi).map(publicName), ...Object.keys(NO_MESSAGES)]);
  const there = new Set(Object.values(remote).flat());
  t.deepEqual(
    [...there].filter((name) => !known.has(name)),
    [],
  );
  t.deepEqual(
    Object.keys(NO_MESSAGES).filter((name) => !there.has(name)),
    [],
  );
});

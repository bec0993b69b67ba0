import { Duplex, PassThrough } from "node:stream";
import { MESSAGE_STATUS, MESSAGE_TYPE, STREAM_DATA_MAX } from "@polyvisor/sdk/rpc";
import test from "ava";
import { bodyOf, numberOf, resultOf } from "../testing/call-bodies.js";
import { errorOf, type Message, type RawClient } from "../testing/raw-client.js";
import { serve, until } from "../testing/serve.js";
import { TEST_DOMAIN } from "../testing/tiny-driver.js";

const OPEN_CONSOLE = numberOf("domainOpenConsole");
const SERIAL = 40;

/** The driver's end of a console: a test writes what the guest says and reads what the guest hears. */
class Console extends Duplex {
  readonly heard: Buffer[] = [];
  finished = false;
  /** While set, the guest takes nothing. */
  stuck: (() => void) | undefined;

  override _read(): void {}

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: () => void): void {
    this.heard.push(chunk);
    if (this.stuck === undefined) done();
    else this.stuck = done;
  }

  override _final(done: () => void): void {
    this.finished = true;
    done();
  }
}

async function openConsole(client: RawClient): Promise<Message> {
  client.send(
    { procedure: OPEN_CONSOLE, serial: SERIAL },
    bodyOf("domainOpenConsole", { dom: TEST_DOMAIN, devName: null, flags: 0 }),
  );
  return client.take(({ type }) => type === MESSAGE_TYPE.REPLY);
}

function say(client: RawClient, status: number, data?: Uint8Array): void {
  client.send({ procedure: OPEN_CONSOLE, serial: SERIAL, type: MESSAGE_TYPE.STREAM, status }, data);
}

function packet(client: RawClient): Promise<Message> {
  return client.take(({ type, serial }) => type === MESSAGE_TYPE.STREAM && serial === SERIAL);
}

test("a stream that cannot be opened is an error of the call", async (t) => {
  const { open } = await serve(t);
  const client = await open();
  const answer = await openConsole(client);
  t.is(errorOf(answer).message, "internal error: cannot find character device <null>");
});

test("what the guest says and what the client types go both ways, after the reply", async (t) => {
  const { hypervisor, open } = await serve(t);
  const guest = new Console();
  guest.push("login: ");
  hypervisor.console = () => guest;
  const client = await open();
  t.is((await openConsole(client)).status, MESSAGE_STATUS.OK);
  const first = await packet(client);
  t.like(first, { procedure: OPEN_CONSOLE, status: MESSAGE_STATUS.CONTINUE });
  t.is(first.body.toString(), "login: ");
  say(client, MESSAGE_STATUS.CONTINUE, Buffer.from("root\n"));
  await until(() => guest.heard.length === 1);
  t.is(guest.heard.join(""), "root\n");
});

/** Takes a picture of a screen: the reply, and the stream's bytes where the call worked. */
async function takeScreenshot(client: RawClient, screen: number): Promise<{ reply: Message; bytes: Buffer }> {
  client.send(
    { procedure: numberOf("domainScreenshot"), serial: SERIAL },
    bodyOf("domainScreenshot", { dom: TEST_DOMAIN, screen, flags: 0 }),
  );
  const reply = await client.take(({ type }) => type === MESSAGE_TYPE.REPLY);
  const bytes = reply.status === MESSAGE_STATUS.OK ? (await packet(client)).body : Buffer.alloc(0);
  return { reply, bytes };
}

test("a call that opens a stream says in its reply what comes", async (t) => {
  const { hypervisor, open } = await serve(t);
  hypervisor.screenshot = () => new PassThrough().end("picture");
  const { reply, bytes } = await takeScreenshot(await open(), 0);
  t.deepEqual(resultOf("domainScreenshot", reply.body), { mime: "image/png" });
  t.is(bytes.toString(), "picture");
});

test("a reply that does not fit into a message opens no stream", async (t) => {
  const { hypervisor, open } = await serve(t);
  const picture = new PassThrough();
  hypervisor.screenshot = () => picture;
  const client = await open();
  const { reply } = await takeScreenshot(client, 1);
  t.regex(errorOf(reply).message ?? "", /^Unable to encode message payload/);
  t.true(picture.destroyed);
  t.is((await client.call(numberOf("connectGetType"))).status, MESSAGE_STATUS.OK);
  t.deepEqual(client.inbox, []);
});

test("much data comes whole, in packets that libvirt's clients accept", async (t) => {
  const { hypervisor, open } = await serve(t);
  const guest = new Console();
  const data = Buffer.alloc(3 * STREAM_DATA_MAX + 17, "0123456789");
  hypervisor.console = () => guest;
  const client = await open();
  await openConsole(client);
  guest.push(data);
  const got: Buffer[] = [];
  while (Buffer.concat(got).length < data.length) got.push((await packet(client)).body);
  t.true(Buffer.concat(got).equals(data));
  t.true(got.every(({ length }) => length <= STREAM_DATA_MAX));
});

test("the guest's end of the stream is an empty packet, and finishing is confirmed", async (t) => {
  const { hypervisor, open } = await serve(t);
  const guest = new Console();
  hypervisor.console = () => guest;
  const client = await open();
  await openConsole(client);
  guest.push(null);
  const end = await packet(client);
  t.is(end.status, MESSAGE_STATUS.CONTINUE);
  t.is(end.body.length, 0);
  say(client, MESSAGE_STATUS.OK);
  const confirmed = await packet(client);
  t.is(confirmed.status, MESSAGE_STATUS.OK);
  t.is(confirmed.body.length, 0);
  t.true(guest.destroyed);
});

test("finishing waits until the guest has taken everything", async (t) => {
  const { hypervisor, open } = await serve(t);
  const guest = new Console();
  guest.stuck = () => {};
  hypervisor.console = () => guest;
  const client = await open();
  await openConsole(client);
  say(client, MESSAGE_STATUS.CONTINUE, Buffer.from("all of this"));
  say(client, MESSAGE_STATUS.OK);
  await client.call(numberOf("connectGetType"));
  t.deepEqual(client.inbox, []);
  guest.stuck();
  t.is((await packet(client)).status, MESSAGE_STATUS.OK);
  t.true(guest.finished);
});

test("a client's abort is confirmed, and the driver's end is closed at once", async (t) => {
  const { hypervisor, open } = await serve(t);
  const guest = new Console();
  hypervisor.console = () => guest;
  const client = await open();
  await openConsole(client);
  say(client, MESSAGE_STATUS.ERROR);
  t.is((await packet(client)).status, MESSAGE_STATUS.OK);
  t.true(guest.destroyed);
  t.false(guest.finished);
  say(client, MESSAGE_STATUS.CONTINUE, Buffer.from("too late"));
  t.is((await client.call(numberOf("connectGetType"))).status, MESSAGE_STATUS.OK);
});

test("a failure of the driver's end ends the stream with an error", async (t) => {
  const { hypervisor, open } = await serve(t);
  const guest = new Console();
  hypervisor.console = () => guest;
  const client = await open();
  await openConsole(client);
  guest.destroy(new Error("EIO"));
  t.like(errorOf(await packet(client)), { code: 39, domain: 38, message: "stream had I/O failure: EIO" });
  t.is((await client.call(numberOf("connectGetType"))).status, MESSAGE_STATUS.OK);
});

test("a status that no stream has aborts it with libvirt's error", async (t) => {
  const { hypervisor, open } = await serve(t);
  const guest = new Console();
  hypervisor.console = () => guest;
  const client = await open();
  await openConsole(client);
  say(client, 9);
  t.like(errorOf(await packet(client)), { code: 39, domain: 38, message: "stream aborted with unexpected status 9" });
  t.true(guest.destroyed);
});

test("a hole in a stream that has none closes the connection", async (t) => {
  const { hypervisor, open } = await serve(t);
  const guest = new Console();
  hypervisor.console = () => guest;
  const client = await open();
  await openConsole(client);
  client.send({ procedure: OPEN_CONSOLE, serial: SERIAL, type: MESSAGE_TYPE.STREAM_HOLE, status: 2 }, Buffer.alloc(12));
  await client.closed;
  await until(() => guest.destroyed);
  t.pass();
});

test("a client that is gone leaves no open stream behind", async (t) => {
  const { hypervisor, open } = await serve(t);
  const guest = new Console();
  hypervisor.console = () => guest;
  const client = await open();
  await openConsole(client);
  client.close();
  await until(() => guest.destroyed);
  t.pass();
});

test("a guest that talks faster than the client reads is held back", async (t) => {
  const { hypervisor, open } = await serve(t);
  const flood = new PassThrough({ highWaterMark: 65536 });
  hypervisor.console = () => flood;
  const client = await open();
  await openConsole(client);
  client.socket.pause();
  let sent = 0;
  const chunk = Buffer.alloc(65536, 97);
  while (flood.write(chunk) || (await drained(flood))) sent += chunk.length;
  t.true(sent < 2e7, `${sent} bytes went into the stream before it was held back`);
  client.socket.resume();
  let got = 0;
  flood.end();
  for (;;) {
    const { body } = await packet(client);
    if (body.length === 0) break;
    got += body.length;
  }
  t.is(got, sent + chunk.length);
});

test("a guest that takes nothing holds its client back, and lets it go on later", async (t) => {
  const { hypervisor, open } = await serve(t);
  const guest = new Console();
  guest.stuck = () => {};
  hypervisor.console = () => guest;
  const client = await open();
  await openConsole(client);
  for (let i = 0; i < 10; i++) say(client, MESSAGE_STATUS.CONTINUE, Buffer.alloc(STREAM_DATA_MAX, i));
  const answer = client.call(numberOf("connectGetType"));
  await new Promise((resolve) => setTimeout(resolve, 100));
  t.true(guest.writableLength < 2e6);
  t.deepEqual(client.inbox, []);
  const release = guest.stuck;
  guest.stuck = undefined;
  release();
  t.is((await answer).status, MESSAGE_STATUS.OK);
  await until(() => Buffer.concat(guest.heard).length === 10 * STREAM_DATA_MAX);
});

/** Whether the stream takes more within a while. */
function drained(stream: Duplex): Promise<boolean> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => settle(false), 200);
    const settle = (more: boolean) => {
      clearTimeout(timer);
      stream.off("drain", onDrain);
      resolve(more);
    };
    const onDrain = () => settle(true);
    stream.once("drain", onDrain);
  });
}

import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { connect, createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test, { type ExecutionContext } from "ava";
import { Xenstore } from "./client.js";
import { encodeXs, readXsWords, XS, XsDecoder, xsWords } from "./codec.js";

const MINUTES = 2 * 60_000;

test("messages are the same again, in whatever pieces they come", (t) => {
  const messages = [
    { type: XS.READ, id: 1, body: xsWords("/local/domain/0/name") },
    { type: XS.WATCH_EVENT, id: 0, body: xsWords("@introduceDomain", "token") },
    { type: XS.ERROR, id: 4294967295, body: xsWords("ENOENT") },
    { type: XS.DIRECTORY, id: 3, body: Buffer.alloc(0) },
  ];
  const bytes = Buffer.concat(messages.map(encodeXs));
  for (const size of [1, 5, 16, bytes.length]) {
    const decoder = new XsDecoder();
    const read = [];
    for (let at = 0; at < bytes.length; at += size) read.push(...decoder.feed(bytes.subarray(at, at + size)));
    t.deepEqual(
      read.map(({ type, id, body }) => ({ type, id, words: readXsWords(body) })),
      messages.map(({ type, id, body }) => ({ type, id, words: readXsWords(body) })),
    );
  }
});

test("what is no xenstore's is refused, and nothing too long is sent", (t) => {
  t.throws(() => [...new XsDecoder().feed(Buffer.from("HTTP/1.1 400 Bad Request\r\n\r\n"))], {
    message: /sent a body of/,
  });
  t.throws(() => encodeXs({ type: XS.READ, id: 1, body: Buffer.alloc(4097) }), { instanceOf: RangeError });
});

async function peers(t: ExecutionContext): Promise<{ readonly client: Socket; readonly server: Socket }> {
  t.timeout(MINUTES);
  const folder = await mkdtemp(join(tmpdir(), "xenstore-"));
  const listener = createServer();
  await new Promise<void>((resolve) => listener.listen(join(folder, "s"), () => resolve()));
  const [[server], client] = await Promise.all([
    once(listener, "connection") as Promise<[Socket]>,
    Promise.resolve(connect(join(folder, "s"))),
  ]);
  t.teardown(async () => {
    client.destroy();
    server.destroy();
    listener.close();
    await rm(folder, { recursive: true });
  });
  return { client, server };
}

test("a xenstored that says nothing is given up, and so is everything that waits for it", async (t) => {
  const { client } = await peers(t);
  const store = new Xenstore(client, 50);
  const error = await t.throwsAsync(store.read("/x"), { message: /no answer within 0.05 s/ });
  t.is((await store.lost) as Error, error as Error);
  await t.throwsAsync(store.directory("/y"), { message: /the connection ended/ });
});

test("a xenstored that goes away is told of once", async (t) => {
  const { client, server } = await peers(t);
  const store = new Xenstore(client, MINUTES);
  const waiting = store.read("/x");
  server.once("data", () => server.destroy());
  await t.throwsAsync(waiting, { code: "NO_XENSTORE" });
  t.is((await store.lost).code, "NO_XENSTORE");
});

import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync, readlinkSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import net from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { Descriptor } from "@polyvisor/core";
import test, { type ExecutionContext } from "ava";
import { duplicate, receiveDescriptor, sendDescriptor, socketPair, stopReading, streamOnDescriptor } from "./index.js";

/** A connection whose other end is a program in Python, which has `sock` and says lines. Nothing is read from it here. */
async function peer(t: ExecutionContext, program: string) {
  const folder = await mkdtemp(join(tmpdir(), "polyvisor-fds-"));
  const path = join(folder, "s");
  const server = net.createServer({ pauseOnConnect: true }).listen(path);
  await once(server, "listening");
  const code = `import os,socket,time\nsock=socket.socket(socket.AF_UNIX);sock.connect(${JSON.stringify(path)})\n${program}`;
  const child = spawn("python3", ["-uc", code], { stdio: ["ignore", "pipe", "inherit"] });
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
  const [socket] = (await once(server, "connection")) as [net.Socket];
  t.teardown(async () => {
    socket.destroy();
    child.kill();
    server.close();
    await rm(folder, { recursive: true });
  });
  return { socket, next: async () => String((await lines.next()).value) };
}

/** A connection within this process, of which nothing is read by itself. */
function ends(t: ExecutionContext): [net.Socket, net.Socket] {
  const pair = socketPair().map((end) => streamOnDescriptor(end.take())) as [net.Socket, net.Socket];
  for (const end of pair) {
    stopReading(end);
    t.teardown(() => end.destroy());
  }
  return pair;
}

async function received(socket: net.Socket): Promise<Descriptor> {
  for (;;) {
    const descriptor = receiveDescriptor(socket);
    if (descriptor !== undefined) return descriptor;
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}

test("a file goes to another process and comes back, with a byte of its own", async (t) => {
  const program = `data,fds,_,_=socket.recv_fds(sock,9,2)
print(repr(data),len(fds),os.readlink("/proc/self/fd/%d"%fds[0]))
socket.send_fds(sock,[b"!"],fds)
time.sleep(60)`;
  const { socket, next } = await peer(t, program);
  const [near, far] = socketPair();
  t.true(sendDescriptor(socket, far, 0x2a));
  t.is(await next(), `b'*' 1 ${readlinkSync(`/proc/self/fd/${far.fd}`)}`);
  const back = await received(socket);
  t.not(back.fd, far.fd);
  t.is(readlinkSync(`/proc/self/fd/${back.fd}`), readlinkSync(`/proc/self/fd/${far.fd}`));
  for (const { fd } of [near, far, back])
    t.regex(readFileSync(`/proc/self/fdinfo/${fd}`, "utf8"), /^flags:\s+02/m, "is not inherited");
  for (const each of [near, far, back]) each.close();
});

/** What a peer sends that is no descriptor. */
const WRONG: Readonly<Record<string, readonly [program: string, says: RegExp]>> = {
  "two at once": [`socket.send_fds(sock,[b"!"],[0,1])`, /several descriptors/],
  "a byte alone": [`sock.send(b"!")`, /without a descriptor/],
  "nothing any more": ["sock.close()", /the peer is gone/],
};

for (const [what, [program, says]] of Object.entries(WRONG)) {
  test(`instead of a descriptor: ${what}`, async (t) => {
    const { socket, next } = await peer(t, `${program}\nprint("sent")\ntime.sleep(60)`);
    await next();
    await t.throwsAsync(received(socket), { message: says });
  });
}

test("a peer that does not read is waited for, one that is gone is told", async (t) => {
  const [near, far] = ends(t);
  const gift = new Descriptor(duplicate(2).take());
  t.is(receiveDescriptor(near), undefined);
  let sent = 0;
  while (sendDescriptor(near, gift)) sent++;
  t.true(sent > 10);
  for (let i = 0; i < sent; i++) (await received(far)).close();
  t.true(sendDescriptor(near, gift));
  far.destroy();
  await once(far, "close");
  t.throws(() => sendDescriptor(near, gift), { message: /EPIPE|ECONNRESET/ });
  gift.close();
  t.throws(() => sendDescriptor(near, gift), { message: /closed/ });
});

import { readlinkSync } from "node:fs";
import type { Socket } from "node:net";
import type { Descriptor } from "@polyvisor/core";
import test, { type ExecutionContext } from "ava";
import { sendDescriptor, socketPair, stopReading, streamOnDescriptor } from "../process/index.js";
import { ExactReader } from "./exact-reader.js";

/** Lines of five bytes, of which one that begins with a digit is followed by so many descriptors. */
class Lines {
  readonly heard: string[] = [];
  readonly problems: string[] = [];
  readonly near: Socket;
  readonly reader: ExactReader;
  #line = "";
  #changed = () => {};

  constructor(socket: Socket, patience?: number) {
    this.near = socket;
    stopReading(socket);
    const taker = {
      wanted: () => 5 - this.#line.length,
      read: (bytes: Buffer) => this.#read(bytes.toString()),
      ended: () => this.#hear("end"),
      failed: (error: Error) => this.#hear(error.message),
    };
    this.reader = new ExactReader(socket, taker, patience);
  }

  async until(count: number): Promise<void> {
    while (this.heard.length < count)
      await new Promise<void>((resolve) => {
        this.#changed = resolve;
      });
  }

  #read(text: string): void {
    this.#line += text;
    if (this.#line.length < 5) return;
    const line = this.#line;
    this.#line = "";
    this.#hear(line);
    const count = Number(line[0]);
    if (count > 0) this.reader.receive(count, (result) => this.#hear(namesOf(result)));
  }

  #hear(what: string): void {
    this.heard.push(what);
    this.#changed();
  }
}

function namesOf(result: readonly Descriptor[] | Error): string {
  if (result instanceof Error) return result.message;
  const names = result.map(({ fd }) => readlinkSync(`/proc/self/fd/${fd}`));
  for (const each of result) each.close();
  return names.join();
}

function connected(
  t: ExecutionContext,
  patience?: number,
): { lines: Lines; far: Socket; gift: Descriptor; name: string } {
  const [near, far] = socketPair().map((end) => streamOnDescriptor(end.take())) as [Socket, Socket];
  const [gift, other] = socketPair();
  other.close();
  t.teardown(() => {
    near.destroy();
    far.destroy();
    gift.close();
  });
  return { lines: new Lines(near, patience), far, gift, name: readlinkSync(`/proc/self/fd/${gift.fd}`) };
}

test("descriptors are taken where they stand between the bytes", async (t) => {
  const { lines, far, gift, name } = connected(t);
  const write = (text: string) => new Promise<void>((sent) => far.write(text, () => sent()));
  await write("hello2more");
  sendDescriptor(far, gift);
  sendDescriptor(far, gift);
  await write("again1");
  await write("line");
  await lines.until(5);
  sendDescriptor(far, gift);
  await write("there");
  await lines.until(7);
  t.deepEqual(lines.heard, ["hello", "2more", `${name},${name}`, "again", "1line", name, "there"]);
  far.end();
  await lines.until(8);
  t.is(lines.heard.at(-1), "end");
});

test("descriptors that never come are not waited for", async (t) => {
  const { lines, far, gift } = connected(t, 20);
  await new Promise((sent) => far.write("3more", sent));
  sendDescriptor(far, gift);
  await lines.until(2);
  t.deepEqual(lines.heard, ["3more", "3 descriptors were announced and have not come"]);
});

test("who stands still reads nothing, and goes on with what came meanwhile", async (t) => {
  const { lines, far, gift, name } = connected(t);
  lines.reader.pause();
  await new Promise((sent) => far.write("1more", sent));
  sendDescriptor(far, gift);
  await new Promise((sent) => far.write("there", sent));
  await new Promise((resolve) => setTimeout(resolve, 20));
  t.deepEqual(lines.heard, []);
  lines.reader.resume();
  await lines.until(3);
  t.deepEqual(lines.heard, ["1more", name, "there"]);
});

import { once } from "node:events";
import { createWriteStream } from "node:fs";
import { mkdtemp, open, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test, { type ExecutionContext } from "ava";
import {
  bytesInPipe,
  isAtEnd,
  makePipe,
  moveToFile,
  PIPE_BYTES,
  peekIntoPipe,
  Readiness,
  takeFromPipe,
} from "./index.js";

function pipe(t: ExecutionContext) {
  const { reader, writer } = makePipe();
  const stream = createWriteStream("", { fd: writer.take() });
  t.teardown(() => {
    reader.close();
    stream.destroy();
  });
  const write = (text: string) => new Promise<void>((resolve) => stream.write(text, () => resolve()));
  const end = async () => {
    stream.end();
    await once(stream, "close");
  };
  return { reader: reader.fd, write, end };
}

test("a pipe tells what waits in it, gives it to look at, and is empty when it was taken", async (t) => {
  const { reader, write, end } = pipe(t);
  t.is(takeFromPipe(reader, 10).length, 0, "nothing waits, and nobody waits for it");
  await write("one two three");
  t.is(bytesInPipe(reader), 13);
  t.is(peekIntoPipe(reader, 7).toString(), "one two");
  t.is(takeFromPipe(reader, 4).toString(), "one ");
  t.is(peekIntoPipe(reader, PIPE_BYTES).toString(), "two three");
  t.false(isAtEnd(reader));
  await end();
  t.false(isAtEnd(reader), "something is left");
  t.is(takeFromPipe(reader, 100).toString(), "two three");
  t.true(isAtEnd(reader));
});

test("bytes move from a pipe into a file, and stay in the pipe where the file takes none", async (t) => {
  const folder = await mkdtemp(join(tmpdir(), "polyvisor-pipes-"));
  t.teardown(() => rm(folder, { recursive: true, force: true }));
  const { reader, write } = pipe(t);
  const path = join(folder, "file");
  const file = await open(path, "w");
  const full = await open("/dev/full", "w");
  t.teardown(() => Promise.all([file.close(), full.close()]));
  await write("0123456789");
  t.is(await moveToFile(reader, file.fd, 3, 4), 4);
  t.is(await readFile(path, "utf8"), "\0\0\0" + "0123");
  const readOnly = await open(path, "r");
  t.is(await moveToFile(reader, readOnly.fd, 0, 4), undefined);
  await readOnly.close();
  t.is(takeFromPipe(reader, 10).toString(), "456789");
});

test("what can be read is told once each time that it is armed, and not after it was removed", async (t) => {
  const readiness = new Readiness();
  t.teardown(() => readiness.close());
  const [first, second] = [pipe(t), pipe(t)];
  const told: string[] = [];
  let next = () => {};
  const event = () => new Promise<void>((resolve) => (next = resolve));
  const tell = (name: string) => () => {
    told.push(name);
    next();
  };
  readiness.add(first.reader, tell("first"));
  readiness.add(second.reader, tell("second"));
  // Watching alone does not keep a process alive.
  const alive = setInterval(() => {}, 1000);
  t.teardown(() => clearInterval(alive));
  const one = event();
  await first.write("a");
  await one;
  const two = event();
  await first.write("b");
  await second.write("c");
  await two;
  t.deepEqual(told, ["first", "second"], "what is not armed is not told of again");
  const three = event();
  readiness.remove(second.reader);
  readiness.arm(first.reader);
  await three;
  takeFromPipe(first.reader, 10);
  const four = event();
  readiness.arm(first.reader);
  await first.end();
  await four;
  t.deepEqual(told, ["first", "second", "first", "first"], "the end is told of, too");
});

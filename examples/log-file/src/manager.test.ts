import { writeSync } from "node:fs";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "ava";
import { FileLogManager } from "./manager.js";

const guest = { uuid: "5adf5085-3b1f-42e7-8462-cb4af457bda7", name: "g" };
const ALL = 1_000_000n;

async function makeFolder(t: { teardown(end: () => unknown): void }): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "polyvisor-log-"));
  t.teardown(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

test("what a guest writes is in its file at once, behind what was said of it", async (t) => {
  const path = join(await makeFolder(t), "qemu", "g.log");
  const manager = new FileLogManager({ max_size: 100_000, max_backups: 3 });
  const descriptor = await manager.openLogFile({ driver: "qemu", guest, path, truncate: 0 });
  t.teardown(() => descriptor.close());
  await manager.appendLogFile({ driver: "qemu", guest, path, message: "starting up\n" });
  const position = await manager.getLogFilePosition({ path });
  t.is(position.offset, 12n);

  for (let line = 0; line < 100; line++) {
    writeSync(descriptor.fd, `${line}\n`);
    const { offset } = await manager.getLogFilePosition({ path });
    const said = await manager.readLogFile({ path, position, maxBytes: ALL });
    t.is(BigInt(said.length), offset - position.offset);
    t.true(said.endsWith(`${line}\n`));
  }
  t.is(await manager.readLogFile({ path, position, maxBytes: 4n }), "0\n1\n");
  t.true((await readFile(path, "utf8")).startsWith("starting up\n0\n1\n"));

  const emptied = await manager.openLogFile({ driver: "qemu", guest, path, truncate: 1 });
  emptied.close();
  t.is((await manager.getLogFilePosition({ path })).offset, 0n);
});

test("a large file is rolled over for the next guest, and a position in it is read on from there", async (t) => {
  const folder = await makeFolder(t);
  const path = join(folder, "g.log");
  const manager = new FileLogManager({ max_size: 1024, max_backups: 2 });
  const run = async (words: string) => {
    const descriptor = await manager.openLogFile({ driver: "qemu", guest, path, truncate: 0 });
    const position = await manager.getLogFilePosition({ path });
    writeSync(descriptor.fd, words);
    descriptor.close();
    return position;
  };
  const positions = [];
  for (const letter of ["a", "b", "c", "d"]) positions.push(await run(letter.repeat(1024)));
  t.deepEqual((await readdir(folder)).sort(), ["g.log", "g.log.0", "g.log.1"]);
  const [, second, , last] = positions;
  const read = async (position: typeof last) =>
    position && (await manager.readLogFile({ path, position, maxBytes: ALL }));
  t.is(await read(second), "b".repeat(1024) + "c".repeat(1024) + "d".repeat(1024));
  t.is(await read(last), "d".repeat(1024));
  t.is(await read({ inode: 0n, offset: 7n }), await read(second), "a file that is gone is read on from the next");
});

test("a file that was never opened, and a path that is none, are refused", async (t) => {
  const folder = await makeFolder(t);
  const manager = new FileLogManager({ max_size: 1024, max_backups: 2 });
  const path = join(folder, "nothing.log");
  await t.throwsAsync(() => manager.getLogFilePosition({ path }), { message: /No open log file/ });
  await t.throwsAsync(() => manager.openLogFile({ driver: "qemu", guest, path: "g.log", truncate: 0 }), {
    message: /is not absolute/,
  });
});

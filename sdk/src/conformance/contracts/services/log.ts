import { spawn } from "node:child_process";
import { once } from "node:events";
import { write as writeCallback } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import type { Case, Check } from "../../kit/index.js";
import type { ServiceClient, ServiceSubject } from "./subject.js";

type LogCase = Case<ServiceSubject<"log">>;

const writeTo = promisify(writeCallback);

const OPENS = ["openLogFile", "getLogFilePosition", "readLogFile"];
/** The fixture with the size in bytes above which a file is rolled over, of a manager that does this. */
export const ROLLS_OVER_AT = "rollsOverAt";
const DRIVER = "conformance";

/** A guest's output: what was written is there, where it was written, and nothing is lost. */
export const logCases: readonly LogCase[] = [
  {
    name: "log: the position is exact after each write",
    group: "positions",
    needs: OPENS,
    async run(subject, check) {
      const { position, open } = await bench(subject, check);
      const log = await open();
      const first = await position(log.path);
      let offset = Number(first.offset);
      for (const text of ["a", "line\n", "ä".repeat(500), "x".repeat(70_000), "\n"]) {
        await log.write(text);
        offset += Buffer.byteLength(text);
        const now = await position(log.path);
        check.equal(
          [now.inode, Number(now.offset)],
          [first.inode, offset],
          `the position after ${text.length} characters`,
        );
      }
    },
  },
  {
    name: "log: what was written since a position is read from there",
    group: "reading",
    needs: OPENS,
    async run(subject, check) {
      const { client, position, open, read } = await bench(subject, check);
      const log = await open();
      const positions = [await position(log.path)];
      for (let line = 0; line < 10; line++) {
        await log.write(`line ${line}\n`);
        positions.push(await position(log.path));
      }
      for (const [line, at] of positions.entries()) {
        const wanted = Array.from({ length: 10 - line }, (_, index) => `line ${line + index}\n`).join("");
        check.equal(await read(log.path, at), wanted, `what was written after line ${line}`);
      }
      const [start] = positions;
      const piece = await client().readLogFile({
        path: log.path,
        position: check.present(start, "a position"),
        maxBytes: 7,
      });
      check.equal(piece, "line 0\n", "seven bytes");
    },
  },
  {
    name: "log: a megabyte is read back in pieces, each byte once",
    group: "reading",
    needs: OPENS,
    async run(subject, check) {
      const { client, position, open } = await bench(subject, check);
      const log = await open();
      const at = await position(log.path);
      const text = Array.from({ length: 10_000 }, (_, line) => `${line} ${"x".repeat(90)}\n`).join("");
      await log.write(text);
      let back = "";
      while (back.length < text.length) {
        const next = { inode: at.inode, offset: Number(at.offset) + back.length };
        const piece = await client().readLogFile({ path: log.path, position: next, maxBytes: 65_536 });
        check.ok(piece.length > 0, `nothing after ${back.length} of ${text.length} bytes`);
        check.ok(piece.length <= 65_536, `more than was asked for: ${piece.length} bytes`);
        back += piece;
      }
      check.ok(back === text, "other bytes come back");
    },
  },
  {
    name: "log: what is there stays when a file is opened again, unless it is to be emptied",
    group: "opening",
    needs: OPENS,
    async run(subject, check) {
      const { position, open, read } = await bench(subject, check);
      const log = await open();
      const start = await position(log.path);
      await log.write("first\n");
      log.close();
      const again = await open(log.path);
      await again.write("second\n");
      await position(log.path);
      check.equal(await read(log.path, start), "first\nsecond\n", "what is there");
      again.close();
      const emptied = await open(log.path, 1);
      const empty = await position(log.path);
      check.equal(Number(empty.offset), 0, "the position in an empty file");
      await emptied.write("third\n");
      check.equal(Number((await position(log.path)).offset), 6, "the position after that");
      check.equal(await read(log.path, empty), "third\n", "what is there then");
    },
  },
  {
    name: "log: what the driver says stands between what the guest says",
    group: "appending",
    needs: [...OPENS, "appendLogFile"],
    async run(subject, check) {
      const { client, position, open, read, guest } = await bench(subject, check);
      const log = await open();
      const start = await position(log.path);
      for (let round = 0; round < 10; round++) {
        await client().appendLogFile({ driver: DRIVER, guest, path: log.path, message: `driver ${round}\n` });
        await log.write(`guest ${round}\n`);
        await position(log.path);
      }
      const wanted = Array.from({ length: 10 }, (_, round) => `driver ${round}\nguest ${round}\n`).join("");
      check.equal(await read(log.path, start), wanted, "what is there");
    },
  },
  {
    name: "log: a process that inherits the descriptor writes to the file",
    group: "guests",
    needs: OPENS,
    async run(subject, check) {
      const { client, position, read, guest, newPath } = await bench(subject, check);
      const path = newPath();
      const descriptor = await client().openLogFile({ driver: DRIVER, guest, path, truncate: 0 });
      const { fd } = descriptor;
      const start = await position(path);
      const child = spawn("sh", ["-c", "echo out; echo err >&2; read line; echo end"], { stdio: ["pipe", fd, fd] });
      check.cleanup(() => child.kill("SIGKILL"));
      descriptor.close();
      await check.eventually("its words are there", async () => {
        await position(path);
        return (await read(path, start)) === "out\nerr\n";
      });
      const gone = once(child, "exit");
      child.stdin?.end("\n");
      await gone;
      await position(path);
      check.equal(await read(path, start), "out\nerr\nend\n", "what is there once it has ended");
    },
  },
  {
    name: "log: a guest writes on while the manager is ended and started",
    group: "restarts",
    needs: OPENS,
    async run(subject, check) {
      const { restart } = subject;
      if (restart === undefined) return check.leaveOut("nobody can restart it here");
      const { position, open, read } = await bench(subject, check);
      const log = await open();
      const start = await position(log.path);
      await log.write("before\n");
      await restart.call(subject);
      await log.write("after\n");
      const now = await check.eventually("the position", async () => {
        const { offset } = await position(log.path);
        return Number(offset) - Number(start.offset) === 13;
      });
      check.equal(now, true, "the position after the restart");
      check.equal(await read(log.path, start), "before\nafter\n", "what is there");
    },
  },
  {
    name: "log: twenty guests write at once, each to its own",
    group: "concurrency",
    needs: OPENS,
    async run(subject, check) {
      const { position, open, read } = await bench(subject, check);
      const logs = await Promise.all(
        Array.from({ length: 20 }, async (_, number) => {
          const log = await open();
          return { number, log, start: await position(log.path) };
        }),
      );
      await Promise.all(logs.map(({ log, number }) => log.write(`${number}\n`.repeat(1000))));
      for (const { log, number, start } of logs) {
        await position(log.path);
        check.ok((await read(log.path, start)) === `${number}\n`.repeat(1000), `other words in the log of ${number}`);
      }
    },
  },
  {
    name: "log: nothing is lost when a file is rolled over",
    group: "rolling over",
    needs: [...OPENS, ROLLS_OVER_AT],
    async run(subject, check) {
      const { position, open, read } = await bench(subject, check);
      const limit = Number(check.fixture(ROLLS_OVER_AT));
      const log = await open();
      await log.write("old\n".repeat(Math.ceil(limit / 4)));
      const before = await position(log.path);
      await log.write("last\n");
      await position(log.path);
      log.close();
      const again = await open(log.path);
      const after = await position(log.path);
      check.ok(after.inode !== before.inode, "the file has not been rolled over");
      await again.write("new\n");
      await position(log.path);
      check.equal(await read(log.path, before), "last\nnew\n", "what was written since before that");
      check.equal(await read(log.path, after), "new\n", "what was written since");
    },
  },
  {
    name: "log: bad input is refused and costs nothing",
    group: "bad input",
    needs: OPENS,
    async run(subject, check) {
      const { client, position, open, read, guest, newPath } = await bench(subject, check);
      const log = await open();
      const start = await position(log.path);
      await log.write("words\n");
      for (const path of ["", "relative.log", `${log.path}/below`])
        await check.refused(client().openLogFile({ driver: DRIVER, guest, path, truncate: 0 }), undefined, `"${path}"`);
      await check.refused(position(newPath()), undefined, "the position in a file that nobody has opened");
      const beyond = { inode: (await position(log.path)).inode, offset: 1_000_000n };
      const none = client().readLogFile({ path: log.path, position: beyond, maxBytes: 100 });
      check.equal(await none.catch(() => ""), "", "what is beyond the end");
      check.equal(await read(log.path, start), "words\n", "what is there after that");
    },
  },
];

type Position = Awaited<ReturnType<ServiceClient<"log">["getLogFilePosition"]>>;

/** A folder of the case's own, and short ways to the calls. */
async function bench(subject: ServiceSubject<"log">, check: Check) {
  const folder = await mkdtemp(join(tmpdir(), "conformance-log-"));
  check.cleanup(() => rm(folder, { recursive: true, force: true }));
  const client = () => subject.client();
  const guest = { uuid: check.newUuid(), name: check.newName() };
  const newPath = () => join(folder, `${check.newName()}.log`);
  const position = (path: string): Promise<Position> => client().getLogFilePosition({ path });
  return {
    client,
    guest,
    newPath,
    position,
    read: (path: string, from: Position) => client().readLogFile({ path, position: from, maxBytes: 1 << 20 }),
    async open(path = newPath(), truncate = 0) {
      const descriptor = await client().openLogFile({ driver: DRIVER, guest, path, truncate });
      check.cleanup(() => descriptor.close());
      return {
        path,
        write: async (text: string) => {
          const bytes = Buffer.from(text);
          for (let at = 0; at < bytes.length; ) at += (await writeTo(descriptor.fd, bytes, at)).bytesWritten;
        },
        close: () => descriptor.close(),
      };
    },
  };
}

import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import net from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { closeDescriptor, listenUnix, withSocketPath } from "@polyvisor/sdk/process";
import test from "ava";
import { connectMonitor, QmpError, type QmpEvent, type QmpLimits } from "./index.js";

const QEMU = "/usr/bin/qemu-system-x86_64";

let folder = "";
test.before(async () => {
  folder = await mkdtemp(join(tmpdir(), "polyvisor-monitor-"));
});
test.after.always(() => rm(folder, { recursive: true }));

const GREETING = '{"QMP": {"version": {}, "capabilities": []}}\n';

/** An emulator that is scripted: it greets, and answers each line that it gets as `answer` says. */
async function fakeEmulator(
  t: { title: string; teardown(end: () => void): void },
  answer: (request: { execute: string; id: number }, socket: net.Socket) => void,
  limits: Partial<QmpLimits> = {},
  greeting = GREETING,
) {
  const path = join(folder, `${t.title.replaceAll(/\W/g, "-").slice(0, 40)}.sock`);
  const server = net.createServer((socket) => {
    socket.on("error", () => {});
    socket.write(greeting);
    socket.on("data", (data) => {
      for (const line of data.toString().trim().split("\n")) {
        const request = JSON.parse(line) as { execute: string; id: number };
        if (request.execute === "qmp_capabilities") socket.write(`{"return": {}, "id": ${request.id}}\n`);
        else answer(request, socket);
      }
    });
  });
  server.listen(path);
  await once(server, "listening");
  t.teardown(() => server.close());
  const events: QmpEvent[] = [];
  const monitor = await connectMonitor(path, (event) => events.push(event), limits);
  t.teardown(() => monitor.close());
  return { monitor, events };
}

const withQemu = existsSync(QEMU) ? test : test.skip;

withQemu(
  "a real emulator, reached over the socket that it inherited, answers, tells events, and its end is told",
  async (t) => {
    const path = join(folder, "x".repeat(120), "..", "monitor.sock");
    await import("node:fs/promises").then(({ mkdir }) => mkdir(join(folder, "x".repeat(120))));
    const fd = await withSocketPath(path, (name) => listenUnix(name));
    const chardev = ["-chardev", "socket,id=m,fd=3,server=on,wait=off", "-mon", "chardev=m,mode=control"];
    const qemu = spawn(QEMU, ["-S", "-M", "none", "-display", "none", "-nodefaults", ...chardev], {
      stdio: ["ignore", "inherit", "inherit", fd],
    });
    closeDescriptor(fd);
    const events: QmpEvent[] = [];
    const monitor = await connectMonitor(path, (event) => events.push(event));
    const [status, refused, version] = await Promise.allSettled([
      monitor.execute("query-status"),
      monitor.execute("no-such-command"),
      monitor.execute("query-version"),
    ]);
    t.like(status, { status: "fulfilled", value: { status: "prelaunch", running: false } });
    t.like(version, { status: "fulfilled", value: { qemu: { major: 7 } } });
    t.true(refused.status === "rejected" && refused.reason instanceof QmpError);
    t.like(refused.status === "rejected" ? refused.reason : {}, {
      qmpClass: "CommandNotFound",
      message:
        "internal error: unable to execute QEMU command 'no-such-command': The command no-such-command has not been found",
    });
    const hung = t.throwsAsync(monitor.execute("x-never").then(() => monitor.execute("query-status")));
    await monitor.execute("quit");
    t.is((await monitor.closed).message, "internal error: End of file from qemu monitor");
    await hung;
    t.deepEqual(
      events.map((event) => event.name),
      ["SHUTDOWN"],
    );
    await t.throwsAsync(monitor.execute("query-status"), { message: /End of file/ });
    if (qemu.exitCode === null) await once(qemu, "exit");
  },
);

test("answers in another order reach whoever asked, and an answer to nothing is passed over", async (t) => {
  const held: number[] = [];
  const { monitor } = await fakeEmulator(t, ({ id }, socket) => {
    held.push(id);
    if (held.length < 3) return;
    socket.write(`{"return": 1, "id": 999}\n{"return": 2, "id": "x"}\n`);
    for (const one of held.reverse()) socket.write(`{"return": {"id": ${one}}, "id": ${one}}\n`);
  });
  const answers = await Promise.all(["a", "b", "c"].map((name) => monitor.execute(name)));
  t.deepEqual(answers, [{ id: 2 }, { id: 3 }, { id: 4 }]);
  t.is(monitor.pending, 0);
});

test("a silent emulator costs one command its deadline and the next one nothing", async (t) => {
  const { monitor } = await fakeEmulator(t, ({ execute, id }, socket) => {
    if (execute !== "stuck") socket.write(`{"return": "ok", "id": ${id}}\n`);
  });
  const error = await t.throwsAsync(monitor.execute("stuck", {}, { deadline: 50 }));
  t.like(error, {
    code: "OPERATION_TIMEOUT",
    message: "Timed out during operation: QEMU did not answer 'stuck' within 0.05 s",
  });
  t.is(await monitor.execute("next"), "ok");
  t.is(monitor.pending, 0);
});

test("an emulator that sends rubbish ends its monitor and nothing else", async (t) => {
  const rubbish: [string, RegExp][] = [
    ["not json\n", /cannot read what QEMU sent: .*JSON/],
    ["[1]\n", /a message is not an object/],
    [`{"return": "${"x".repeat(5000)}"}\n`, /a line has more than 4096 bytes/],
    ["x".repeat(5000), /a line has more than 4096 bytes/],
    [`{"event": "X", "data": {"text": "${"x".repeat(2000)}"}}\n`, /characters came that nobody asked for/],
    [`{"return": ${"[".repeat(101)}${"]".repeat(101)}}\n`, /nested deeper than 100 levels/],
  ];
  for (const [index, [text, message]] of rubbish.entries()) {
    const named = { title: `rubbish-${index}`, teardown: (end: () => void) => t.teardown(end) };
    const { monitor } = await fakeEmulator(named, (_, socket) => socket.write(text), {
      maxLine: 4096,
      maxUnasked: 2000,
    });
    await t.throwsAsync(monitor.execute("query-status"), { message });
    t.false(monitor.isOpen);
  }
});

test("a server that does not greet as QMP is refused", async (t) => {
  await t.throwsAsync(
    fakeEmulator(t, () => {}, {}, "220 mail.example.org ESMTP\n"),
    { message: /cannot read what QEMU sent/ },
  );
});

test("brackets and commas within texts do not count as values", async (t) => {
  const text = `${"[{,".repeat(100_000)}\\"\\`;
  const { monitor } = await fakeEmulator(t, ({ id }, socket) =>
    socket.write(`${JSON.stringify({ return: text, id })}\n`),
  );
  t.is(await monitor.execute("query-text"), text);
});

test("an answer with more values than any emulator gives ends the monitor instead of holding up everybody", async (t) => {
  const { monitor } = await fakeEmulator(t, ({ id }, socket) =>
    socket.write(`{"id": ${id}, "return": [${"0,".repeat(200_000)}0]}\n`),
  );
  await t.throwsAsync(monitor.execute("query-much"), { message: /more than 200000 values/ });
});

test("a flood of events is slowed down, loses none, and leaves the loop free", async (t) => {
  const flood = '{"event": "RTC_CHANGE", "data": {"offset": 1}}\n'.repeat(20_000);
  const { monitor, events } = await fakeEmulator(
    t,
    ({ id }, socket) => socket.write(`${flood}{"return": "done", "id": ${id}}\n`),
    { eventsPerSecond: 20_000, eventBurst: 100 },
  );
  const begin = performance.now();
  let turns = 0;
  let counting = true;
  const count = () => {
    turns++;
    if (counting) setTimeout(count);
  };
  count();
  t.is(await monitor.execute("go"), "done");
  counting = false;
  t.is(events.length, 20_000);
  t.true(performance.now() - begin > 800);
  t.true(turns > 10, `${turns} turns`);
});

test("nobody there: the error says so", async (t) => {
  await t.throwsAsync(
    connectMonitor(join(folder, "none.sock"), () => {}),
    { message: /failed to connect to monitor socket: .*ENOENT/ },
  );
});

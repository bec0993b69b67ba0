import { spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, writeSync } from "node:fs";
import { access, readFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { rootPaths, silentLog } from "@polyvisor/core";
import { HelperDoor } from "@polyvisor/sdk/helper-daemon";
import { withinReason } from "@polyvisor/sdk/testkit";
import test, { type ExecutionContext } from "ava";
import { Connections } from "./client/connections.js";
import { LogdManager } from "./manager.js";
import { makeFolder } from "./testing/daemons.js";

const guest = { uuid: "6695eb01-f6a4-8304-79aa-97f2502e193f", name: "guest" };
const driver = "test";

/** A host's manager, and the daemon that it starts. */
async function begin(t: ExecutionContext) {
  const folder = await makeFolder(t);
  const paths = rootPaths(folder);
  const managers: LogdManager[] = [];
  const make = () => {
    const manager = new LogdManager({ mode: "system", paths }, {}, silentLog);
    managers.push(manager);
    return manager;
  };
  const pid = async () => Number(await readFile(join(paths.run, "virtlogd.pid"), "utf8").catch(() => "0"));
  const kill = async (signal: NodeJS.Signals) => {
    const found = await pid();
    if (found > 0) process.kill(found, signal);
  };
  t.teardown(async () => {
    for (const manager of managers) manager.dispose();
    await kill("SIGTERM").catch(() => {});
  });
  return { folder, path: join(folder, "guest.log"), make, pid, kill, socket: join(paths.run, "virtlogd-sock") };
}

async function text(path: string): Promise<string> {
  return readFile(path, "utf8").catch(() => "");
}

test("the log daemon is killed again and again while a guest writes: no line is lost, and calls are answered", async (t) => {
  const { path, make, pid, kill } = await begin(t);
  const manager = make();
  const descriptor = await manager.openLogFile({ driver, guest, path, truncate: 0 });
  const first = await manager.getLogFilePosition({ path });
  const fd = descriptor.take();
  const child = spawn("sh", ["-c", "for n in $(seq 1 40); do seq 1 1000; sleep 0.05; done"], {
    stdio: ["ignore", fd, fd],
  });
  t.teardown(() => void child.kill("SIGKILL"));
  closeSync(fd);
  const ended = once(child, "exit");
  for (let round = 0; round < 2; round++) {
    const before = await pid();
    await kill("SIGKILL");
    await withinReason("another daemon runs", async () => ![0, before].includes(await pid()));
    t.true(Number((await manager.getLogFilePosition({ path })).offset) >= Number(first.offset));
  }
  t.is((await ended)[0], 0);
  const all = Array.from({ length: 1000 }, (_, index) => `${index + 1}\n`)
    .join("")
    .repeat(40);
  await withinReason("all lines are there", async () => (await text(path)).length >= all.length);
  t.true((await text(path)) === all, "other lines are there");
});

test("what a guest says before it ends is written by the next daemon where none runs", async (t) => {
  const { path, make, kill } = await begin(t);
  const manager = make();
  const descriptor = await manager.openLogFile({ driver, guest, path, truncate: 0 });
  await kill("SIGKILL");
  writeSync(descriptor.fd, "last words\n");
  closeSync(descriptor.take());
  await withinReason("its last words are there", async () => (await text(path)) === "last words\n");
  await manager.appendLogFile({ driver, guest, path, message: "shutting down\n" });
  t.is(await text(path), "last words\nshutting down\n");
});

test("manager and log daemon are both gone for a while: their successors go on with the logs of guests", async (t) => {
  const { path, make, pid, kill } = await begin(t);
  const first = make();
  const descriptor = await first.openLogFile({ driver, guest, path, truncate: 0 });
  t.teardown(() => descriptor.close());
  writeSync(descriptor.fd, "one\n");
  await first.getLogFilePosition({ path });
  first.dispose();
  const before = await pid();
  await kill("SIGKILL");
  const second = make();
  await withinReason("another daemon runs", async () => ![0, before].includes(await pid()));
  await withinReason("the guest's pipe is read again", async () => {
    await second.getLogFilePosition({ path });
    writeSync(descriptor.fd, "two\n");
    return (await second.getLogFilePosition({ path }).then(({ offset }) => Number(offset))) > 4;
  });
  t.regex(await text(path), /^one\n(two\n)+$/);
});

test("a daemon that hangs makes a call fail in time, and a daemon that is another's is never started", async (t) => {
  const { path, make, pid, kill, socket, folder } = await begin(t);
  const manager = make();
  await manager.appendLogFile({ driver, guest, path, message: "words\n" });
  const connections = new Connections(new HelperDoor({ socket }), 300);
  t.teardown(() => connections.close());
  await kill("SIGSTOP");
  t.teardown(() => kill("SIGCONT"));
  const position = () =>
    connections.call((daemon, signal) => daemon.domainGetLogFilePosition({ path, flags: 0 }, { signal }));
  await t.throwsAsync(position(), { message: /the log daemon did not answer within 0.3 s/ });
  await kill("SIGCONT");
  await t.throwsAsync(position(), { message: /No open log file/ });
  t.true((await pid()) > 0);

  const nobody = join(folder, "nobody-sock");
  const other = new LogdManager(
    { mode: "system", paths: rootPaths(join(folder, "other")) },
    { log_socket: nobody },
    silentLog,
  );
  t.teardown(() => other.dispose());
  await t.throwsAsync(other.openLogFile({ driver, guest, path, truncate: 0 }), {
    message: `Failed to connect socket to '${nobody}': No such file or directory`,
  });
  await delay(0);
  await t.throwsAsync(access(join(folder, "other")), undefined, "nothing was started");
});

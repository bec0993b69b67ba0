import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import test from "ava";
import {
  connectFor,
  hasVirtlockd,
  outcomeOf,
  startPolyvisorLockd,
  startVirtlockd,
  type TestDaemon,
  withinReason,
} from "../testing/daemons.js";
import { BYTE, fileLock, isLocked, TestHost } from "../testing/test-host.js";

const HOLDER = fileURLToPath(new URL("../testing/holder.js", import.meta.url));
const beside = (await hasVirtlockd()) ? test : test.skip;

let host: TestHost;
let daemon: TestDaemon;

test.before(async () => {
  host = await TestHost.open();
  daemon = await startPolyvisorLockd(host.folder);
});
test.after.always(() => host.close(daemon));

test("a guest that ends frees its locks, and nothing is taken for it any more", async (t) => {
  const disk = await host.newFile("ends");
  const guest = host.startGuest();
  const { client, acquireResource } = await connectFor(daemon.socket, guest.pid);
  await acquireResource(fileLock(disk));
  t.true(await isLocked(disk));
  guest.end();
  await withinReason("the daemon has seen it", async () => !(await isLocked(disk)));
  t.is(await outcomeOf(acquireResource(fileLock(disk))), "OPERATION_INVALID");
  await client.close();
});

test("an owner that hangs up and lives is ended, and keeps its locks until then", async (t) => {
  const disk = await host.newFile("hangs-up");
  const holder = host.adopt(
    spawn(process.execPath, [HOLDER, daemon.socket, disk], { stdio: ["pipe", "pipe", "inherit"] }),
  );
  const said = (await once(holder.stdout as NonNullable<ChildProcess["stdout"]>, "data")) as [Buffer];
  t.is(String(said[0]), "held\n");
  t.true(await isLocked(disk));
  const ended = once(holder, "exit");
  holder.stdin?.write("hang up\n");
  t.deepEqual(await ended, [null, "SIGKILL"], "it does not listen to SIGTERM");
  await withinReason("the lock is free", async () => !(await isLocked(disk)));
});

test("metadata has a lock of its own, which ends with the connection", async (t) => {
  const disk = await host.newFile("metadata");
  const guest = await connectFor(daemon.socket, host.startGuest().pid);
  await guest.acquireResource(fileLock(disk));
  const [one, two] = [await connectFor(daemon.socket, process.pid), await connectFor(daemon.socket, process.pid)];
  const metadata = fileLock(disk, 4);
  await one.acquireResource(metadata);
  t.true(await isLocked(disk, BYTE.METADATA));
  t.is(await outcomeOf(two.acquireResource(metadata)), "RESOURCE_BUSY");
  await one.client.close();
  await withinReason("it is free", async () => (await outcomeOf(two.acquireResource(metadata))) === "ok");
  t.is(await outcomeOf(two.releaseResource(metadata)), "ok");
  t.false(await isLocked(disk, BYTE.METADATA));
  t.true(await isLocked(disk), "the content's lock is another");
  for (const { client } of [guest, two]) await client.close();
});

/** Makes whoever opens the file wait: until the kernel's patience is over, or until its input ends. */
const LEASE = `
import fcntl, signal, sys
signal.signal(signal.SIGIO, signal.SIG_IGN)
file = open(sys.argv[1])
fcntl.fcntl(file, 1024, fcntl.F_WRLCK)
print("held", flush=True)
sys.stdin.read()
`;

test("files that hang keep nobody from other files", async (t) => {
  const disk = await host.newFile("free");
  const paths = await Promise.all(["one", "two", "three"].map((name) => host.newFile(name)));
  const lessors = paths.map((path) =>
    host.adopt(spawn("python3", ["-c", LEASE, path], { stdio: ["pipe", "pipe", "inherit"] })),
  );
  await Promise.all(lessors.map(({ stdout }) => once(stdout as NonNullable<ChildProcess["stdout"]>, "data")));
  let settled = 0;
  const stuck = paths.map(async (path) => {
    const { client, acquireResource } = await connectFor(daemon.socket, host.startGuest().pid);
    const outcome = await outcomeOf(acquireResource(fileLock(path)));
    settled++;
    await client.close();
    return outcome;
  });
  const quick = await connectFor(daemon.socket, host.startGuest().pid);
  t.is(await outcomeOf(quick.acquireResource(fileLock(disk))), "ok");
  t.true(settled < paths.length, "while others hang");
  for (const lessor of lessors) lessor.stdin?.end();
  // On a machine that is busy enough, their time may be up before.
  for (const outcome of await Promise.all(stuck)) t.regex(outcome, /^(ok|OPERATION_TIMEOUT)$/);
  await quick.client.close();
});

beside("virtlockd on the same file: what one holds, the other does not give", async (t) => {
  const disk = await host.newFile("both");
  const libvirt = await startVirtlockd(join(host.folder, "libvirt"));
  host.adopt(libvirt.process);
  for (const [first, second] of [
    [daemon.socket, libvirt.socket],
    [libvirt.socket, daemon.socket],
  ] as const) {
    const one = await connectFor(first, host.startGuest().pid);
    const two = await connectFor(second, host.startGuest().pid);
    await one.acquireResource(fileLock(disk));
    t.is(await outcomeOf(two.acquireResource(fileLock(disk))), "RESOURCE_BUSY");
    t.is(await outcomeOf(two.acquireResource(fileLock(disk, 1))), "RESOURCE_BUSY");
    await one.releaseResource(fileLock(disk));
    await one.acquireResource(fileLock(disk, 1));
    t.is(await outcomeOf(two.acquireResource(fileLock(disk))), "RESOURCE_BUSY");
    t.is(await outcomeOf(two.acquireResource(fileLock(disk, 1))), "ok");
    for (const each of [one, two]) {
      await each.releaseResource(fileLock(disk));
      await each.client.close();
    }
  }
  await libvirt.kill();
});

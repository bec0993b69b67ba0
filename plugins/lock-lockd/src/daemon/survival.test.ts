import { once } from "node:events";
import { access, readdir, readFile, readlink } from "node:fs/promises";
import { join } from "node:path";
import test from "ava";
import { connectFor, outcomeOf, startPolyvisorLockd, type TestDaemon, withinReason } from "../testing/daemons.js";
import { fileLock, isLocked, TestHost } from "../testing/test-host.js";

let host: TestHost;
let daemon: TestDaemon;

test.before(async () => {
  host = await TestHost.open();
  daemon = await startPolyvisorLockd(host.folder);
});
test.after.always(() => host.close(daemon));

/** Each starts where the one before ended: with a daemon that runs. */

test.serial("kill -9 of the daemon frees nothing, and the next one holds what its guest still has", async (t) => {
  const disk = await host.newFile("first");
  const [guest, another] = [host.startGuest(), host.startGuest()];
  const first = await connectFor(daemon.socket, guest.pid);
  await first.acquireResource(fileLock(disk));
  await daemon.kill();
  t.true(await isLocked(disk), "without any daemon");
  daemon = await startPolyvisorLockd(host.folder);
  t.true(await isLocked(disk), "with the next one");
  const other = await connectFor(daemon.socket, another.pid);
  t.is(await outcomeOf(other.acquireResource(fileLock(disk))), "RESOURCE_BUSY");
  const manager = await connectFor(daemon.socket, guest.pid);
  t.is(await outcomeOf(manager.acquireResource(fileLock(disk))), "ok", "as if the first answer had been lost");
  t.is(await outcomeOf(manager.acquireResource(fileLock(disk))), "RESOURCE_BUSY", "it has it once");
  t.is(await outcomeOf(manager.releaseResource(fileLock(disk))), "ok", "the guest's disk is unplugged");
  t.is(await outcomeOf(other.acquireResource(fileLock(disk))), "ok");
  for (const { client } of [manager, other]) await client.close();
});

test.serial("kill -9 of the keeper frees nothing either", async (t) => {
  const disk = await host.newFile("kept");
  const { client, acquireResource } = await connectFor(daemon.socket, host.startGuest().pid);
  await acquireResource(fileLock(disk));
  const [keeper] = await host.keepers();
  process.kill(keeper as number, "SIGKILL");
  await withinReason("another keeper has the lock", async () => {
    t.true(await isLocked(disk));
    const [other = 0] = await host.keepers();
    return other !== keeper && (await openFilesOf(other)).includes(disk);
  });
  await client.close();
});

test.serial("a guest that ends frees its locks without a daemon, too", async (t) => {
  const disk = await host.newFile("without");
  const guest = host.startGuest();
  const { acquireResource } = await connectFor(daemon.socket, guest.pid);
  await acquireResource(fileLock(disk));
  await daemon.kill();
  t.true(await isLocked(disk));
  guest.end();
  await withinReason("the keeper has seen it", async () => !(await isLocked(disk)));
  daemon = await startPolyvisorLockd(host.folder);
  const next = await connectFor(daemon.socket, host.startGuest().pid);
  t.is(await outcomeOf(next.acquireResource(fileLock(disk))), "ok");
  await next.client.close();
});

test.serial("SIGUSR1 changes the program: connections and locks stay", async (t) => {
  const disk = await host.newFile("through");
  const { client, acquireResource, releaseResource } = await connectFor(daemon.socket, host.startGuest().pid);
  await acquireResource(fileLock(disk));
  const opener = await openerOf(daemon);
  daemon.process.kill("SIGUSR1");
  await withinReason("the next program has an opener of its own", async () => {
    t.true(await isLocked(disk));
    return ![opener, undefined].includes(await openerOf(daemon));
  });
  t.is(await outcomeOf(acquireResource(fileLock(disk))), "RESOURCE_BUSY");
  t.is(await outcomeOf(releaseResource(fileLock(disk))), "ok", "the owner is known still");
  t.false(await isLocked(disk));
  await client.close();
});

test.serial("the daemon ends with locks held, and the next one has them", async (t) => {
  const disk = await host.newFile("many");
  const guest = host.startGuest();
  const lease = { path: join(host.folder, "space"), name: "lease", flags: 2 };
  const connection = await connectFor(daemon.socket, guest.pid);
  await connection.createLockspace({ path: lease.path });
  await connection.acquireResource(lease);
  await connection.acquireResource(fileLock(disk, 1));
  daemon.process.kill("SIGTERM");
  t.deepEqual(await once(daemon.process, "exit"), [0, null]);
  await t.throwsAsync(access(daemon.socket), { code: "ENOENT" });
  t.true(await isLocked(disk));
  daemon = await startPolyvisorLockd(host.folder);
  const other = await connectFor(daemon.socket, host.startGuest().pid);
  t.is(await outcomeOf(other.acquireResource(lease)), "RESOURCE_BUSY", "the lockspace is known still");
  t.is(await outcomeOf(other.acquireResource(fileLock(disk, 1))), "ok", "a shared lock has further owners");
  guest.end();
  await withinReason("the lease is free", async () => (await outcomeOf(other.acquireResource(lease))) === "ok");
  t.true(await isLocked(disk), "its other owner lives");
  await other.client.close();
});

/** The process that opens files for a daemon: each program starts its own. */
async function openerOf({ process: { pid } }: TestDaemon): Promise<number | undefined> {
  const children = await readFile(`/proc/${pid}/task/${pid}/children`, "utf8");
  for (const child of children.split(" ").filter((each) => each !== "")) {
    const line = await readFile(`/proc/${child}/cmdline`, "utf8").catch(() => "");
    if (line.includes("opener.js")) return Number(child);
  }
  return undefined;
}

async function openFilesOf(pid: number): Promise<string[]> {
  const folder = `/proc/${pid}/fd`;
  const names = await readdir(folder).catch(() => []);
  return Promise.all(names.map((name) => readlink(join(folder, name)).catch(() => "")));
}

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type LockResource, rootPaths, silentLog, wrapperRefusal } from "@polyvisor/core";
import { hasSanlock, makeDiskFolder, type PrivateSanlock, startSanlock, withinReason } from "@polyvisor/sdk/testkit";
import test, { type ExecutionContext } from "ava";
import { SanlockManager } from "./manager.js";

const run = hasSanlock() ? test : test.skip;
const title = (words: string) => (hasSanlock() ? words : `${words} (needs sanlock)`);

const disk = (name: string, flags = 0): LockResource => ({ lockspace: null, name, path: null, offset: 0n, flags });
const ownerOf = (name: string, pid = 0) => ({
  uuid: "11111111-3b1f-42e7-8462-cb4af457bda7",
  name,
  id: 1,
  pid,
  uri: "qemu:///system",
  onLockFailure: "default",
});

/** A host: a sanlock of its own, which tells itself apart by name and number, and the manager that uses it. */
interface TestHost {
  readonly sanlock: PrivateSanlock;
  readonly manager: SanlockManager;
}

async function hostOf(t: ExecutionContext, folder: string, hostId: number, settings = {}): Promise<TestHost> {
  const sanlock = await startSanlock({ name: `host${hostId}`, folder });
  t.teardown(() => sanlock.stop());
  const leases = join(folder, "leases");
  const config = {
    host_id: hostId,
    auto_disk_leases: true,
    disk_lease_dir: leases,
    io_timeout: 2,
    run_dir: sanlock.runDir,
    ...settings,
  };
  const paths = rootPaths(join(folder, `root${hostId}`));
  return { sanlock, manager: new SanlockManager(config, { mode: "system", paths }, silentLog) };
}

async function folderOf(t: ExecutionContext): Promise<string> {
  const folder = await makeDiskFolder();
  await mkdir(join(folder, "leases"));
  t.teardown(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

/** Starts a guest as a driver does. Resolves with its process, or with why it was refused. */
async function startGuest(t: ExecutionContext, { manager }: TestHost, name: string, resources: LockResource[]) {
  const [shell = "", ...words] = await manager.guestWrapper({ owner: ownerOf(name), resources });
  const child = spawn(shell, [...words, "sh", "-c", "echo runs; read line"], { stdio: ["pipe", "pipe", "pipe"] });
  t.teardown(() => child.kill("SIGKILL"));
  let said = "";
  child.stderr.on("data", (text: Buffer) => {
    said += text;
  });
  const runs = once(child.stdout, "data").then(() => child);
  return Promise.race([runs, once(child, "close").then(() => wrapperRefusal(said))]);
}

function pidOf(t: ExecutionContext, guest: unknown): number {
  const { pid } = guest as ChildProcess;
  t.is(typeof pid, "number", String(guest));
  return pid ?? 0;
}

function isRefused(t: ExecutionContext, guest: unknown, code: string, words: RegExp): void {
  t.like(guest, { code });
  t.regex((guest as Error).message, words);
}

run(title("a guest moves from host to host with its leases, which are never both's"), async (t) => {
  t.timeout(300_000);
  const folder = await folderOf(t);
  const [source, target] = await Promise.all([hostOf(t, folder, 1), hostOf(t, folder, 2)]);
  const resources = [disk("/a"), disk("/b b:c"), disk("/shared", 2), disk("/read", 1)];
  // The target's lockspace is joined beside the source's.
  const joined = target.manager.guestWrapper({ owner: ownerOf("none"), resources: [disk("/other")] });
  const leaving = pidOf(t, await startGuest(t, source, "moves", resources));
  await joined;
  const arriving = pidOf(t, await startGuest(t, target, "moves", []));
  const atSource = { owner: ownerOf("moves", leaving), resources };
  const atTarget = { owner: ownerOf("moves", arriving), resources };

  const state = await source.manager.inquire(atSource);
  t.regex(state ?? "", /^__LIBVIRT__DISKS__:[0-9a-f]{32}:\/\S+:0:1 /);
  t.is(state?.split(" ").length, 3, "what is only read has no lease");
  t.is(await target.manager.inquire(atTarget), null);
  await t.throwsAsync(target.manager.acquire({ ...atTarget, state }), {
    code: "RESOURCE_BUSY",
    message: "resource busy: Failed to acquire lock: Lease is held by another host",
  });
  t.is(await target.manager.inquire(atTarget), null, "all or none");
  t.is(await source.manager.release(atSource), state);
  t.is(await source.manager.release(atSource), null);
  await target.manager.acquire({ ...atTarget, state });
  await target.manager.acquire({ ...atTarget, state });
  isRefused(t, await startGuest(t, source, "other", resources), "RESOURCE_BUSY", /Lease is held by another host/);

  // Had it failed at the target and come back, the disks would be as the target has left them.
  t.regex((await target.manager.release(atTarget)) ?? "", /:0:2 /);
  await t.throwsAsync(source.manager.acquire({ ...atSource, state }), {
    code: "RESOURCE_BUSY",
    message: /Lease has been another guest's since/,
  });
  await source.manager.acquire({ ...atSource, state: null });

  // A lease that was tidied away while nobody had it begins to count anew.
  const before = await source.manager.release(atSource);
  const path = /:(\/[^ ]*):0:3/.exec(before ?? "")?.[1] ?? "";
  await rm(path);
  await source.manager.acquire({ ...atSource, state: before });
  t.is((await stat(path)).size, 1 << 20);
  t.is((await stat(path)).mode & 0o777, 0o600);
});

run(title("leases of the configuration are kept apart from disks, which must have some"), async (t) => {
  t.timeout(300_000);
  const folder = await folderOf(t);
  const host = await hostOf(t, folder, 7, { auto_disk_leases: false });
  const space = join(folder, "space");
  await writeFile(space, Buffer.alloc(3 << 20));
  const lease = (name: string, megabyte: number): LockResource => ({
    lockspace: "space",
    name,
    path: space,
    offset: BigInt(megabyte << 20),
    flags: 0,
  });
  const ask = (...words: string[]) => host.sanlock.ask(...words);
  for (const [kind, what] of [
    ["-s", `space:0:${space}:0`],
    ["-r", `space:one:${space}:1048576`],
  ] as const)
    t.regex(await ask("init", kind, what, "-o", "1"), /done 0/);
  const outside = await startGuest(t, host, "outside", [lease("one", 1)]);
  isRefused(t, outside, "INTERNAL_ERROR", /this host is not in the lockspace, or has lost it/);
  t.regex(await ask("add_lockspace", "-s", `space:7:${space}:0`, "-o", "1"), /done 0/);

  await t.throwsAsync(startGuest(t, host, "bare", [disk("/a"), disk("/r", 1)]), {
    code: "CONFIG_UNSUPPORTED",
    message: /Read\/write, exclusive access, disks were present, but no leases specified/,
  });
  const guest = await startGuest(t, host, "leased", [disk("/a"), lease("one", 1)]);
  const pid = pidOf(t, guest);
  t.is(
    await host.manager.inquire({ owner: ownerOf("leased", pid), resources: [lease("one", 1)] }),
    `space:one:${space}:1048576:1`,
  );
  const busy = await startGuest(t, host, "second", [disk("/b"), lease("one", 1)]);
  isRefused(t, busy, "RESOURCE_BUSY", /Failed to acquire lock: File exists/);
  const missing = await startGuest(t, host, "missing", [lease("two", 2)]);
  isRefused(t, missing, "INTERNAL_ERROR", /Lease does not exist on storage/);
  await t.throwsAsync(startGuest(t, host, "long", [lease("n".repeat(48), 1)]), { message: /exceeds 48 characters/ });
  (guest as ChildProcess).kill("SIGKILL");
  await withinReason("sanlock has seen the guest's end", async () => !(await ask("status")).includes(`p ${pid} `));
  pidOf(t, await startGuest(t, host, "second", [lease("one", 1)]));
});

/** Two minutes of waiting: the soak `sanlock` does it. */
const soak = process.env.POLYVISOR_WHOLE_KITS === "1" ? run : test.skip;

soak("a lease of a host that died is free once that is certain (npm run soak -- sanlock)", async (t) => {
  t.timeout(600_000);
  const folder = await folderOf(t);
  const [dying, other] = await Promise.all([hostOf(t, folder, 1), hostOf(t, folder, 2)]);
  const resources = [disk("/a")];
  const guest = await startGuest(t, dying, "dies", resources);
  pidOf(t, guest);
  isRefused(t, await startGuest(t, other, "early", resources), "RESOURCE_BUSY", /Lease is held by another host/);
  await dying.sanlock.stop();
  (guest as ChildProcess).kill("SIGKILL");
  await withinReason("the lease is free", async () => {
    const next = await startGuest(t, other, "next", resources);
    if (next instanceof Error) isRefused(t, next, "RESOURCE_BUSY", /Lease is (held|owned) by another host/);
    return !(next instanceof Error);
  });
});

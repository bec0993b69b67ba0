import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { connect, createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type LockOwner, type LockResource, rootPaths, silentLog, wrapperRefusal } from "@polyvisor/core";
import { RpcClient } from "@polyvisor/sdk/rpc";
import test, { type ExecutionContext } from "ava";
import { releaseLeases, takeLeases } from "./claims.js";
import { withDaemon } from "./daemon-client.js";
import type { Lease } from "./leases.js";
import { LockdManager } from "./manager.js";
import { MetadataLocks } from "./metadata-locks.js";

const BUSY = { code: "RESOURCE_BUSY" } as const;

/** Files below a folder of a test's own, and the lock daemon that the first manager starts there. */
class Bench {
  readonly folder: string;

  constructor(folder: string) {
    this.folder = folder;
  }

  static async make(t: ExecutionContext): Promise<Bench> {
    const bench = new Bench(await mkdtemp(join(tmpdir(), "lockd-")));
    t.teardown(() => bench.end());
    return bench;
  }

  manager(): LockdManager {
    return new LockdManager({}, { mode: "system", paths: rootPaths(this.folder) }, silentLog);
  }

  get socket(): string {
    return join(this.folder, "run/libvirt/virtlockd-sock");
  }

  /** The way to the daemon for a client that starts none. */
  get door() {
    return { connect: () => RpcClient.connect(this.socket) };
  }

  async daemonPid(): Promise<number> {
    return Number(await readFile(join(this.folder, "run/virtlockd.pid"), "utf8"));
  }

  async disk(name: string): Promise<LockResource> {
    const path = join(this.folder, name);
    await writeFile(path, "");
    return { lockspace: null, name: path, path: null, offset: 0n, flags: 0 };
  }

  async end(): Promise<void> {
    const pid = await this.daemonPid().catch(() => 0);
    if (pid > 0) {
      process.kill(pid, "SIGCONT");
      process.kill(pid, "SIGTERM");
      while (await accepts(this.socket)) await new Promise((look) => setTimeout(look, 20));
    }
    await rm(this.folder, { recursive: true, force: true });
  }
}

function accepts(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path);
    socket.once("error", () => resolve(false));
    socket.once("connect", () => resolve(true) ?? socket.destroy());
  });
}

const ownerOf = (name: string, pid = 0): LockOwner => ({
  uuid: `${name.repeat(8).slice(0, 8)}-3b1f-42e7-8462-cb4af457bda7`,
  name,
  id: 1,
  pid,
  uri: "qemu:///system",
  onLockFailure: "default",
});

/** Starts a guest as a driver does. Resolves with its process, or with why it was refused. */
async function startGuest(t: ExecutionContext, manager: LockdManager, name: string, resources: LockResource[]) {
  const [shell = "", ...words] = await manager.guestWrapper({ owner: ownerOf(name), resources });
  const child = spawn(shell, [...words, "sh", "-c", "echo runs; exec sleep 1000"], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  t.teardown(() => child.kill("SIGKILL"));
  let said = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    said += text;
  });
  const runs = once(child.stdout, "data").then(() => child);
  return Promise.race([runs, once(child, "close").then(() => wrapperRefusal(said))]);
}

async function running(guest: ReturnType<typeof startGuest>): Promise<ChildProcess & { readonly pid: number }> {
  const child = await guest;
  if (child === undefined || !("pid" in child) || child.pid === undefined) throw child ?? new Error("it says nothing");
  return child as ChildProcess & { readonly pid: number };
}

test("a guest that moves: the source gives its leases up with their state, and the destination takes them", async (t) => {
  const bench = await Bench.make(t);
  const [source, destination] = [bench.manager(), bench.manager()];
  const resources = [await bench.disk("a"), await bench.disk("b")];
  const sending = await running(startGuest(t, source, "a", resources));
  // The destination's process is there before the source stops, and has nothing yet.
  const receiving = await running(startGuest(t, destination, "a", []));
  const [left, right] = [ownerOf("a", sending.pid), ownerOf("a", receiving.pid)];
  await t.throwsAsync(destination.acquire({ owner: right, resources }), BUSY);
  t.is(source.inquire(), null);
  t.is(await source.release({ owner: left, resources }), null);
  await destination.acquire({ owner: right, resources });
  await t.throwsAsync(source.acquire({ owner: left, resources }), BUSY);
  // A migration that fails in the end: the destination goes, and the source goes on.
  receiving.kill("SIGKILL");
  await once(receiving, "close");
  for (;;) {
    const failure = await source.acquire({ owner: left, resources }).catch((error: unknown) => error);
    if (failure === undefined) break;
    t.like(failure, BUSY);
  }
  t.like(await startGuest(t, destination, "b", resources), BUSY);
});

test("of a guest that has ended nobody takes leases", async (t) => {
  const bench = await Bench.make(t);
  const manager = bench.manager();
  const resources = [await bench.disk("a")];
  const guest = await running(startGuest(t, manager, "a", []));
  guest.kill("SIGKILL");
  await once(guest, "close");
  await t.throwsAsync(manager.acquire({ owner: ownerOf("a", guest.pid), resources }), { code: "OPERATION_INVALID" });
  await running(startGuest(t, manager, "b", resources));
});

/** Passes on to the daemon, but for some first connections, each of which it cuts after so many bytes from the client. */
async function cutting(t: ExecutionContext, bench: Bench, after: readonly number[]): Promise<string> {
  const path = join(bench.folder, `cut-${after.join("-")}`);
  const left = [...after];
  const server = createServer((near: Socket) => {
    const far = connect(bench.socket);
    let bytes = left.shift() ?? Number.POSITIVE_INFINITY;
    for (const socket of [near, far]) socket.on("error", () => {});
    far.pipe(near);
    near.on("data", (chunk) => {
      far.write(chunk);
      bytes -= chunk.length;
      if (bytes <= 0) far.once("data", () => near.destroy());
    });
    near.on("close", () => far.destroy());
  }).listen(path);
  t.teardown(() => server.close());
  await once(server, "listening");
  return path;
}

test("a connection that is lost on the way is made anew, and nothing is taken twice or left", async (t) => {
  const bench = await Bench.make(t);
  const manager = bench.manager();
  const disks = [await bench.disk("a"), await bench.disk("b")];
  const leases: Lease[] = disks.map(({ name }) => ({ path: "", name, flags: 0 }));
  const { pid } = await running(startGuest(t, manager, "a", []));
  const owner = ownerOf("a", pid);
  for (const after of [[1], [100], [150], [1, 100, 150]]) {
    const path = await cutting(t, bench, after);
    const door = { connect: () => RpcClient.connect(path) };
    const begun = new Set<Lease>();
    await withDaemon(door, (daemon) => takeLeases(daemon, owner, leases, begun));
    t.like(await startGuest(t, manager, "b", disks.slice(0, 1)), BUSY, `cut after ${after}`);
    t.like(await startGuest(t, manager, "b", disks.slice(1)), BUSY, `cut after ${after}`);
    await rm(path, { force: true });
    const back = { connect: async () => RpcClient.connect(await again) };
    const again = cutting(t, bench, after);
    await withDaemon(back, (daemon) => releaseLeases(daemon, owner, leases));
    const other = await running(startGuest(t, manager, "b", disks));
    other.kill("SIGKILL");
    await once(other, "close");
    while ((await startGuest(t, manager, "c", disks).then((child) => stop(child))) !== undefined);
  }
});

/** Ends a guest; resolves with why it was refused. */
async function stop(guest: Awaited<ReturnType<typeof startGuest>>) {
  if (guest === undefined || !("pid" in guest)) return guest;
  guest.kill("SIGKILL");
  await once(guest, "close");
  return undefined;
}

test("a lock daemon that hangs is waited for so long and no longer", async (t) => {
  const bench = await Bench.make(t);
  const manager = bench.manager();
  const path = (await bench.disk("a")).name;
  const metadata = new MetadataLocks(bench.door, 500);
  await manager.guestWrapper({ owner: ownerOf("a"), resources: [] });
  process.kill(await bench.daemonPid(), "SIGSTOP");
  const asking = withDaemon(bench.door, (daemon) => daemon.createLockspace({ path: bench.folder }), 500);
  await t.throwsAsync(asking, { code: "OPERATION_TIMEOUT", message: /the lock daemon does not answer within 0.5 s/ });
  await t.throwsAsync(metadata.lock([path]), { code: "OPERATION_TIMEOUT", message: /unable to lock .* within 0.5 s/ });
  process.kill(await bench.daemonPid(), "SIGCONT");
  metadata.unlock(await new MetadataLocks(bench.door).lock([path]));
});

test("labels are changed by one manager at a time; who waits too long is told", async (t) => {
  const bench = await Bench.make(t);
  await bench.manager().guestWrapper({ owner: ownerOf("a"), resources: [] });
  const [one, other, hasty] = [
    new MetadataLocks(bench.door),
    new MetadataLocks(bench.door),
    new MetadataLocks(bench.door, 300),
  ];
  const paths = [(await bench.disk("a")).name, (await bench.disk("b")).name, "/no/such/file"];
  const token = await one.lock(paths);
  let isSecond = false;
  const second = other.lock([...paths].reverse()).then((got) => {
    isSecond = true;
    return got;
  });
  await t.throwsAsync(hasty.lock(paths.slice(1)), { code: "OPERATION_TIMEOUT", message: /unable to lock .*\/b / });
  await t.throwsAsync(hasty.lock(paths.slice(0, 1)), { code: "OPERATION_TIMEOUT" });
  t.false(isSecond);
  one.unlock(token);
  other.unlock(await second);
  hasty.unlock(await hasty.lock(paths));
});

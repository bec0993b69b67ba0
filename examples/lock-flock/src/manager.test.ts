import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type LockResource, rootPaths, wrapperRefusal } from "@polyvisor/core";
import test from "ava";
import { FlockManager } from "./manager.js";

interface Test {
  teardown(end: () => unknown): void;
}

const BUSY = { code: "RESOURCE_BUSY", message: "resource busy: Lockspace resource '/a' is locked" } as const;
const UUIDS: Readonly<Record<string, string>> = {
  one: "11111111-3b1f-42e7-8462-cb4af457bda7",
  two: "22222222-3b1f-42e7-8462-cb4af457bda7",
};

const disk = (name: string, flags = 0): LockResource => ({ lockspace: null, name, path: null, offset: 0n, flags });
const ownerOf = (name: string) => ({
  uuid: UUIDS[name] ?? "",
  name,
  id: 1,
  pid: 0,
  uri: "qemu:///system",
  onLockFailure: "default",
});

/** Starts a guest as a driver does. Resolves with its process, or with why it was refused. */
async function startGuest(t: Test, manager: FlockManager, name: string, resources: LockResource[]) {
  const [shell = "", ...words] = await manager.guestWrapper({ owner: ownerOf(name), resources });
  const child = spawn(shell, [...words, "sh", "-c", "echo runs; read line"], { stdio: ["pipe", "pipe", "pipe"] });
  t.teardown(() => child.kill("SIGKILL"));
  let said = "";
  child.stderr.on("data", (text: Buffer) => {
    said += text;
  });
  const runs = once(child.stdout, "data").then(() => child);
  // The words are complete when the streams are closed.
  return Promise.race([runs, once(child, "close").then(() => wrapperRefusal(said))]);
}

async function end(guest: unknown): Promise<void> {
  const child = guest as ChildProcess;
  child.kill("SIGKILL");
  await once(child, "close");
}

async function makeManager(t: Test): Promise<FlockManager> {
  const root = await mkdtemp(join(tmpdir(), "polyvisor-lock-"));
  t.teardown(() => rm(root, { recursive: true, force: true }));
  return new FlockManager({ mode: "system", paths: rootPaths(root) });
}

test("a lease is the guest's until its process ends", async (t) => {
  const manager = await makeManager(t);
  const one = await startGuest(t, manager, "one", [disk("/a"), disk("/b")]);
  t.like(await startGuest(t, manager, "two", [disk("/c"), disk("/a")]), BUSY);
  t.like(await startGuest(t, manager, "one", [disk("/a")]), BUSY);
  await end(one);
  const two = await startGuest(t, manager, "two", [disk("/c"), disk("/a")]);
  t.true(two instanceof Object && "pid" in two);
  await end(two);
});

test("what is shared and what is only read is kept from nobody who does the same", async (t) => {
  const manager = await makeManager(t);
  const one = await startGuest(t, manager, "one", [disk("/a", 2), disk("/r", 1)]);
  const two = await startGuest(t, manager, "two", [disk("/a", 2), disk("/r")]);
  t.true(two instanceof Object && "pid" in two);
  const three = { ...ownerOf("three"), uuid: "33333333-3b1f-42e7-8462-cb4af457bda7" };
  await t.throwsAsync(manager.acquire({ owner: three, resources: [disk("/a")] }), { code: "OPERATION_INVALID" });
  await t.throwsAsync(manager.acquire({ owner: ownerOf("one"), resources: [disk("/r"), disk("/a")] }), {
    code: "RESOURCE_BUSY",
  });
  await Promise.all([end(one), end(two)]);
});

test("a lease is given up while the guest is paused, and taken again; all of them or none", async (t) => {
  const manager = await makeManager(t);
  const owner = ownerOf("one");
  const resources = [disk("/b"), disk("/a")];
  const one = await startGuest(t, manager, "one", resources);
  t.is(await manager.release({ owner, resources }), null);
  const two = await startGuest(t, manager, "two", [disk("/a")]);
  await t.throwsAsync(manager.acquire({ owner, resources }), BUSY);
  await manager.acquire({ owner: ownerOf("two"), resources: [disk("/b")] });
  await end(two);
  await manager.acquire({ owner, resources });
  await manager.acquire({ owner, resources });
  t.like(await startGuest(t, manager, "two", [disk("/a")]), BUSY);
  await end(one);
});

test("of two guests that start at once one has the lease", async (t) => {
  const manager = await makeManager(t);
  for (let round = 0; round < 5; round++) {
    const both = await Promise.all(["one", "two"].map((name) => startGuest(t, manager, name, [disk("/a")])));
    const running = both.filter((each) => each !== undefined && "pid" in each);
    t.is(running.length, 1);
    t.like(
      both.find((each) => !running.includes(each)),
      BUSY,
    );
    await Promise.all(running.map(end));
  }
});

test("leases of a configuration differ by lockspace, key and place", async (t) => {
  const manager = await makeManager(t);
  const lease = { lockspace: "ls", name: "key", path: "/leases", offset: 0n, flags: 0 };
  const one = await startGuest(t, manager, "one", [lease]);
  const two = await startGuest(t, manager, "two", [
    { ...lease, lockspace: "other" },
    { ...lease, offset: 512n },
    disk("key"),
  ]);
  t.true(two instanceof Object && "pid" in two);
  await t.throwsAsync(manager.acquire({ owner: ownerOf("two"), resources: [lease] }), {
    message: /Lockspace resource 'key' is locked/,
  });
  await Promise.all([end(one), end(two)]);
});

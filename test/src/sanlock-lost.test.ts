import { chmod, mkdir, open, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import {
  makeDiskFolder,
  mayOpenSystemHost,
  type PrivateSanlock,
  startSanlock,
  withinReason,
} from "@polyvisor/sdk/testkit";
import type { ExecutionContext } from "ava";
import { makeUnlockedEmulator } from "./harness/lock-managers.js";
import { diskGuestXml } from "./harness/lock-pair.js";
import { type Need, program, testWith } from "./harness/needs.js";
import { isRunning } from "./harness/processes.js";
import { polyvisordWithSanlock } from "./harness/sanlock-managers.js";
import { StallingMount, stallingMounts } from "./harness/stalling-mount.js";

const root: Need = { name: "only root may start guests of root", met: mayOpenSystemHost(), kind: "kernel" };
const NEEDS = [...(await Promise.all(["virsh", "sanlock", "qemu-system-x86_64"].map(program))), root];
/** What takes a while, most of it waiting. */
const SOAK: Need = {
  name: "npm run soak -- sanlock",
  met: process.env.POLYVISOR_WHOLE_KITS === "1",
  kind: "data",
};

const STALLING = SOAK.met ? await stallingMounts() : [];

type Manager = Awaited<ReturnType<typeof polyvisordWithSanlock>>;

interface Bench {
  readonly sanlock: PrivateSanlock;
  readonly manager: Manager;
  /** Defines and starts a guest with a disk of its own. */
  start(name: string, action?: string): Promise<number>;
  define(name: string, action?: string, devices?: string): Promise<void>;
  state(name: string): Promise<string>;
  /** The storage of the lockspace fails until what it answers is called. */
  fail(): Promise<() => Promise<void>>;
}

async function withBench(
  t: ExecutionContext,
  options: { readonly grace?: number; readonly isolated?: boolean },
  body: (bench: Bench) => Promise<void>,
): Promise<void> {
  t.timeout(600_000);
  const folder = await makeDiskFolder();
  await chmod(folder, 0o755);
  const sanlock = await startSanlock({ name: "lost", folder, ...options });
  const leases = join(folder, "leases");
  await mkdir(leases);
  let manager: Manager | undefined;
  try {
    const managed = await polyvisordWithSanlock("ours", { sanlock, folder: leases, hostId: 1 }, options);
    manager = managed;
    const emulator = await makeUnlockedEmulator(folder);
    const define = async (name: string, action?: string, devices?: string) => {
      const disk = join(folder, `${name}.img`);
      await writeFile(disk, Buffer.alloc(1 << 20));
      const elements = action === undefined ? "" : `<on_lockfailure>${action}</on_lockfailure>`;
      await managed.virsh.define(
        diskGuestXml({ emulator, folder, busy: /x/ }, { name, disk, elements, ...(devices && { devices }) }),
      );
    };
    await body({
      sanlock,
      manager: managed,
      define,
      async start(name, action) {
        await define(name, action);
        await managed.virsh.ok("start", name);
        return managed.guestPid(name);
      },
      state: (name) => managed.virsh.ok("domstate", name),
      fail: () => fail(join(leases, "__LIBVIRT__DISKS__")),
    });
  } finally {
    await manager?.close();
    await sanlock.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

/** To sanlock, storage that has other contents is as bad as one that does not answer, and it learns so at once. */
async function fail(path: string): Promise<() => Promise<void>> {
  const good = await readFile(path);
  const write = async (bytes: Buffer) => {
    const file = await open(path, "r+");
    await file.write(bytes, 0, bytes.length, 0);
    await file.close();
  };
  await write(Buffer.alloc(good.length));
  return () => write(good);
}

const gone = (pid: number) => withinReason(`process ${pid} has ended`, async () => !(await isRunning(pid)));

testWith("a guest that loses its lease is ended or paused", NEEDS, (t) =>
  withBench(t, {}, async ({ manager, start, state, fail }) => {
    const pids = [await start("off", "poweroff"), await start("waits", "pause")] as const;
    await fail();
    await withinReason("the guest is off", async () => (await state("off")) === "shut off");
    await withinReason("the guest is paused", async () => (await state("waits")) === "paused");
    await gone(pids[0]);
    t.true(await isRunning(pids[1]));
    t.regex(await manager.virsh.fails("resume", "waits"), /Failed to acquire lock|Unable to add lockspace/);
  }),
);

testWith("once storage is back, guests that lost their leases run again", [...NEEDS, SOAK], (t) =>
  withBench(t, { isolated: true }, async ({ sanlock, manager, start, define, state, fail }) => {
    await define("ignores", "ignore");
    t.regex(
      await manager.virsh.fails("start", "ignores"),
      /unsupported configuration: Failure action ignore is not supported by sanlock/,
    );
    const first = {
      plain: await start("plain"),
      waits: await start("waits", "pause"),
      again: await start("again", "restart"),
    };
    const repair = await fail();
    await withinReason("a guest without an action is off", async () => (await state("plain")) === "shut off");
    await withinReason("the guest is paused", async () => (await state("waits")) === "paused");
    await gone(first.again);
    await repair();
    await withinReason("the guest runs again", async () => (await state("again")) === "running");
    t.not(await manager.guestPid("again"), first.again);
    t.regex(await sanlock.ask("status"), new RegExp(`p ${await manager.guestPid("again")}\\s`));
    await manager.virsh.ok("resume", "waits");
    t.is(await manager.guestPid("waits"), first.waits);
  }),
);

testWith("without its daemon a guest that loses its lease is ended all the same", [...NEEDS, SOAK], (t) =>
  withBench(t, { grace: 5 }, async ({ manager, start, fail }) => {
    const off = await start("off", "poweroff");
    const again = await start("again", "restart");
    const waits = await start("waits", "pause");
    await manager.kill();
    const repair = await fail();
    await Promise.all([off, again, waits].map(gone));
    await repair();
    await manager.start();
    await withinReason("the guest runs again", async () => (await manager.virsh.ok("domstate", "again")) === "running");
    for (const name of ["off", "waits"]) t.is(await manager.virsh.ok("domstate", name), "shut off");
  }),
);

testWith("a sanlock that hangs fails starts, and delays nothing else", [...NEEDS, SOAK], (t) =>
  withBench(t, {}, async ({ sanlock, manager, start, define }) => {
    await start("runs");
    await define("late");
    sanlock.kill("SIGSTOP");
    const began = performance.now();
    const complaint = manager.virsh.fails("start", "late");
    t.is(await manager.virsh.ok("domstate", "runs"), "running");
    await manager.virsh.ok("dumpxml", "runs");
    t.true(performance.now() - began < 9000, "others wait for nothing");
    t.regex(await complaint, /Timed out during operation: the sanlock daemon at \S+ did not answer within 10 s/);
    sanlock.kill("SIGCONT");
    // Its own leases may have run out meanwhile: then it joins the lockspace anew.
    await withinReason("starts succeed", async () => (await manager.virsh.run("start", "late")).code === 0);
    await sanlock.stop();
    await define("none");
    t.regex(await manager.virsh.fails("start", "none"), /Failed to open socket to sanlock daemon/);
  }),
);

testWith("storage of a lease that hangs fails its guest's start, and no other", [...NEEDS, ...STALLING, SOAK], (t) =>
  withBench(t, {}, async ({ manager, start, define }) => {
    const files = await makeDiskFolder();
    await writeFile(join(files, "lease"), Buffer.alloc(1 << 20));
    const mount = await StallingMount.make(files);
    try {
      const lease = `<lease><lockspace>__LIBVIRT__DISKS__</lockspace><key>k</key><target path='${mount.path}/lease'/></lease>`;
      await define("hangs", undefined, lease);
      await start("before");
      await mount.tell("stall");
      const complaint = manager.virsh.fails("start", "hangs");
      for (const name of ["one", "two", "three"]) await start(name);
      t.regex(await complaint, /Timed out during operation: the daemon at \S+ does not answer|Failed to acquire lock/);
      t.is(await manager.virsh.ok("domstate", "hangs"), "shut off");
    } finally {
      await mount.remove();
      await rm(files, { recursive: true, force: true });
    }
  }),
);

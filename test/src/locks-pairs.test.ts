import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { accepts, mayOpenSystemHost, openSystemHost, withinReason } from "@polyvisor/sdk/testkit";
import type { ExecutionContext } from "ava";
import {
  LOCK_DAEMONS,
  type LockingManager,
  libvirtdManager,
  lockSocketOn,
  makeUnlockedEmulator,
  polyvisordManager,
} from "./harness/lock-managers.js";
import { type Need, program, testWith } from "./harness/needs.js";
import { isRunning } from "./harness/processes.js";

const root: Need = { name: "only root may make namespaces", met: mayOpenSystemHost(), kind: "kernel" };
const PROGRAMS = ["virsh", "libvirtd", "virtlockd", "qemu-system-x86_64"];
const NEEDS = [...(await Promise.all(PROGRAMS.map(program))), root];

interface Bench {
  readonly emulator: string;
  readonly folder: string;
}

function xmlOf(name: string, disk: string, { emulator }: Bench, isShared = false): string {
  return `<domain type='qemu'>
  <name>${name}</name>
  <memory unit='MiB'>16</memory>
  <os><type arch='x86_64' machine='pc'>hvm</type></os>
  <devices>
    <emulator>${emulator}</emulator>
    <disk type='file'>
      <driver name='qemu' type='raw'/><source file='${disk}'/><target dev='vda' bus='virtio'/>
      ${isShared ? "<shareable/>" : ""}
    </disk>
    <controller type='usb' model='none'/>
    <memballoon model='none'/>
  </devices>
</domain>`;
}

/** One disk of guests of two managers, which may be two of one kind. */
async function tryPair(
  t: ExecutionContext,
  bench: Bench,
  first: LockingManager,
  second: LockingManager,
  killsManager: boolean,
) {
  const pair = `${first.name}-${second.name}`;
  const disk = join(bench.folder, `${pair}.img`);
  await writeFile(disk, Buffer.alloc(1 << 20));
  const guests = { one: `${pair}-one`, other: `${pair}-other` };
  await first.virsh.define(xmlOf(guests.one, disk, bench));
  await second.virsh.define(xmlOf(guests.other, disk, bench));
  const startOne = () => first.virsh.ok("start", guests.one);
  const startOther = () => second.virsh.ok("start", guests.other);
  const busy = `resource busy: Lockspace resource '${disk}' is locked`;
  const isBusy = async (manager: LockingManager, guest: string, when: string) =>
    t.is((await manager.virsh.fails("start", guest)).split("error: ").at(-1), busy, `${pair}: ${when}`);

  await startOne();
  await isBusy(second, guests.other, "while the first guest runs");
  if (killsManager) {
    await first.kill();
    await isBusy(second, guests.other, "while the first guest runs, and its manager does not");
    t.true(await isRunning(await first.guestPid(guests.one)));
    await first.start();
  }
  await first.virsh.ok("destroy", guests.one);
  await startOther();
  await isBusy(first, guests.one, "while the second guest runs");
  process.kill(await second.guestPid(guests.other), "SIGKILL");
  // The lock daemon learns of the end by the connection.
  await withinReason("a lease is free once its guest was killed", async () => {
    const { code, stderr } = await first.virsh.run("start", guests.one);
    if (code !== 0) t.regex(stderr, /is locked/);
    return code === 0;
  });
  await first.virsh.ok("destroy", guests.one);
  for (const manager of [first, second]) {
    const name = manager === first ? guests.one : guests.other;
    await withinReason("it is shut off", async () => (await manager.virsh.ok("domstate", name)) === "shut off");
    await manager.virsh.ok("undefine", name);
    await manager.virsh.define(xmlOf(name, disk, bench, true));
  }
  await startOne();
  await startOther();
  await first.virsh.ok("destroy", guests.one);
  await second.virsh.ok("destroy", guests.other);
}

for (const [name, daemon] of Object.entries(LOCK_DAEMONS)) {
  testWith(`a disk is one guest's at a time, whoever manages the guests: ${name}`, NEEDS, async (t) => {
    t.timeout(600_000);
    const folder = await mkdtemp(join(tmpdir(), "locks-"));
    await chmod(folder, 0o755);
    const host = await openSystemHost();
    const managers: LockingManager[] = [];
    try {
      await host.run(daemon);
      const socket = lockSocketOn(host);
      await withinReason("the lock daemon listens", () => accepts(socket));
      const bench = { folder, emulator: await makeUnlockedEmulator(folder) };
      const makers = { libvirtd: libvirtdManager, polyvisord: polyvisordManager };
      for (const [kind, make] of Object.entries(makers))
        for (const number of [1, 2]) managers.push(await make(`${kind}${number}`, socket, host));
      const [libvirtd1, libvirtd2, polyvisord1, polyvisord2] = managers as [
        LockingManager,
        LockingManager,
        LockingManager,
        LockingManager,
      ];
      await tryPair(t, bench, polyvisord1, polyvisord2, true);
      await tryPair(t, bench, polyvisord1, libvirtd1, false);
      await tryPair(t, bench, libvirtd1, polyvisord1, false);
      await tryPair(t, bench, libvirtd1, libvirtd2, true);
    } finally {
      for (const manager of managers) await manager.close();
      await host.close();
      await rm(folder, { recursive: true, force: true });
    }
  });
}

import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { withinReason } from "@polyvisor/sdk/testkit";
import type { ExecutionContext } from "ava";
import type { LockingManager } from "./lock-managers.js";
import { isRunning } from "./processes.js";

export interface LockBench {
  /** One that locks no image by itself. */
  readonly emulator: string;
  readonly folder: string;
  /** The complaint of a start whose disk another guest has. */
  readonly busy: RegExp;
}

interface DiskGuest {
  readonly name: string;
  readonly disk: string;
  readonly isShared?: boolean;
  /** Further elements of `<domain>`, of `<devices>`. */
  readonly elements?: string;
  readonly devices?: string;
}

export function diskGuestXml(
  { emulator }: LockBench,
  { name, disk, isShared, elements = "", devices = "" }: DiskGuest,
): string {
  return `<domain type='qemu'>
  <name>${name}</name>
  <memory unit='MiB'>16</memory>
  <os><type arch='x86_64' machine='pc'>hvm</type></os>
  ${elements}
  <devices>
    <emulator>${emulator}</emulator>
    <disk type='file'>
      <driver name='qemu' type='raw'/><source file='${disk}'/><target dev='vda' bus='virtio'/>
      ${isShared ? "<shareable/>" : ""}
    </disk>
    <controller type='usb' model='none'/>
    <memballoon model='none'/>
    ${devices}
  </devices>
</domain>`;
}

/**
 * One disk of guests of two managers, which may be two of one kind: never both run, unless they share it. `isBrief` leaves out
 * what depends on one manager alone: its death, and shared disks.
 */
export async function tryLockPair(
  t: ExecutionContext,
  bench: LockBench,
  [first, second]: readonly [LockingManager, LockingManager],
  { isBrief = false }: { readonly isBrief?: boolean } = {},
): Promise<void> {
  const pair = `${first.name}-${second.name}`;
  const disk = join(bench.folder, `${pair}.img`);
  await writeFile(disk, Buffer.alloc(1 << 20));
  const guests = { one: `${pair}-one`, other: `${pair}-other` };
  await first.virsh.define(diskGuestXml(bench, { name: guests.one, disk }));
  await second.virsh.define(diskGuestXml(bench, { name: guests.other, disk }));
  const isBusy = async (manager: LockingManager, guest: string, when: string) =>
    t.regex((await manager.virsh.fails("start", guest)).split("error: ").at(-1) ?? "", bench.busy, `${pair}: ${when}`);

  await first.virsh.ok("start", guests.one);
  await isBusy(second, guests.other, "while the first guest runs");
  if (!isBrief) {
    await first.kill();
    await isBusy(second, guests.other, "while the first guest runs and its manager does not");
    t.true(await isRunning(await first.guestPid(guests.one)));
    await first.start();
    await isBusy(second, guests.other, "once the first guest's manager is back");
  }
  await end(first, guests.one);
  await startOnceFree(t, bench, second, guests.other, first);
  await isBusy(first, guests.one, "while the second guest runs");
  process.kill(await second.guestPid(guests.other), "SIGKILL");
  await startOnceFree(t, bench, first, guests.one, second);
  await first.virsh.ok("destroy", guests.one);
  if (isBrief) return;
  for (const manager of [first, second]) {
    const name = manager === first ? guests.one : guests.other;
    await withinReason("it is shut off", async () => (await manager.virsh.ok("domstate", name)) === "shut off");
    await manager.virsh.ok("undefine", name);
    await manager.virsh.define(diskGuestXml(bench, { name, disk, isShared: true }));
  }
  await startOnceFree(t, bench, first, guests.one, second);
  await second.virsh.ok("start", guests.other);
  await first.virsh.ok("destroy", guests.one);
  await second.virsh.ok("destroy", guests.other);
}

/** A libvirtd that has just come back may find dead the guest that it is told to destroy: it still asks its guests who they are. */
async function end({ virsh }: LockingManager, guest: string): Promise<void> {
  const { code, stderr } = await virsh.run("destroy", guest);
  if (code !== 0 && !stderr.includes("domain is not running")) throw new Error(stderr);
  await withinReason("it is shut off", async () => (await virsh.ok("domstate", guest)) === "shut off");
}

/**
 * A lock manager learns of the end of a guest by its connection, a moment after the end. Once a libvirtd has released its lease, it
 * gives the image back to the owner from before: that may hit a guest that has begun meanwhile.
 */
async function startOnceFree(
  t: ExecutionContext,
  { busy }: LockBench,
  { virsh }: LockingManager,
  guest: string,
  before: LockingManager,
) {
  await withinReason("a lease is free once its guest has ended", async () => {
    const { code, stderr } = await virsh.run("start", guest);
    const isLateOwner = before.name.startsWith("libvirtd") && /Could not open '.*': Permission denied/.test(stderr);
    if (code !== 0 && !isLateOwner) t.regex(stderr.trim().split("error: ").at(-1) ?? "", busy);
    return code === 0;
  });
}

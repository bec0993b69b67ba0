import { chmod, mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { makeDiskFolder, mayOpenSystemHost, startSanlock } from "@polyvisor/sdk/testkit";
import { type LockingManager, makeUnlockedEmulator } from "./harness/lock-managers.js";
import { tryLockPair } from "./harness/lock-pair.js";
import { type Need, program, testWith } from "./harness/needs.js";
import { libvirtdWithSanlock, polyvisordWithSanlock } from "./harness/sanlock-managers.js";

const root: Need = { name: "only root may make namespaces", met: mayOpenSystemHost(), kind: "kernel" };
const PROGRAMS = ["virsh", "libvirtd", "sanlock", "qemu-system-x86_64"];
const NEEDS = [...(await Promise.all(PROGRAMS.map(program))), root];

/** The soak `sanlock` tries each pair in every way. */
const isBrief = process.env.POLYVISOR_WHOLE_KITS !== "1";
/** Both say the same of a lease that another guest of this host has; libvirt has another code for it. */
const BUSY = /^(resource busy: )?Failed to acquire lock: File exists( \(a guest of this host has it\))?$/;

testWith("a disk is one guest's at a time, whoever manages the guests: sanlock", NEEDS, async (t) => {
  t.timeout(600_000);
  const folder = await makeDiskFolder();
  await chmod(folder, 0o755);
  const sanlock = await startSanlock({ name: "pairs", folder });
  const managers: LockingManager[] = [];
  try {
    await mkdir(join(folder, "leases"));
    const leases = { sanlock, folder: join(folder, "leases"), hostId: 1 };
    const bench = { folder, emulator: await makeUnlockedEmulator(folder), busy: BUSY };
    const make = async (manager: Promise<LockingManager>) => {
      managers.push(await manager);
      return manager;
    };
    const ours = await make(polyvisordWithSanlock("polyvisord1", leases));
    const theirs = await make(libvirtdWithSanlock("libvirtd1", leases));
    await tryLockPair(t, bench, [ours, theirs]);
    await tryLockPair(t, bench, [theirs, ours], { isBrief });
    await tryLockPair(t, bench, [ours, await make(polyvisordWithSanlock("polyvisord2", leases))], { isBrief });
    await tryLockPair(t, bench, [theirs, await make(libvirtdWithSanlock("libvirtd2", leases))], { isBrief });
  } finally {
    for (const manager of managers) await manager.close();
    await sanlock.stop();
    await rm(folder, { recursive: true, force: true });
  }
});

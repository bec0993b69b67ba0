import { chmod, mkdtemp, readdir, readFile, readlink, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { accepts, mayOpenSystemHost, openSystemHost, withinReason } from "@polyvisor/sdk/testkit";
import { LOCK_DAEMONS, libvirtdManager, lockSocketOn, makeUnlockedEmulator } from "./harness/lock-managers.js";
import { type Need, program, testWith } from "./harness/needs.js";

const root: Need = { name: "only root may make namespaces", met: mayOpenSystemHost(), kind: "kernel" };
const NEEDS = [...(await Promise.all(["virsh", "libvirtd", "qemu-system-x86_64"].map(program))), root];

function xmlOf(name: string, disk: string, emulator: string): string {
  return `<domain type='qemu'>
  <name>${name}</name>
  <memory unit='MiB'>16</memory>
  <os><type arch='x86_64' machine='pc'>hvm</type></os>
  <devices>
    <emulator>${emulator}</emulator>
    <disk type='file'>
      <driver name='qemu' type='raw'/><source file='${disk}'/><target dev='vda' bus='virtio'/>
    </disk>
    <controller type='usb' model='none'/>
    <memballoon model='none'/>
  </devices>
</domain>`;
}

async function openFilesOf(pid: number): Promise<string[]> {
  const folder = `/proc/${pid}/fd`;
  const names = await readdir(folder).catch(() => []);
  return Promise.all(names.map((name) => readlink(join(folder, name)).catch(() => "")));
}

/** The process that opens files for the lock daemon: each program starts its own. */
async function openerOf(pid: number): Promise<number | undefined> {
  const children = await readFile(`/proc/${pid}/task/${pid}/children`, "utf8");
  for (const child of children.split(" ").filter((each) => each !== "")) {
    const line = await readFile(`/proc/${child}/cmdline`, "utf8").catch(() => "");
    if (line.includes("opener.js")) return Number(child);
  }
  return undefined;
}

testWith("a guest of libvirtd keeps its disk, whatever becomes of polyvisor-lockd", NEEDS, async (t) => {
  t.timeout(600_000);
  const folder = await mkdtemp(join(tmpdir(), "lockd-libvirtd-"));
  await chmod(folder, 0o755);
  const host = await openSystemHost();
  const socket = lockSocketOn(host);
  const startLockd = async () => {
    const daemon = await host.run(LOCK_DAEMONS["polyvisor-lockd"] as readonly [string, ...string[]]);
    await withinReason("the lock daemon listens", () => accepts(socket));
    return daemon;
  };
  try {
    const disk = join(folder, "disk.img");
    await writeFile(disk, Buffer.alloc(1 << 20));
    let lockd = await startLockd();
    const libvirtd = await libvirtdManager("libvirtd", socket, host);
    try {
      const { virsh } = libvirtd;
      const emulator = await makeUnlockedEmulator(folder);
      for (const guest of ["one", "other"]) await virsh.define(xmlOf(guest, disk, emulator));
      const isRefused = async (when: string) =>
        t.regex(
          await virsh.fails("start", "other"),
          /error: resource busy: Lockspace resource '\/.*\/disk\.img' is locked$/,
          when,
        );
      await virsh.ok("start", "one");
      await isRefused("while the first guest runs");
      const opener = await openerOf(lockd.pid);
      lockd.kill("SIGUSR1");
      await withinReason("the next program has an opener of its own", async () => {
        t.true((await openFilesOf(lockd.pid)).includes(disk));
        return ![opener, undefined].includes(await openerOf(lockd.pid));
      });
      await isRefused("after a change of the program");
      lockd.kill("SIGKILL");
      await lockd.ended;
      lockd = await startLockd();
      await isRefused("after the death of the lock daemon");
      await virsh.ok("destroy", "one");
      await withinReason("the disk is free", async () => (await virsh.run("start", "other")).code === 0);
      process.kill(await libvirtd.guestPid("other"), "SIGKILL");
      await withinReason("the disk is free again", async () => (await virsh.run("start", "one")).code === 0);
      await virsh.ok("destroy", "one");
    } finally {
      await libvirtd.close();
    }
  } finally {
    await host.close();
    await rm(folder, { recursive: true, force: true });
  }
});

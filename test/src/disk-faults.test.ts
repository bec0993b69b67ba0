import { type FileHandle, mkdtemp, open, readdir, rm, unlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ExecutionContext } from "ava";
import { idleXml } from "./harness/guest-xml.js";
import { program, testWith } from "./harness/needs.js";
import { Polyvisord } from "./harness/polyvisord.js";
import { privateMounts, SmallDisk } from "./harness/private-mounts.js";
import { endProcessesNaming, processesNaming } from "./harness/processes.js";
import { clientProgram } from "./harness/project.js";
import { Virsh } from "./harness/virsh.js";

const PROGRAMS = [await program("virsh"), await program("qemu-system-x86_64")];
const MOUNTS = [...PROGRAMS, await privateMounts()];

const uuid = (digit: number) => `d15cfa17-0000-4000-8000-00000000000${digit}`;
const titled = (name: string, digit: number, title: string) =>
  idleXml(name, "qemu", uuid(digit), `<title>${title}</title>`);

/** What was acknowledged before the fault: `kept`, which starts by itself, and `spare`; `runs` runs. */
async function acknowledge(virsh: Virsh): Promise<void> {
  for (const [index, name] of ["kept", "spare", "runs"].entries())
    await virsh.define(titled(name, index + 1, "acknowledged"));
  await virsh.ok("autostart", "kept");
  await virsh.ok("start", "runs");
}

async function assertAcknowledged(t: ExecutionContext, virsh: Virsh, when: string): Promise<void> {
  t.deepEqual((await virsh.ok("list", "--all", "--name")).split("\n").sort(), ["kept", "runs", "spare"], when);
  for (const name of ["kept", "spare", "runs"])
    t.regex(await virsh.ok("dumpxml", name, "--inactive"), /<title>acknowledged</, `${name} ${when}`);
  t.is(await virsh.ok("list", "--all", "--autostart", "--name"), "kept", when);
}

/** Every change of a definition is refused, with the system's words. */
async function assertRefused(t: ExecutionContext, virsh: Virsh, words: RegExp): Promise<void> {
  for (const [name, digit] of [
    ["kept", 1],
    ["new", 9],
  ] as const) {
    const { code, stderr } = await virsh.fromXml("define", titled(name, digit, "lost"));
    t.is(code, 1, `${name} is not defined`);
    t.regex(stderr, words);
  }
  t.regex(await virsh.fails("undefine", "spare"), words);
  t.regex(await virsh.fails("undefine", "kept"), words);
  t.regex(await virsh.fails("autostart", "spare"), words);
  t.regex(await virsh.fails("autostart", "kept", "--disable"), words);
}

/** Half-written definitions. */
async function leftovers(root: string): Promise<string[]> {
  const files = await readdir(join(root, "etc/libvirt/qemu"), { recursive: true });
  return files.filter((file) => !/^(autostart|(autostart\/)?(kept|spare|runs)\.xml)$/.test(file));
}

async function withDaemonOn(disk: SmallDisk, body: (daemon: Polyvisord, virsh: Virsh) => Promise<void>): Promise<void> {
  const daemon = new Polyvisord(disk.path);
  try {
    // Its folder is in another namespace of mounts: nothing can be mounted out of it, and the way there takes a capability.
    await daemon.configure("qemu", "namespaces = []\nclear_emulator_capabilities = 0\n");
    await daemon.settings("security_drivers = []\n");
    await daemon.start();
    await body(daemon, new Virsh(daemon.uri("qemu")));
  } finally {
    await daemon.end("SIGKILL");
    await endProcessesNaming(disk.path);
    await disk.remove();
  }
}

testWith("a full disk loses nothing that was acknowledged, and what runs can be handled", MOUNTS, async (t) =>
  withDaemonOn(await SmallDisk.make("4m"), async (daemon, virsh) => {
    await acknowledge(virsh);
    await virsh.define(titled("goes", 8, "acknowledged"));
    await virsh.ok("autostart", "spare");
    await fill(join(daemon.root, "ballast"));

    const { code, stderr } = await virsh.fromXml("define", titled("kept", 1, "lost"));
    t.is(code, 1);
    t.regex(stderr, /cannot write definition .*kept\.xml: No space left on device/);
    t.is((await virsh.fromXml("define", titled("new", 9, "lost"))).code, 1);
    const emulators = await processesNaming(daemon.root);
    t.regex(await virsh.fails("start", "spare"), /No space left on device/);
    t.is(await virsh.ok("domstate", "spare"), "shut off");
    t.deepEqual(await processesNaming(daemon.root), emulators, "no emulator is left of the start");
    await virsh.ok("suspend", "runs");
    t.is(await virsh.ok("domstate", "runs", "--reason"), "paused (user)");
    // What needs no room is done, and then counts.
    await virsh.ok("undefine", "goes");
    await virsh.ok("autostart", "spare", "--disable");
    await assertAcknowledged(t, virsh, "while the disk is full");

    await daemon.end("SIGKILL");
    await daemon.start();
    await assertAcknowledged(t, virsh, "after a restart on a full disk");
    t.is(
      await virsh.ok("domstate", "runs", "--reason"),
      "paused (user)",
      "as QEMU knows, though it could not be written",
    );
    await virsh.ok("resume", "runs");
    await virsh.ok("destroy", "runs");

    await unlink(join(daemon.root, "ballast"));
    t.deepEqual(await leftovers(daemon.root), []);
    await virsh.ok("start", "spare");
    await virsh.define(titled("kept", 1, "changed"));
    t.regex(await virsh.ok("dumpxml", "kept"), /<title>changed</);
  }),
);

testWith("a read-only folder of definitions loses nothing, and what is defined runs on", MOUNTS, async (t) => {
  const disk = await SmallDisk.make("16m");
  await withDaemonOn(disk, async (daemon, virsh) => {
    await acknowledge(virsh);
    await disk.protect("etc", true);
    await assertRefused(t, virsh, /Read-only file system/);
    await assertAcknowledged(t, virsh, "while it is read-only");
    await virsh.ok("start", "spare");
    await virsh.ok("destroy", "spare");

    await daemon.end("SIGKILL");
    await daemon.start();
    await assertAcknowledged(t, virsh, "after a restart");
    t.is(await virsh.ok("domstate", "runs"), "running");
    await virsh.ok("start", "spare");

    await disk.protect("etc", false);
    t.deepEqual(await leftovers(daemon.root), []);
    await virsh.ok("undefine", "kept");
    await virsh.define(titled("kept", 1, "changed"));
    t.is(await virsh.ok("list", "--all", "--autostart", "--name"), "");
  });
});

testWith(
  "a read-only folder of states loses no guest, and refuses one that could not be found again",
  MOUNTS,
  async (t) => {
    const disk = await SmallDisk.make("16m");
    await withDaemonOn(disk, async (daemon, virsh) => {
      await acknowledge(virsh);
      await virsh.define(titled("ends", 7, "acknowledged"));
      await virsh.ok("start", "ends");
      await disk.protect("run", true);
      const emulators = await processesNaming(daemon.root);
      t.regex(await virsh.fails("start", "spare"), /Read-only file system/);
      t.is(await virsh.ok("domstate", "spare"), "shut off");
      t.deepEqual(await processesNaming(daemon.root), emulators, "no emulator is left of the start");
      await virsh.ok("suspend", "runs");
      await virsh.ok("destroy", "ends");
      await virsh.ok("undefine", "ends");
      await virsh.ok("autostart", "spare");
      await virsh.ok("autostart", "spare", "--disable");
      await virsh.define(titled("kept", 1, "acknowledged"));
      await assertAcknowledged(t, virsh, "while it is read-only");

      await daemon.end("SIGKILL");
      await disk.protect("run", false);
      await daemon.start();
      await assertAcknowledged(t, virsh, "after a restart");
      t.is(await virsh.ok("domstate", "runs", "--reason"), "paused (user)", "as QEMU knows");
      await virsh.ok("start", "spare");
      await virsh.ok("resume", "runs");
    });
  },
);

testWith("a disk that cannot be flushed loses nothing that was acknowledged", PROGRAMS, async (t) => {
  const folder = await mkdtemp(join(tmpdir(), "fsync-"));
  const fault = join(folder, "fault");
  const layer = `NODE_OPTIONS=--import=file://${clientProgram("failing-fsync.mjs")}`;
  const daemon = new Polyvisord(join(folder, "root"), ["env", `FAILING_FSYNC=${fault}`, layer]);
  const virsh = new Virsh(daemon.uri("qemu"));
  try {
    await daemon.start();
    await acknowledge(virsh);
    await writeFile(fault, "");
    await assertRefused(t, virsh, /Input\/output error/);
    await assertAcknowledged(t, virsh, "while nothing can be flushed");
    t.deepEqual(await leftovers(daemon.root), []);
    await virsh.ok("suspend", "runs");
    // A guest does not outlive its host, so what is known of its run need not.
    await virsh.ok("start", "spare");

    await daemon.end("SIGKILL");
    await daemon.start();
    await assertAcknowledged(t, virsh, "after a restart");
    t.is(await virsh.ok("domstate", "runs", "--reason"), "paused (user)");
    t.is(await virsh.ok("domstate", "spare"), "running");
    await virsh.ok("destroy", "spare");

    await unlink(fault);
    await virsh.define(titled("kept", 1, "changed"));
    t.regex(await virsh.ok("dumpxml", "kept"), /<title>changed</);
  } finally {
    await daemon.dispose();
    await rm(folder, { recursive: true, force: true });
  }
});

/** Writes until there is no room for another byte. */
async function fill(path: string): Promise<void> {
  const file = await open(path, "w");
  try {
    for (const size of [65_536, 4096, 1]) while (await wasWritten(file, size));
  } finally {
    await file.close();
  }
}

async function wasWritten(file: FileHandle, size: number): Promise<boolean> {
  try {
    return (await file.write(Buffer.alloc(size))).bytesWritten === size;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOSPC") return false;
    throw error;
  }
}

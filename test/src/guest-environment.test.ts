import { type ChildProcess, spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { chmod, chown, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startLibvirtd } from "@polyvisor/sdk/testkit";
import type { ExecutionContext } from "ava";
import { type ConfiningDaemon, confiningLibvirtd, confiningPolyvisord } from "./harness/confined-guests.js";
import { idleXml } from "./harness/guest-xml.js";
import { AS_NOBODY, hypervisor, privateMounts, program, readableTree, testWith } from "./harness/needs.js";
import { endProcessesNaming, processesNaming, until } from "./harness/processes.js";
import { project } from "./harness/project.js";
import { type Surroundings, surroundingsOf } from "./harness/surroundings.js";
import { Virsh } from "./harness/virsh.js";

const PEERS = [...(await hypervisor()), await program("libvirtd")];
const SESSION = [...PEERS, await program("setpriv"), await readableTree()];
const SYSTEM = [...PEERS, await privateMounts()];

const NOBODY = 65534;
/** No other guest of this machine has it. */
const UUID = randomUUID();
/** A guest with devices of which each holds descriptors of its own. */
const xmlWith = (disk: string) =>
  idleXml("alike", "qemu", UUID).replace(
    "</devices>",
    `<disk type='file'><driver name='qemu' type='raw'/><source file='${disk}'/><target dev='vda' bus='virtio'/></disk>
    <serial type='pty'/>
    <interface type='user'><model type='virtio'/></interface>
    <graphics type='vnc' autoport='yes'/></devices>`,
  );
const ABSENT = "absent";

/** What may differ: on each side exactly so, and for a reason that docs/qemu.md gives in the row of that name. */
interface Explained {
  readonly field: string;
  readonly theirs: RegExp;
  readonly ours: RegExp;
  readonly row: string;
}

const EVERYWHERE: readonly Explained[] = [
  { field: "descriptors PIDFILE", theirs: /^1$/, ours: /^absent$/, row: "Its pid file, open and locked" },
];

const IN_SESSIONS: readonly Explained[] = [
  ...EVERYWHERE,
  ...["descriptor 1", "descriptor 2"].map((field) => ({
    field,
    theirs: /^pipe, flags 01$/,
    ours: /^LOG, flags 0102001$/,
    row: "Standard output and error",
  })),
];

const IN_THE_SYSTEM: readonly Explained[] = [
  ...EVERYWHERE,
  ...["CapPrm", "CapEff", "CapBnd"].map((field) => ({
    field: `status ${field}`,
    theirs: /^[0-9a-f]*[1-9a-f]0*[0-9a-f]*$/,
    ours: /^0+$/,
    row: "Capabilities",
  })),
];

/** Runs the guest with a daemon, and looks at it. Its processor stands still, or its firmware would open more by and by. */
async function look(
  virsh: (...args: readonly string[]) => Promise<{ readonly code: number; readonly stderr: string }>,
  daemon: number,
  names: Readonly<Record<string, string>>,
): Promise<Surroundings> {
  const folder = await mkdtemp(join(tmpdir(), "alike-"));
  try {
    const [file, disk] = [join(folder, "alike.xml"), join(folder, "disk.img")];
    await writeFile(file, xmlWith(disk));
    await writeFile(disk, Buffer.alloc(1 << 20));
    await chmod(folder, 0o755);
    await chmod(disk, 0o666);
    for (const args of [
      ["define", file],
      ["start", "alike", "--paused"],
    ]) {
      const { code, stderr } = await virsh(...args);
      if (code !== 0) throw new Error(`virsh ${args.join(" ")}: ${stderr}`);
    }
    const [pid] = await processesNaming(UUID);
    if (pid === undefined) throw new Error("the guest has no process");
    return await surroundingsOf(pid, daemon, { ...names, DISK: disk });
  } finally {
    await virsh("destroy", "alike");
    await virsh("undefine", "alike");
    await rm(folder, { recursive: true });
  }
}

async function assertAlike(
  t: ExecutionContext,
  ours: Surroundings,
  theirs: Surroundings,
  explained: readonly Explained[],
): Promise<void> {
  const page = await readFile(join(project, "docs/qemu.md"), "utf8");
  const unexplained: string[] = [];
  for (const field of new Set([...Object.keys(ours), ...Object.keys(theirs)])) {
    const [own = ABSENT, other = ABSENT] = [ours[field], theirs[field]];
    if (own === other) continue;
    const why = explained.find((each) => each.field === field && each.ours.test(own) && each.theirs.test(other));
    if (why === undefined) unexplained.push(`${field}: libvirtd ${other}, here ${own}`);
    else t.true(page.includes(`| ${why.row} |`), `docs/qemu.md explains: ${why.row}`);
  }
  t.deepEqual(unexplained, []);
}

testWith("a user's guest lives as with libvirtd, but for what docs/qemu.md explains", SESSION, async (t) => {
  const theirs = await sessionOfLibvirtd();
  await assertAlike(t, await sessionOfOurs(), theirs, IN_SESSIONS);
});

async function sessionOfLibvirtd(): Promise<Surroundings> {
  const daemon = await startLibvirtd();
  const { folder } = daemon;
  try {
    const virsh = new Virsh(`qemu+unix:///session?socket=${daemon.socket}`);
    return await look((...args) => virsh.run(...args), daemon.process.pid ?? 0, {
      HOME: join(folder, "home"),
      LIB: join(folder, "config/libvirt/qemu/lib/domain-1-alike"),
      PIDFILE: join(folder, "run/libvirt/qemu/run/alike.pid"),
    });
  } finally {
    await endProcessesNaming(folder);
    await daemon.stop();
  }
}

/** As libvirtd's is started by `startLibvirtd`. */
async function sessionOfOurs(): Promise<Surroundings> {
  const folder = await mkdtemp(join(tmpdir(), "home-"));
  await chown(folder, NOBODY, NOBODY);
  const [command, ...args] = [...AS_NOBODY, process.execPath, join(project, "daemon/bin/polyvisord.js")];
  const env = { PATH: "/usr/sbin:/usr/bin:/sbin:/bin", HOME: folder, XDG_RUNTIME_DIR: join(folder, "run") };
  const daemon: ChildProcess = spawn(command, args, { cwd: folder, env, stdio: "ignore" });
  try {
    const virsh = new Virsh(`qemu+unix:///session?socket=${folder}/run/polyvisor/libvirt-sock`);
    await until("the user's daemon serves", async () => (await virsh.run("list")).code === 0);
    return await look((...args) => virsh.run(...args), daemon.pid ?? 0, {
      LIB: join(folder, ".local/share/polyvisor/qemu/domain-1-alike"),
      LOG: join(folder, ".cache/polyvisor/log/qemu/alike.log"),
      HOME: folder,
    });
  } finally {
    daemon.kill("SIGKILL");
    await endProcessesNaming(folder);
    await rm(folder, { recursive: true, force: true });
  }
}

testWith("the machine's guest lives as with libvirtd, but for what docs/qemu.md explains", SYSTEM, async (t) => {
  const theirs = await systemOf(await confiningLibvirtd("", ""), true);
  await assertAlike(t, await systemOf(await confiningPolyvisord("", ""), false), theirs, IN_THE_SYSTEM);
});

/** `atHome` is a daemon that takes its folders for the system's. */
async function systemOf(daemon: ConfiningDaemon, atHome: boolean): Promise<Surroundings> {
  const { lib, run, log, virsh } = daemon;
  try {
    return await look((...args) => virsh.run(...args), daemon.pid, {
      LIB: join(atHome ? "/var/lib/libvirt/qemu" : lib, "domain-1-alike"),
      LOG: join(atHome ? "/var/log/libvirt/qemu" : log, "alike.log"),
      PIDFILE: join(atHome ? "/run/libvirt/qemu" : run, "alike.pid"),
    });
  } finally {
    await daemon.close();
  }
}

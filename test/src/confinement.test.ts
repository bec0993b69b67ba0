import { existsSync } from "node:fs";
import { readdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { type Outcome, runCommand } from "./harness/command.js";
import { type ConfiningDaemon, confiningLibvirtd, confiningPolyvisord, GUEST_USER } from "./harness/confined-guests.js";
import { type Need, program, testWith } from "./harness/needs.js";
import { factsOf } from "./harness/process-facts.js";
import { until } from "./harness/processes.js";
import { PYTHON } from "./harness/project.js";

const root: Need = { name: "only root confines guests", met: process.getuid?.() === 0, kind: "kernel" };
const PROGRAMS = ["virsh", "qemu-system-x86_64", "nsenter", "setpriv", "unshare", "python3"];
const OURS = [...(await Promise.all(PROGRAMS.map(program))), root];
const BOTH = [...OURS, await program("libvirtd")];

const DISK_BYTES = 1 << 20;

/** A guest with a disk, a console and pinned processors; `more` goes to the devices, `label` is its own. */
function guestXml(name: string, disk: string, more = "", label = ""): string {
  return `<domain type='qemu'><name>${name}</name><memory unit='MiB'>32</memory><vcpu>2</vcpu><iothreads>1</iothreads>
    <cputune><shares>512</shares><period>100000</period><quota>50000</quota><vcpupin vcpu='1' cpuset='0'/></cputune>
    <os><type arch='x86_64' machine='pc'>hvm</type></os><features><acpi/></features>
    <devices><disk type='file'><driver name='qemu' type='raw'/><source file='${disk}'/><target dev='vda' bus='virtio'/></disk>
      <serial type='pty'/><rng model='virtio'><backend model='random'>/dev/urandom</backend></rng>${more}</devices>${label}
  </domain>`;
}

async function makeDisk({ host }: ConfiningDaemon, name: string): Promise<string> {
  const disk = join(host.folder, `${name}.img`);
  await writeFile(disk, Buffer.alloc(DISK_BYTES), { mode: 0o600 });
  return disk;
}

/** Folders of guests' groups, in every hierarchy, of guests of that name. */
async function groupsOf(guest: string): Promise<string[]> {
  const mounts = (await readFile("/proc/self/mounts", "utf8")).split("\n").map((line) => line.split(" "));
  const hierarchies = mounts
    .filter(([, , type]) => type === "cgroup" || type === "cgroup2")
    .map(([, mount]) => mount ?? "");
  const folders = hierarchies.map(async (mount) => {
    const names = await readdir(join(mount, "machine")).catch(() => []);
    return names.filter((name) => name.endsWith(`-${guest}.libvirt-qemu`)).map((name) => join(mount, "machine", name));
  });
  return (await Promise.all(folders)).flat();
}

testWith("a guest's process is confined as one of libvirtd, and no worse in anything", BOTH, async (t) => {
  const settings = "max_files = 2048\nmax_processes = 3000\n";
  const name = `same${process.pid}`;
  const [theirs, ours] = await Promise.all(
    [confiningLibvirtd, confiningPolyvisord].map(async (open) => {
      const daemon = await open(settings);
      t.teardown(() => daemon.close());
      await daemon.virsh.define(guestXml(name, await makeDisk(daemon, "disk")));
      // Its processor stands still, or its firmware would open more by and by.
      await daemon.virsh.ok("start", name, "--paused");
      const pid = await daemon.guestPid(name);
      // Threads of processors whose time is limited are moved before they run, others soon after.
      await until("each thread is in its group", async () =>
        (await factsOf(pid, daemon.pid)).threads.every((thread) => !thread.includes("emulator")),
      );
      const facts = await factsOf(pid, daemon.pid);
      const partition = /<partition>.*<\/partition>/.exec(await daemon.virsh.ok("dumpxml", name))?.[0];
      await daemon.virsh.ok("destroy", name);
      return { facts, partition };
    }),
  );
  if (theirs === undefined || ours === undefined) return t.fail();
  // libvirtd leaves what the kernel lets nobody use who cannot gain privileges.
  const { CapBnd, ...status } = ours.facts.status;
  const { CapBnd: _, ...expected } = theirs.facts.status;
  t.deepEqual(status, expected);
  t.is(CapBnd, "0000000000000000");
  t.deepEqual([status.Uid, status.NoNewPrivs, status.Seccomp], [Array(4).fill(GUEST_USER).join("\t"), "1", "2"]);
  for (const key of ["limits", "oomScore", "workingDirectory"] as const) t.is(ours.facts[key], theirs.facts[key]);
  for (const key of ["groups", "devices", "mounts", "environment", "namespaces", "threads"] as const) {
    t.deepEqual(ours.facts[key], theirs.facts[key], key);
  }
  // libvirtd's guest holds its own pid file open.
  const descriptors = theirs.facts.descriptors.filter((each) => !each.includes(".pid "));
  t.deepEqual(ours.facts.descriptors, descriptors);
  t.is(ours.partition, theirs.partition);
  t.deepEqual(await groupsOf(name), []);
});

/** A guest of a user of its own, and what it has. */
interface Inmate {
  readonly name: string;
  readonly user: number;
  readonly pid: number;
  readonly disk: string;
  /** The folder with its key and its monitor. */
  readonly folder: string;
  readonly groups: readonly string[];
}

const PASSWORD = "hushhush";

async function startInmate(daemon: ConfiningDaemon, name: string, user: number): Promise<Inmate> {
  const disk = await makeDisk(daemon, name);
  const label = `<seclabel type='static' model='dac' relabel='yes'><label>+${user}:+${user}</label></seclabel>`;
  await daemon.virsh.define(guestXml(name, disk, `<graphics type='vnc' port='-1' passwd='${PASSWORD}'/>`, label));
  await daemon.virsh.ok("start", name);
  const folder = (await readdir(daemon.lib)).find((each) => each.endsWith(`-${name}`)) ?? "";
  const [pid, groups] = await Promise.all([daemon.guestPid(name), groupsOf(name)]);
  return { name, user, pid, disk, folder: join(daemon.lib, folder), groups };
}

/** Becomes a member of groups, and then the rest of its words. */
const JOIN = 'for group in $0; do echo $$ >"$group/cgroup.procs" || exit 99; done; exec "$@"';

/** Runs a command as one could whose emulator has been taken over: with its user, mounts and groups, and no privileges. */
function attempt({ pid, user, groups }: Inmate, ...argv: readonly string[]): Promise<Outcome> {
  const become = [`--reuid=${user}`, `--regid=${user}`, "--clear-groups", "--bounding-set=-all", "--no-new-privs"];
  const inside = ["nsenter", `--target=${pid}`, "--mount", "--", "setpriv", ...become, "--", ...argv];
  return runCommand("/bin/sh", ["-c", JOIN, groups.join(" "), ...inside]);
}

type Words = readonly [string, ...string[]];

const read = (path: string): Words => ["head", "-c1", path];
const list = (path: string): Words => ["ls", path];
const CONNECT = "import socket, sys; socket.socket(socket.AF_UNIX).connect(sys.argv[1])";

/** What a guest has that no other may have, and whether another process of its own user may; root may in any case. */
const PRIVATE: Readonly<Record<string, (guest: Inmate) => readonly [argv: Words, mayOwner: boolean]>> = {
  disk: ({ disk }) => [read(disk), true],
  "master key": ({ folder }) => [read(join(folder, "master-key.aes")), true],
  monitor: ({ folder }) => [[PYTHON, "-c", CONNECT, join(folder, "monitor.sock")], true],
  environment: ({ pid }) => [read(`/proc/${pid}/environ`), false],
  descriptors: ({ pid }) => [list(`/proc/${pid}/fd/`), false],
  "root folder": ({ pid }) => [list(`/proc/${pid}/root/`), false],
};

testWith("a guest reads nothing of another guest, of the daemon or of the host's devices", OURS, async (t) => {
  const daemon = await confiningPolyvisord("");
  t.teardown(() => daemon.close());
  const alice = await startInmate(daemon, `alice${process.pid}`, GUEST_USER + 1);
  const bob = await startInmate(daemon, `bob${process.pid}`, GUEST_USER + 2);
  for (const [what, wordsFor] of Object.entries(PRIVATE)) {
    const [argv, mayOwner] = wordsFor(bob);
    const { code, stdout, stderr } = await attempt(alice, ...argv);
    t.not(code, 0, `${what}: ${stdout}`);
    t.regex(stderr, /Permission ?(denied|Error)|Operation not permitted/, what);
    const sound = mayOwner ? await attempt(bob, ...argv) : await runCommand(argv[0], argv.slice(1));
    t.is(sound.code, 0, `${what}: ${sound.stderr}`);
  }

  // What the daemon keeps of guests has their passwords, and they reach the emulator over its monitor alone.
  for (const { name, pid } of [alice, bob]) {
    const status = join(daemon.run, `${name}.xml`);
    t.true((await readFile(status, "utf8")).includes(PASSWORD));
    t.not((await attempt(alice, ...read(status))).code, 0);
    for (const file of ["cmdline", "environ"])
      t.false((await readFile(`/proc/${pid}/${file}`, "utf8")).includes(PASSWORD));
    t.false((await readFile(join(daemon.log, `${name}.log`), "utf8")).includes(PASSWORD));
  }

  // The host's devices are not there and cannot be made; one that lies about cannot be opened, by root either.
  const [node, group] = [join(daemon.host.folder, "kmsg"), alice.groups[0] ?? ""];
  t.is((await runCommand("mknod", ["-m", "666", node, "c", "1", "11"])).code, 0);
  t.not((await attempt(alice, ...list("/dev/net"))).code, 0);
  t.not((await attempt(alice, "mknod", join(alice.folder, "node"), "c", "1", "11")).code, 0);
  t.not((await attempt(alice, "sh", "-c", `echo $$ >${dirname(dirname(group))}/cgroup.procs`)).code, 0);
  const opened = await runCommand("/bin/sh", ["-c", JOIN, alice.groups.join(" "), "sh", "-c", `exec 3<${node}`]);
  t.regex(opened.stderr, /Operation not permitted/);
  t.is((await runCommand("sh", ["-c", `exec 3<${node}`])).code, 0);

  // However a guest ends, nothing of its confinement is left.
  process.kill(alice.pid, "SIGKILL");
  await daemon.virsh.ok("destroy", bob.name);
  for (const { name } of [alice, bob]) {
    await until(`the groups of ${name} are gone`, async () => (await groupsOf(name)).length === 0);
  }
  t.notRegex(await readFile("/proc/self/mountinfo", "utf8"), /polyvisor-dev/);
});

testWith(
  "a device that is plugged in has its node in the guest's /dev, and leave to be used, until it is gone",
  OURS,
  async (t) => {
    const daemon = await confiningPolyvisord("");
    t.teardown(() => daemon.close());
    const name = `plug${process.pid}`;
    await daemon.virsh.define(guestXml(name, await makeDisk(daemon, "disk")));
    await daemon.virsh.ok("start", name);
    const pid = await daemon.guestPid(name);
    // A second name of a device that answers like /dev/urandom, behind a link.
    const made = await daemon.host.run([
      "sh",
      "-c",
      "mkdir /dev/own && mknod -m 666 /dev/own/source c 1 9 && ln -s own/source /dev/drawn",
    ]);
    t.is(await made.ended, 0);
    const rng = "<rng model='virtio'><backend model='random'>/dev/drawn</backend><alias name='ua-drawn'/></rng>";
    const file = join(daemon.host.folder, "rng.xml");
    await writeFile(file, rng);
    const node = `/proc/${pid}/root/dev/own/source`;
    t.false(existsSync(node));
    await daemon.virsh.ok("attach-device", name, file);
    t.true(existsSync(node));
    t.true(existsSync(`/proc/${pid}/root/dev/drawn`));
    await daemon.virsh.ok("detach-device-alias", name, "ua-drawn").catch(() => "");
    // A guest without an operating system lets go of a card when it is reset.
    await daemon.virsh.ok("reset", name);
    await until("the node is gone", async () => !existsSync(node));
  },
);

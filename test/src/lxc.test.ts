import { existsSync } from "node:fs";
import { chmod, mkdtemp, readdir, readFile, readlink, rm, stat, symlink } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { hypervisorKit, judge } from "@polyvisor/sdk/conformance";
import test, { type ExecutionContext } from "ava";
import { outputOf } from "./harness/command.js";
import { direct } from "./harness/conformance.js";
import { containerXml, groupsOf, killContainers, leftContainers, lxcProfile, makeRoot } from "./harness/containers.js";
import { EventRecorder } from "./harness/event-recorder.js";
import { containers, program, testWith } from "./harness/needs.js";
import { Polyvisord } from "./harness/polyvisord.js";
import { until } from "./harness/processes.js";
import { Virsh } from "./harness/virsh.js";

const NEEDS = [...(await containers()), await program("stdbuf")];

interface Host {
  readonly daemon: Polyvisord;
  readonly virsh: Virsh;
  /** A container's root. */
  readonly root: string;
}

let host: Promise<Host & { readonly dispose: () => Promise<void> }> | undefined;

/** A daemon with a container's root beside it, which the tests of this file share: each leaves it as it was. */
async function sharedHost(t: ExecutionContext): Promise<Host> {
  t.timeout(10 * 60_000);
  host ??= startHost();
  return host;
}

async function startHost() {
  const folder = await mkdtemp(join(tmpdir(), "lxc-"));
  // Whoever is root in a container with mapped users has to reach its root.
  await chmod(folder, 0o755);
  const daemon = new Polyvisord(join(folder, "daemon"));
  const dispose = async () => {
    await daemon.end("SIGKILL");
    await killContainers(daemon.root);
    await daemon.dispose();
    await rm(folder, { recursive: true, force: true });
  };
  await daemon.start();
  return { daemon, virsh: new Virsh(daemon.uri("lxc")), root: await makeRoot(join(folder, "root")), dispose };
}

test.after.always(async () => (await host)?.dispose());

const stateOf = (virsh: Virsh, name: string) => virsh.ok("domstate", name, "--reason");

/** Nothing of the container is left on the host: no file of its run, no group, no process that names it. */
async function isCleanAfter(daemon: Polyvisord, record: { readonly cgroupPath?: string }): Promise<boolean> {
  const processes = await processesNaming(join(daemon.root, "run/libvirt/lxc"));
  const files = (await readdir(join(daemon.root, "run/libvirt/lxc"))).filter((file) => file !== "autostarted");
  return processes.length + files.length + (await groupsOf(record.cgroupPath ?? "")).length === 0;
}

async function processesNaming(text: string): Promise<number[]> {
  const pids = (await readdir("/proc")).filter((name) => /^\d+$/.test(name));
  const lines = await Promise.all(pids.map((pid) => readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "")));
  return pids.flatMap((pid, index) => (lines[index]?.includes(text) ? [Number(pid)] : []));
}

testWith("a container's life, as virsh and its events tell it", NEEDS, async (t) => {
  const { daemon, virsh, root } = await sharedHost(t);
  const events = await EventRecorder.start(virsh, "lxc");
  t.teardown(() => events.stop());
  await virsh.define(containerXml({ name: "one", root }));
  await virsh.ok("start", "one");
  t.is(await stateOf(virsh, "one"), "running (booted)");
  const [record] = await leftContainers(daemon.root);
  t.is(await virsh.ok("domid", "one"), String(record?.shim?.pid));
  t.regex(record?.cgroupPath ?? "", new RegExp(`^/machine/lxc-${record?.shim?.pid}-one\\.libvirt-lxc$`));

  await virsh.ok("suspend", "one");
  t.is(await stateOf(virsh, "one"), "paused (user)");
  await virsh.ok("resume", "one");
  t.regex(await virsh.ok("dominfo", "one").catch((error: Error) => error.message), /CPU time/);
  t.regex(await virsh.ok("dumpxml", "one"), /<console type='pty' tty='\/dev\/pts\/\d+'>/);
  t.regex(await virsh.ok("lxc-enter-namespace", "one", "--noseclabel", "/bin/ls", "/"), /^bin\n/);
  t.is(await virsh.fails("send-process-signal", "one", "7", "SIGTERM"), SIGNAL_REFUSED);

  await virsh.ok("shutdown", "one");
  await until("the container is off", async () => (await stateOf(virsh, "one")) === "shut off (shutdown)");
  await virsh.ok("start", "one");
  await virsh.ok("send-process-signal", "one", "1", "SIGKILL");
  await until("the container is off", async () => (await stateOf(virsh, "one")) === "shut off (shutdown)");
  await virsh.ok("start", "one");
  await virsh.ok("destroy", "one");
  t.is(await stateOf(virsh, "one"), "shut off (destroyed)");
  await virsh.ok("undefine", "one");
  await until("nothing is left", () => isCleanAfter(daemon, record ?? {}));
  await until("all events came", async () => events.events.length >= EVENTS.length);
  t.deepEqual(events.events, EVENTS);
});

const SIGNAL_REFUSED = "error: argument unsupported: Only the init process may be killed";

const ONE = "event 'lifecycle' for domain 'one':";
const EVENTS = [
  `${ONE} Defined Added`,
  `${ONE} Started Booted`,
  `${ONE} Suspended Paused`,
  `${ONE} Resumed Unpaused`,
  `${ONE} Stopped Shutdown`,
  `${ONE} Started Booted`,
  `${ONE} Stopped Shutdown`,
  `${ONE} Started Booted`,
  `${ONE} Stopped Destroyed`,
  `${ONE} Undefined Removed`,
];

testWith("calls about the host", NEEDS, async (t) => {
  const { virsh } = await sharedHost(t);
  t.regex(await virsh.ok("version"), /Running hypervisor: LXC \d+\.\d+\.\d+/);
  t.regex(await virsh.ok("capabilities"), /<os_type>exe<\/os_type>[\s\S]*<domain type='lxc'\/>/);
  t.regex(await virsh.ok("nodeinfo"), /CPU model: +\S+/);
  t.regex(await virsh.ok("nodecpustats"), /^user: +\d+\nsystem: +\d+/);
  t.regex(await virsh.ok("nodecpustats", "--cpu", "0"), /^user: +\d+/);
  t.regex(await virsh.ok("nodecpumap"), /CPUs present: +\d+/);
  t.regex(await virsh.ok("nodememstats"), /total *: +\d+ KiB/);
  t.regex(await virsh.ok("freecell", "--all"), /Total: +\d+ KiB/);
  t.regex(await virsh.ok("freepages", "0", "4KiB"), /4KiB: +\d+/);
  t.regex(await virsh.fails("allocpages", "3KiB", "1"), /page size 3 is not available on node/);
  t.is((await virsh.run("node-memory-tune")).code, 0);
  t.regex(await virsh.fails("nodesuspend", "mem", "60"), /Suspend target is not supported by this host/);
  t.regex(await virsh.fails("sysinfo"), /Host SMBIOS information is not available/);
});

testWith("a container that would run the host's init is refused", NEEDS, async (t) => {
  const { daemon, virsh, root } = await sharedHost(t);
  const link = join(daemon.root, "link");
  await symlink("/", link);
  const own = "the root file system of the container is the host's own";
  for (const source of ["/", "/.", "//", link, `${link}/usr/..`, "/proc/self/root/"]) {
    const { code, stderr } = await virsh.fromXml("create", containerXml({ name: "host", root: source }));
    t.not(code, 0, source);
    t.true(stderr.includes(own), stderr);
  }
  const without = containerXml({ name: "host", root }).replace(/<filesystem.*?<\/filesystem>/s, "");
  t.regex((await virsh.fromXml("create", without)).stderr, /has no root file system of its own/);
  const missing = containerXml({ name: "host", root: "/nowhere" });
  t.regex((await virsh.fromXml("create", missing)).stderr, /Failed to access '\/nowhere'/);
  t.is(await virsh.ok("list", "--all", "--name"), "");
  t.deepEqual(await leftContainers(daemon.root), []);
});

testWith("a container reboots under its shim, also while no daemon runs, and is found again", NEEDS, async (t) => {
  const { daemon, virsh, root } = await sharedHost(t);
  const script = "trap 'exit 0' TERM; echo up >>/tmp/boots; trap 'reboot -f' USR1; while :; do sleep 1000 & wait; done";
  const boots = async () => (await readFile(join(root, "tmp/boots"), "utf8").catch(() => "")).split("\n").length - 1;
  await virsh.define(containerXml({ name: "again", root, script }));
  await virsh.ok("start", "again");
  const events = await EventRecorder.start(virsh, "lxc");
  t.teardown(() => events.stop());
  const id = await virsh.ok("domid", "again");
  await until("it has booted", async () => (await boots()) === 1);
  await virsh.ok("send-process-signal", "again", "1", "SIGUSR1");
  await until("it has booted again", async () => (await boots()) === 2);
  await until("the event came", async () => events.events.includes("event 'reboot' for domain 'again'"));
  t.is(await virsh.ok("domid", "again"), id);

  const [init, document] = [await initOf(daemon, "again"), await virsh.ok("dumpxml", "again")];
  await daemon.end("SIGKILL");
  process.kill(init, "SIGUSR1");
  await until("it has booted without a daemon", async () => (await boots()) === 3);
  await daemon.start();
  t.is(await stateOf(virsh, "again"), "running (booted)");
  t.is(await virsh.ok("domid", "again"), id);
  t.is(await virsh.ok("dumpxml", "again"), document);

  await daemon.end("SIGKILL");
  process.kill(await initOf(daemon, "again"), "SIGTERM");
  await until("the shim has ended", async () => !existsSync(`/proc/${id}/cmdline`) || (await isZombie(id)));
  await daemon.start();
  t.is(await stateOf(virsh, "again"), "shut off (shutdown)");
  await virsh.ok("undefine", "again");
});

async function isZombie(pid: string): Promise<boolean> {
  return /\) Z /.test(await readFile(`/proc/${pid}/stat`, "utf8").catch(() => ") Z "));
}

async function initOf(daemon: Polyvisord, name: string): Promise<number> {
  const started = join(daemon.root, `run/libvirt/lxc/${name}.container/engine/container/status`);
  await until("the container runs", async () => existsSync(started));
  return (JSON.parse(await readFile(started, "utf8")) as { readonly pid: number }).pid;
}

testWith("whichever process of a container is killed, nothing is left of it but what runs on", NEEDS, async (t) => {
  const { daemon, virsh, root } = await sharedHost(t);
  await virsh.define(containerXml({ name: "hit", root }));
  for (const part of ["shim", "engine", "init"] as const) {
    await virsh.ok("start", "hit");
    const [record] = await leftContainers(daemon.root);
    process.kill(await pidOf(daemon, record?.shim?.pid ?? 0, part), "SIGKILL");
    await until(`the container is off without its ${part}`, async () => /^shut off/.test(await stateOf(virsh, "hit")));
    await until(`nothing is left without the ${part}`, () => isCleanAfter(daemon, record ?? {}));
  }
  await virsh.ok("start", "hit");
  const socket = join(daemon.root, "run/libvirt/lxc/hit.sock");
  await until("the keeper listens", () => listens(socket));
  const [keeper] = (await processesNaming("keeper.cjs")).length > 0 ? await keepersOf(daemon) : [];
  process.kill(keeper ?? 0, "SIGKILL");
  await until("another keeper listens", async () => (await keepersOf(daemon))[0] !== keeper && (await listens(socket)));
  t.is(await stateOf(virsh, "hit"), "running (booted)");
  await virsh.ok("destroy", "hit");
  await virsh.ok("undefine", "hit");
  t.pass();
});

testWith("a shim that is killed at any moment of a start leaves nothing", NEEDS, async (t) => {
  const { daemon, virsh, root } = await sharedHost(t);
  await virsh.define(containerXml({ name: "cut", root }));
  for (const milliseconds of [0, 10, 20, 40]) {
    const start = virsh.run("start", "cut");
    let record: Awaited<ReturnType<typeof leftContainers>>[number] | undefined;
    await until("there is a shim", async () => {
      [record] = await leftContainers(daemon.root).catch(() => []);
      return record?.shim !== undefined;
    });
    await delay(milliseconds);
    process.kill(record?.shim?.pid ?? 0, "SIGKILL");
    await start;
    await until("the container is off", async () => /^shut off/.test(await stateOf(virsh, "cut")));
    await until("nothing is left", () => isCleanAfter(daemon, record ?? {}));
  }
  await virsh.ok("undefine", "cut");
  t.pass();
});

async function keepersOf({ root }: Polyvisord): Promise<number[]> {
  const pids = await processesNaming(join(root, "run/libvirt/lxc/hit.container"));
  const names = await Promise.all(pids.map((pid) => readFile(`/proc/${pid}/comm`, "utf8").catch(() => "")));
  return pids.filter((_, index) => names[index]?.trim() === "node");
}

async function pidOf(daemon: Polyvisord, shim: number, part: "shim" | "engine" | "init"): Promise<number> {
  if (part === "shim") return shim;
  if (part === "init") return initOf(daemon, "hit");
  const init = await initOf(daemon, "hit");
  const stat = await readFile(`/proc/${init}/stat`, "utf8");
  return Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1]);
}

/** Whether libvirt's monitor program is served there: its first message names the container's init. */
function listens(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path);
    socket.once("error", () => resolve(false));
    socket.once("data", (data) => {
      socket.destroy();
      resolve(data.readUInt32BE(4) === 0x12341234 && data.readUInt32BE(12) === 2);
    });
  });
}

testWith("file systems, namespaces, capabilities and users of a container", NEEDS, async (t) => {
  const { virsh, root } = await sharedHost(t);
  const script = [
    "exec >/tmp/said 2>&1",
    "id -u",
    "hostname",
    "(echo x >/mnt/file) 2>/dev/null || echo read-only",
    "stat -f -c %T /run",
    "cat /proc/self/status | grep CapBnd",
    "echo $LIBVIRT_LXC_NAME $COLOUR $PWD",
    "exit 0",
  ].join("; ");
  const xml = containerXml({
    name: "made.of-parts",
    root,
    script,
    more: "<features><capabilities policy='deny'><kill state='on'/></capabilities></features>",
    devices: `<filesystem type='mount'><source dir='${root}/bin'/><target dir='/mnt'/><readonly/></filesystem>
      <filesystem type='ram'><source usage='1024' units='KiB'/><target dir='/run'/></filesystem>
      <filesystem type='bind'><source dir='/bin'/><target dir='/etc'/></filesystem>`,
  }).replace("</os>", "<initenv name='COLOUR'>blue</initenv><initdir>/tmp</initdir></os>");
  const { code, stderr } = await virsh.fromXml("create", xml);
  t.is(code, 0, stderr);
  await until("the container has ended", async () => (await virsh.ok("list", "--all", "--name")) === "");
  const said = (await readFile(join(root, "tmp/said"), "utf8")).trim().split("\n");
  t.deepEqual(said, ["0", "made", "read-only", "tmpfs", "CapBnd:\t0000000000000020", "made.of-parts blue /tmp"]);

  const template = containerXml({
    name: "template",
    root,
    devices: "<filesystem type='template'><source name='x'/><target dir='/mnt'/></filesystem>",
  });
  t.regex((await virsh.fromXml("create", template)).stderr, /Cannot mount filesystem type template/);
  for (const [init, wrong] of [
    ["/bin/nothing", "No such file or directory"],
    ["/bin", "Is a directory"],
  ]) {
    const bad = containerXml({ name: "bad", root }).replace("/bin/sh", `${init}`);
    const said = `guest failed to start: cannot find init path '${init}' relative to container root: ${wrong}`;
    t.true((await virsh.fromXml("create", bad)).stderr.includes(said), init);
  }
});

testWith("mapped users, further consoles, and namespaces that are shared", NEEDS, async (t) => {
  const { daemon, virsh, root } = await sharedHost(t);
  const mapped = await makeRoot(`${root}-mapped`);
  await outputOf("chown", ["-hR", "100000:100000", mapped]);
  const map = ["uid", "gid"].map((kind) => `<${kind} start='0' target='100000' count='1000'/>`).join("");
  const mtu = "/bin/busybox ip link set lo mtu 1400; cat /sys/class/net/lo/mtu";
  const script = `(cat /proc/self/uid_map; ${mtu}; ls -l /dev) >/tmp/said; echo second >/dev/tty2; exec sleep 1000`;
  const [devices, more] = ["<console type='pty'/>", `<idmap>${map}</idmap><features><privnet/></features>`];
  const first = await virsh.fromXml("create", containerXml({ name: "mapped", root: mapped, script, devices, more }));
  t.is(first.code, 0, first.stderr);
  const said = async () => readFile(join(mapped, "tmp/said"), "utf8").catch(() => "");
  await until("it has said all", async () => (await said()).includes("zero"));
  t.regex(await said(), /^ +0 +100000 +1000\n1400\n/, "its network is its own");
  t.regex(await said(), / tty1 -> console\n[\s\S]* tty2\n/);
  t.is((await stat(join(mapped, "tmp/said"))).uid, 100000);
  t.regex(await virsh.ok("lxc-enter-namespace", "mapped", "--noseclabel", "/bin/ls", "/tmp"), /^said/);

  const shares = ["sharenet", "shareipc", "shareuts"].map((each) => `<lxc:${each} type='name' value='mapped'/>`);
  const sharing = `<lxc:namespace>${shares.join("")}</lxc:namespace>`;
  const refused = await virsh.fromXml(
    "create",
    containerXml({ name: "sharer", root, more: sharing.replaceAll("'mapped'", "'nobody'") }),
  );
  t.regex(refused.stderr, /there is no running container 'nobody'/);
  const second = await virsh.fromXml("create", containerXml({ name: "sharer", root, more: sharing }));
  t.is(second.code, 0, second.stderr);
  const inits = await Promise.all(["mapped", "sharer"].map((name) => initOf(daemon, name)));
  const [theirs, ours] = await Promise.all(
    inits.map((init) => Promise.all(["net", "ipc", "uts"].map((kind) => readlink(`/proc/${init}/ns/${kind}`)))),
  );
  t.deepEqual(ours, theirs);
  for (const name of ["sharer", "mapped"]) await virsh.ok("destroy", name);
  t.deepEqual(await leftContainers(daemon.root), []);
});

testWith("containers that start by themselves do, whichever of them end at once", NEEDS, async (t) => {
  const { daemon, virsh, root } = await sharedHost(t);
  const names = ["stays-1", "ends-1", "stays-2", "ends-2"];
  for (const name of names) {
    const script = name.startsWith("ends") ? "exit 0" : undefined;
    await virsh.define(containerXml({ name, root, ...(script === undefined ? {} : { script }) }));
    await virsh.ok("autostart", name);
  }
  for (let round = 0; round < 2; round++) {
    await daemon.end("SIGTERM");
    await rm(join(daemon.root, "run/libvirt/lxc/autostarted"), { force: true });
    await daemon.start();
    await until(
      "those that stay run",
      async () => (await virsh.ok("list", "--name")).split("\n").sort().join() === "stays-1,stays-2",
    );
    for (const name of ["ends-1", "ends-2"])
      await until(`${name} has run`, async () => (await stateOf(virsh, name)) === "shut off (shutdown)");
    for (const name of ["stays-1", "stays-2"]) await virsh.ok("destroy", name);
  }
  t.pass();
});

/** What a driver does by itself; all cases, also over the wire and isolated, run with `npm run conformance -- lxc`. */
const GROUPS: readonly string[] = ["lifecycle", "bad input", "streams"];

testWith("the driver of containers conforms", NEEDS, async (t) => {
  t.timeout(10 * 60_000);
  const folder = await mkdtemp(join(tmpdir(), "lxc-kit-"));
  t.teardown(() => rm(folder, { recursive: true, force: true }));
  const subject = await direct({ driver: "lxc" }, folder);
  try {
    const only = ({ group }: { group: string }) => GROUPS.includes(group);
    const report = await judge(hypervisorKit, subject, { profile: await lxcProfile(folder), only });
    const failures = report.results.filter(({ outcome }) => outcome === "failed");
    t.deepEqual(
      failures.map(({ name, says }) => `${name}: ${says}`),
      [],
    );
    t.true(report.results.some(({ outcome }) => outcome === "passed"));
  } finally {
    await subject.close();
  }
});

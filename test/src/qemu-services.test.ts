import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import test, { type ExecutionContext } from "ava";
import { type Need, networkNamespaces, program, testWith } from "./harness/needs.js";
import { isRunning, until } from "./harness/processes.js";
import { tellMonitor } from "./harness/qmp.js";
import { OWNER, ownerOf, SERVICES, ServiceDaemon, servedXml, WORDS } from "./harness/service-daemon.js";
import { isWhole } from "./harness/whole.js";

const root: Need = { name: "only root may give files away", met: process.getuid?.() === 0, kind: "kernel" };
const PROGRAMS = ["virsh", "qemu-system-x86_64", "nsenter", "flock", "setpriv"];
const NEEDS = [...(await Promise.all(PROGRAMS.map(program))), await networkNamespaces(), root];

/** Where QEMU's driver and those who serve it run. */
const MODES: Readonly<Record<string, string>> = {
  "in process": "",
  isolated: `isolate = [ ${["qemu", ...SERVICES].map((name) => `"${name}"`).join(", ")} ]\n`,
};

const LAN = "<network><name>lan</name><bridge name='lan0'/></network>";
const ROOT = "0:0";
/** What waits for processes to come back, on a busy machine, in milliseconds. */
const SLOW = 90_000;

type Case = (t: ExecutionContext, daemon: ServiceDaemon) => Promise<void>;

/** Ways in which a guest ends. */
const ENDINGS: Readonly<Record<string, (daemon: ServiceDaemon, name: string) => Promise<unknown>>> = {
  destroyed: ({ virsh }, name) => virsh.ok("destroy", name),
  "its emulator is killed": async (daemon, name) => process.kill(await daemon.guestPid(name), "SIGKILL"),
  "its emulator is killed while no daemon runs": async (daemon, name) => {
    const pid = await daemon.guestPid(name);
    await daemon.end("SIGKILL");
    process.kill(pid, "SIGKILL");
    await until("the emulator is gone", async () => !(await isRunning(pid)));
    await daemon.start();
  },
};

/** Starts that fail, by the step: what the guest has that is wrong, and the complaint. */
const FAILURES: Readonly<Record<string, { readonly wrong: object; readonly complaint: RegExp }>> = {
  network: { wrong: { network: "nowhere" }, complaint: /Network not found: no network with matching name 'nowhere'/ },
  label: { wrong: { label: "nobody in particular" }, complaint: /invalid owner 'nobody in particular'/ },
  lease: { wrong: { lease: "taken" }, complaint: /resource busy: Lockspace resource 'taken' is locked/ },
  emulator: {
    wrong: { os: "<loader type='rom'>FIRMWARE</loader>" },
    complaint: /process exited while connecting to monitor/,
  },
};

const CASES: Readonly<Record<string, Case>> = {
  "what a guest says arrives in its log, between lines of its start and end": async (t, daemon) => {
    const disk = await daemon.makeDisk("talker");
    await daemon.virsh.define(servedXml("talker", { disk }));
    await daemon.virsh.ok("start", "talker");
    await until("the guest's words", async () => (await daemon.guestLog("talker")).includes(WORDS.trim()));
    await daemon.virsh.ok("destroy", "talker");
    t.regex(
      await daemon.guestLog("talker"),
      /: starting up polyvisor version[\s\S]*-name[\s\S]*the guest speaks[\s\S]*: shutting down, reason=destroyed/,
    );
  },

  "a disk is one guest's at a time": async (t, daemon) => {
    const disk = await daemon.makeDisk("only");
    for (const name of ["first", "second"]) await daemon.virsh.define(servedXml(name, { disk }));
    await daemon.virsh.ok("start", "first");
    const busy = `resource busy: Lockspace resource '${disk}' is locked`;
    t.true((await daemon.virsh.fails("start", "second")).endsWith(`error: ${busy}`));
    await daemon.virsh.ok("destroy", "first");
    await daemon.virsh.ok("start", "second");
    t.true((await daemon.virsh.fails("start", "first")).endsWith(`error: ${busy}`));
    await daemon.virsh.ok("destroy", "second");
  },

  "a guest that is paused has no leases, and runs again only with them": async (t, daemon) => {
    const { virsh } = daemon;
    for (const name of ["waiter", "taker"]) {
      await virsh.define(servedXml(name, { disk: await daemon.makeDisk(name), lease: "one" }));
    }
    await virsh.ok("start", "waiter", "--paused");
    await virsh.ok("start", "taker");
    const busy = /resource busy: Lockspace resource 'one' is locked/;
    t.regex(await virsh.fails("resume", "waiter"), busy);
    t.is(await virsh.ok("domstate", "waiter"), "paused");
    await virsh.ok("suspend", "taker");
    await virsh.ok("resume", "waiter");
    t.regex(await virsh.fails("resume", "taker"), busy);
    await daemon.end("SIGKILL");
    await daemon.start();
    t.regex(await virsh.fails("resume", "taker"), busy);
    await virsh.ok("destroy", "waiter");
    await virsh.ok("resume", "taker");
    await virsh.ok("destroy", "taker");
  },

  "a guest that stops while no daemon runs has no leases once one does": async (t, daemon) => {
    const { virsh } = daemon;
    for (const name of ["stopper", "next"]) {
      await virsh.define(servedXml(name, { disk: await daemon.makeDisk(name), lease: "left" }));
    }
    await virsh.ok("start", "stopper");
    const id = await virsh.ok("domid", "stopper");
    await daemon.end("SIGKILL");
    await tellMonitor(join(daemon.root, `var/lib/libvirt/qemu/domain-${id}-stopper/monitor.sock`), "stop");
    await daemon.start();
    await until("the lease is free", async () => (await virsh.run("start", "next")).code === 0, SLOW);
    t.is(await virsh.ok("domstate", "stopper"), "paused");
    for (const name of ["stopper", "next"]) await virsh.ok("destroy", name);
  },

  "a guest's files are its own while it runs, however it ends": async (t, daemon) => {
    const { virsh } = daemon;
    const disk = await daemon.makeDisk("owned");
    await virsh.define(servedXml("owned", { disk, network: "lan", lease: "owned" }));
    for (const [ending, end] of Object.entries(ENDINGS)) {
      await virsh.ok("start", "owned");
      t.is(await ownerOf(disk), OWNER, ending);
      const status = await readFile(`/proc/${await daemon.guestPid("owned")}/status`, "utf8");
      t.regex(status, /^Uid:\s+1234\s+1234\s+1234\s+1234\nGid:\s+1235\s/m, ending);
      t.regex(
        await virsh.ok("dominfo", "owned"),
        /Security model: +owner\n.*\nSecurity label: +\+1234:\+1235 \(enforcing\)/,
      );
      t.regex(await virsh.ok("dumpxml", "owned"), /<imagelabel>\+1234:\+1235<\/imagelabel>/, ending);
      await end(daemon, "owned");
      await until(`shut off: ${ending}`, async () => (await virsh.ok("domstate", "owned")) === "shut off", SLOW);
      t.is(await ownerOf(disk), ROOT, ending);
      t.deepEqual(await daemon.belongings(), [], ending);
    }
    t.notRegex(await virsh.ok("dumpxml", "owned"), /imagelabel/);
  },

  "a start that fails at any step leaves no label, no port and no lease": async (t, daemon) => {
    const { virsh } = daemon;
    const firmware = join(daemon.root, "firmware");
    await writeFile(firmware, "too short");
    const disk = await daemon.makeDisk("failing");
    await virsh.define(servedXml("holder", { disk: await daemon.makeDisk("holder"), lease: "taken" }));
    await virsh.ok("start", "holder");
    const before = await daemon.belongings();
    for (const [step, { wrong, complaint }] of Object.entries(FAILURES)) {
      const xml = servedXml("failing", { disk, network: "lan", lease: "free", ...wrong });
      await virsh.define(xml.replace("FIRMWARE", firmware));
      t.regex(await virsh.fails("start", "failing"), complaint, step);
      t.is(await virsh.ok("domstate", "failing"), "shut off", step);
      t.is(await ownerOf(disk), ROOT, step);
      t.is(await virsh.ok("net-port-list", "lan").then(portsIn), 0, step);
      t.deepEqual(await daemon.belongings(), before, step);
      await virsh.ok("undefine", "failing");
    }
    await virsh.define(servedXml("failing", { disk, network: "lan", lease: "free" }));
    await virsh.ok("start", "failing");
    for (const name of ["failing", "holder"]) await virsh.ok("destroy", name);
    t.deepEqual(await daemon.belongings(), []);
  },

  "what a start had been given when the daemon died goes back when the next one comes": async (t, daemon) => {
    const { virsh } = daemon;
    const disk = await daemon.makeDisk("begun");
    await virsh.define(servedXml("begun", { disk, network: "lan", lease: "begun" }));
    const ownersAreLocked = await daemon.lockOwners();
    const start = virsh.run("start", "begun");
    // The status file tells of the label before the security driver is asked to set it.
    await until("the start has a port", async () => portsIn(await virsh.ok("net-port-list", "lan")) === 1, SLOW);
    await daemon.end("SIGKILL");
    ownersAreLocked.end();
    t.not((await start).code, 0);
    await daemon.start();
    await until("the start is undone", async () => (await virsh.ok("domstate", "begun")) === "shut off", SLOW);
    t.is(await ownerOf(disk), ROOT);
    t.is(portsIn(await virsh.ok("net-port-list", "lan")), 0);
    t.deepEqual(await daemon.belongings(), []);
    await virsh.ok("start", "begun");
    t.is(await ownerOf(disk), OWNER);
    await virsh.ok("destroy", "begun");
  },

  "a card on a network has a port and is plugged into its bridge, until the guest ends": async (t, daemon) => {
    const { virsh } = daemon;
    await virsh.define(servedXml("plugged", { disk: await daemon.makeDisk("plugged"), network: "lan" }));
    await virsh.ok("net-destroy", "lan");
    t.regex(await virsh.fails("start", "plugged"), /network 'lan' is not active/);
    await virsh.ok("net-start", "lan");
    await virsh.ok("start", "plugged");
    const [, tap = ""] = /(vnet\d+) +network +lan /.exec(await virsh.ok("domiflist", "plugged")) ?? [];
    t.regex(await daemon.membersOf("lan0"), new RegExp(`^${tap} `, "m"));
    t.is(portsIn(await virsh.ok("net-port-list", "lan")), 1);
    await daemon.end("SIGKILL");
    await daemon.start();
    t.regex(await daemon.membersOf("lan0"), new RegExp(`^${tap} `, "m"));
    t.is(portsIn(await virsh.ok("net-port-list", "lan")), 1);
    await virsh.ok("destroy", "plugged");
    t.is(portsIn(await virsh.ok("net-port-list", "lan")), 0);
  },
};

/** What can happen to plugins only in processes of their own. */
const OF_PROCESSES: Readonly<Record<string, Case>> = {
  "whichever process is killed, the guest runs on and gets all that is its due": async (t, daemon) => {
    const { virsh } = daemon;
    const disk = await daemon.makeDisk("survivor");
    await virsh.define(servedXml("survivor", { disk, network: "lan", lease: "survivor" }));
    await virsh.ok("start", "survivor");
    const pid = await daemon.guestPid("survivor");
    for (const plugin of [...SERVICES, "qemu"]) {
      const name = `beside-${plugin}`;
      await virsh.define(servedXml(name, { disk: await daemon.makeDisk(name), network: "lan", lease: name }));
      process.kill(await daemon.pluginPid(plugin), "SIGKILL");
      // A call that is under way then, or comes before the process is missed, fails.
      await until(`a guest starts after ${plugin}`, async () => (await virsh.run("start", name)).code === 0, SLOW);
      t.is(await virsh.ok("domstate", "survivor"), "running", plugin);
      await virsh.ok("destroy", name);
    }
    t.is(await daemon.guestPid("survivor"), pid);
    t.true(await isRunning(pid));
    t.is(await ownerOf(disk), OWNER);
    t.is(portsIn(await virsh.ok("net-port-list", "lan")), 1);
    await virsh.ok("destroy", "survivor");
    t.is(await ownerOf(disk), ROOT);
    t.deepEqual(await daemon.belongings(), []);
    t.regex(await daemon.guestLog("survivor"), /shutting down, reason=destroyed/);
  },
};

/** What is tried of processes of their own each time: together it passes through all that plugins ask of each other. */
const ISOLATED: ReadonlySet<string> = new Set([
  "a guest's files are its own while it runs, however it ends",
  "what a start had been given when the daemon died goes back when the next one comes",
  ...Object.keys(OF_PROCESSES),
]);

/** Rows of the list. */
function portsIn(list: string): number {
  return list.split("\n").filter((line) => /^ *[\da-f]{8}-/.test(line)).length;
}

const daemons: ServiceDaemon[] = [];
test.after.always(() => Promise.all(daemons.map((daemon) => daemon.dispose())));

for (const [mode, config] of Object.entries(MODES)) {
  let made: Promise<ServiceDaemon> | undefined;
  const daemonOf = () => {
    made ??= start(config);
    return made;
  };
  const isIsolated = config !== "";
  const cases = isIsolated ? { ...CASES, ...OF_PROCESSES } : CASES;
  for (const [title, body] of Object.entries(cases)) {
    if (isIsolated && !isWhole && !ISOLATED.has(title)) continue;
    testWith(`${mode}: ${title}`, NEEDS, async (t) => body(t, await daemonOf()));
  }
}

async function start(config: string): Promise<ServiceDaemon> {
  const daemon = await ServiceDaemon.make(config);
  daemons.push(daemon);
  await daemon.start();
  await daemon.virsh.ok("net-define", await fileWith(daemon, LAN));
  await daemon.virsh.ok("net-start", "lan");
  return daemon;
}

async function fileWith(daemon: ServiceDaemon, xml: string): Promise<string> {
  const path = join(daemon.root, "network.xml");
  await writeFile(path, xml);
  return path;
}

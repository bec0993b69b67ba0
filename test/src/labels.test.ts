import { chmod, mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { silentLog } from "@polyvisor/core";
import { bootTime, LabelTransactions } from "@polyvisor/sdk/labels";
import { mayOpenSystemHost, openSystemHost, startSystemLibvirtd } from "@polyvisor/sdk/testkit";
import test from "ava";
import { FREE, LabelDaemon, labelledXml, ownershipOf, usedBy } from "./harness/label-daemon.js";
import { type Need, program, testWith } from "./harness/needs.js";
import { isRunning, until } from "./harness/processes.js";
import { StallingMount, stallingMounts } from "./harness/stalling-mount.js";
import { Virsh } from "./harness/virsh.js";

const root: Need = { name: "only root may give files away", met: process.getuid?.() === 0, kind: "kernel" };
const host: Need = { name: "the kernel gives no mount namespace", met: await mayOpenSystemHost(), kind: "kernel" };
const PROGRAMS = ["virsh", "qemu-system-x86_64", "qemu-img", "setpriv", "getfattr"];
const NEEDS = [...(await Promise.all(PROGRAMS.map(program))), root];

const STALLING = await stallingMounts();

/** What waits for processes to come back, on a busy machine, in milliseconds. */
const SLOW = 90_000;
const NOBODY = "65534:65534";
const STATIC = "<seclabel type='static' model='dac' relabel='yes'><label>nobody:nogroup</label></seclabel>";

let daemon: LabelDaemon;
test.before(async () => {
  if (!root.met) return;
  daemon = await LabelDaemon.make();
  await daemon.start();
});
test.after.always(() => daemon?.dispose());

/** Ways in which a guest ends. */
const ENDINGS: Readonly<Record<string, (name: string) => Promise<unknown>>> = {
  "is destroyed": (name) => daemon.virsh.ok("destroy", name),
  "loses its emulator": async (name) => process.kill(await daemon.guestPid(name), "SIGKILL"),
  "is destroyed by the next daemon": async (name) => {
    await daemon.end("SIGKILL");
    await daemon.start();
    await daemon.virsh.ok("destroy", name);
  },
  "loses its emulator while no daemon runs": async (name) => {
    const pid = await daemon.guestPid(name);
    await daemon.end("SIGKILL");
    process.kill(pid, "SIGKILL");
    await until("the emulator is gone", async () => !(await isRunning(pid)));
    await daemon.start();
  },
};

testWith("a guest is a user of its own who owns its files, however it ends", NEEDS, async (t) => {
  const [disk, kernel] = [await daemon.file("owned.img"), await daemon.file("kernel")];
  const devices = `<controller type='virtio-serial'/>
    <channel type='unix'><target type='virtio' name='org.qemu.guest_agent.0'/></channel>
    <serial type='unix'><source mode='bind' path='${join(daemon.images, "serial.sock")}'/></serial>`;
  const os = `<kernel>${kernel}</kernel>`;
  await daemon.virsh.define(labelledXml("owned", { disks: { [disk]: "" }, os, devices, seclabel: STATIC }));
  for (const [ending, end] of Object.entries(ENDINGS)) {
    await daemon.virsh.ok("start", "owned");
    t.deepEqual(await Promise.all([disk, kernel].map(ownershipOf)), [usedBy(NOBODY, 1), usedBy(NOBODY, 1)], ending);
    const status = await readFile(`/proc/${await daemon.guestPid("owned")}/status`, "utf8");
    t.regex(status, /^Uid:(\s+65534){4}\nGid:(\s+65534){4}\n/m, ending);
    t.regex(status, /^Groups:\s+65534 *$/m, ending);
    await end("owned");
    await until(`it ${ending}`, async () => (await daemon.virsh.ok("domstate", "owned")) === "shut off", SLOW);
    t.deepEqual(await Promise.all([disk, kernel].map(ownershipOf)), [FREE, FREE], ending);
    t.deepEqual(await daemon.belongings(), [], ending);
  }
});

/** Starts that fail, by what is wrong with the guest. */
const FAILURES: Readonly<Record<string, { readonly wrong: object; readonly complaint: RegExp }>> = {
  "no user": {
    wrong: { seclabel: STATIC.replace("nobody:", "nobody at all:") },
    complaint: /invalid argument: Failed to parse user 'nobody at all'/,
  },
  "a file that somebody else uses": {
    wrong: { os: "<kernel>BUSY</kernel>", seclabel: STATIC },
    complaint: /Setting different DAC user or group on .*busy which is already in use/,
  },
  "a disk that is not labelled": {
    wrong: { inside: "<seclabel model='dac' relabel='no'/>", seclabel: STATIC },
    complaint: /Could not open '.*failing.img': Permission denied/,
  },
  "an emulator that ends": {
    wrong: { os: "<loader type='rom'>SHORT</loader>" },
    complaint: /process exited while connecting to monitor/,
  },
};

testWith("a start that fails at any step leaves every file to whom it belonged", NEEDS, async (t) => {
  const { virsh } = daemon;
  const [disk, busy] = [await daemon.file("failing.img"), await daemon.file("busy")];
  await virsh.define(labelledXml("holder", { disks: {}, os: `<kernel>${busy}</kernel>` }));
  await virsh.ok("start", "holder");
  const firmware = join(daemon.images, "firmware");
  await writeFile(firmware, "too short");
  const before = await Promise.all([disk, busy].map(ownershipOf));
  const belongings = await daemon.belongings();
  for (const [reason, { wrong, complaint }] of Object.entries(FAILURES)) {
    const { inside = "", os = "", seclabel = "" } = wrong as Record<string, string>;
    const guest = { disks: { [disk]: inside }, os: os.replace("BUSY", busy).replace("SHORT", firmware), seclabel };
    await virsh.define(labelledXml("failing", guest));
    t.regex(await virsh.fails("start", "failing"), complaint, reason);
    t.deepEqual(await Promise.all([disk, busy].map(ownershipOf)), before, reason);
    t.deepEqual(await daemon.belongings(), belongings, reason);
    await virsh.ok("undefine", "failing");
  }
  await virsh.ok("destroy", "holder");
  t.is(await ownershipOf(busy), FREE);
});

testWith("guests that share a base image are counted", NEEDS, async (t) => {
  const { virsh } = daemon;
  const base = await daemon.file("base.img");
  const names = ["left", "right"];
  for (const name of names) {
    const top = await daemon.overlay(`${name}.qcow2`, base);
    await virsh.define(labelledXml(name, { disks: { [top]: "" }, format: "qcow2", seclabel: STATIC }));
    await virsh.ok("start", name);
  }
  t.is(await ownershipOf(base), usedBy(NOBODY, 2));
  await virsh.ok("destroy", "left");
  t.is(await ownershipOf(base), usedBy(NOBODY, 1));
  await virsh.ok("destroy", "right");
  t.is(await ownershipOf(base), FREE);
});

testWith("a device may have a label of its own, or none; a guest that wants none is not root", NEEDS, async (t) => {
  const { virsh } = daemon;
  const [own, none, plain] = await Promise.all(["own.img", "none.img", "plain.img"].map((name) => daemon.file(name)));
  if (own === undefined || none === undefined || plain === undefined) return t.fail();
  await chmod(none, 0o666);
  const disks = {
    [own]: "<seclabel model='dac' relabel='yes'><label>+65534:+7</label></seclabel>",
    [none]: "<seclabel model='dac' relabel='no'/>",
    [plain]: "",
  };
  await virsh.define(labelledXml("choosy", { disks, seclabel: STATIC }));
  await virsh.ok("start", "choosy");
  t.deepEqual(await Promise.all([own, none, plain].map(ownershipOf)), [usedBy("65534:7", 1), FREE, usedBy(NOBODY, 1)]);
  await virsh.ok("destroy", "choosy");
  await virsh.define(labelledXml("plain", { disks: { [none]: "" }, seclabel: "<seclabel type='none' model='dac'/>" }));
  await virsh.ok("start", "plain");
  t.is(await ownershipOf(none), FREE);
  t.notRegex(await readFile(`/proc/${await daemon.guestPid("plain")}/status`, "utf8"), /^Uid:\s+0/m);
  t.regex(await virsh.ok("dumpxml", "plain"), /<seclabel type='none' model='dac'\/>/);
  await virsh.ok("destroy", "plain");
  t.deepEqual(await Promise.all([own, none, plain].map(ownershipOf)), [FREE, FREE, FREE]);
});

testWith(
  "libvirtd and we put back what the other has labelled, and show guests the same",
  [...NEEDS, host],
  async (t) => {
    const place = await openSystemHost();
    t.teardown(() => place.close());
    // Both must agree when the host was started, which this one has no record of.
    await writeFile(place.path("/run/utmp"), bootRecord(await bootTime()));
    const libvirtd = await startSystemLibvirtd({ host: place });
    t.teardown(() => libvirtd.stop());
    const theirs = new Virsh(`qemu+unix:///system?socket=${libvirtd.socket}`);
    const managers = { ours: daemon.virsh, ours2: daemon.virsh, theirs, theirs2: theirs };
    const kernel = await daemon.file("shared-kernel");
    const disks = new Map<string, string>();
    for (const [name, virsh] of Object.entries(managers)) {
      const disk = await daemon.file(`${name}.img`);
      disks.set(name, disk);
      await virsh.define(labelledXml(name, { disks: { [disk]: "" }, os: `<kernel>${kernel}</kernel>` }));
    }
    const start = (name: keyof typeof managers) => managers[name].ok("start", name);
    const stop = (name: keyof typeof managers) => managers[name].ok("destroy", name);
    await start("ours");
    const user = (await ownershipOf(kernel)).split(" ")[0] ?? "";
    const count = async (expected: number) =>
      t.is(await ownershipOf(kernel), expected === 0 ? FREE : usedBy(user, expected));
    await start("theirs");
    await count(2);
    t.is(await seclabelOf(daemon.virsh, "ours"), await seclabelOf(theirs, "theirs"));
    await stop("ours");
    await count(1);
    await start("ours2");
    await start("theirs2");
    await count(3);
    for (const name of ["theirs", "ours2"] as const) await stop(name);
    await count(1);
    await start("ours");
    await stop("theirs2");
    await count(1);
    await stop("ours");
    await count(0);
    await theirs.define(labelledXml("next", { disks: { [disks.get("ours") ?? ""]: "" } }));
    await theirs.ok("start", "next");
    await theirs.ok("destroy", "next");
    for (const disk of disks.values()) t.is(await ownershipOf(disk), FREE);
  },
);

testWith("a file that hangs fails its call alone, which leaves nothing behind", [...NEEDS, ...STALLING], async (t) => {
  const folder = join(daemon.images, "served");
  await mkdir(folder);
  await writeFile(join(folder, "slow"), "x");
  const mount = await StallingMount.make(folder);
  t.teardown(() => mount.remove());
  const [near, other] = [await daemon.file("near"), await daemon.file("other")];
  const common = { model: "dac", folder: join(daemon.root, "journals"), log: silentLog } as const;
  const labels = new LabelTransactions(common);
  const impatient = new LabelTransactions({ ...common, limits: { file: 3000 } });
  const item = (path: string) => ({
    path,
    label: "+7:+8",
    remember: true,
    shared: false,
    own: false,
    optional: false,
  });
  const slow = join(mount.path, "slow");
  await mount.tell("stall");
  const hangs = impatient.set("hangs", [item(near), item(slow)]);
  await labels.set("goes", [item(other)]);
  t.is(await ownershipOf(other), usedBy("7:8", 1));
  const error = await t.throwsAsync(hangs, { code: "OPERATION_TIMEOUT" });
  t.true(error?.message.includes(`the label of '${slow}' cannot be changed within 3 s`), error?.message);
  await mount.tell("resume");
  await labels.restore("goes");
  t.deepEqual(await Promise.all([near, other].map(ownershipOf)), [FREE, FREE]);
  t.deepEqual(await readdir(join(daemon.root, "journals")), []);
});

/** A record of login, as hosts write it when they start. */
function bootRecord(seconds: number): Buffer {
  const record = Buffer.alloc(384);
  record.writeInt16LE(2, 0);
  record.writeInt32LE(seconds, 340);
  return record;
}

async function seclabelOf(virsh: Virsh, name: string): Promise<string> {
  const shown = /<seclabel[\s\S]*<\/seclabel>/.exec(await virsh.ok("dumpxml", name))?.[0];
  const model = /<model>dac[\s\S]*?<\/secmodel>/.exec(await virsh.ok("capabilities"))?.[0];
  return `${shown} ${model}`;
}

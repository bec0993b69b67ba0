// Runs in the guest of scripts/rig-lsm.mjs, as root on a kernel with AppArmor: tries what confined processes may do.
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createConnection } from "node:net";
import { createInterface } from "node:readline";
import { setTimeout as delay } from "node:timers/promises";
import "reflect-metadata";
import { rootPaths } from "../core/dist/index.js";
import { ApparmorDriver } from "../plugins/security-apparmor/dist/driver.js";
import { target } from "../sdk/dist/labels/index.js";
import { check, expect, sum } from "./checks.mjs";

const IMAGES = "/srv/images";
const PROFILES = "/sys/kernel/security/apparmor/profiles";
/** Stands for an emulator that a guest has taken over: it does what it is told. */
const SHELL = "/usr/bin/busybox";

const paths = rootPaths("/");
const driver = new ApparmorDriver({ mode: "system", paths }, { profile_dir: "", emulators: [SHELL] });
function image(name, text = `the secret of ${name}`) {
  writeFileSync(`${IMAGES}/${name}`, text);
  return `${IMAGES}/${name}`;
}

async function newGuest(digit) {
  const uuid = `${String(digit).repeat(8)}-3b1f-42e7-8462-cb4af457bda7`;
  const labels = await driver.generateLabel({ uuid, name: `g${digit}`, domainType: "qemu", wanted: "", fixed: false });
  return { uuid, name: `g${digit}`, ...labels, relabel: true };
}

/** What a program says that runs as the guest's emulator would. */
async function confined(guest, words, before = []) {
  const { argv } = await driver.guestWrapper({ guest });
  const [program, ...args] = [...before, ...argv, ...words];
  const { status, stdout, stderr } = spawnSync(program, args, { encoding: "utf8" });
  return { status, stdout, stderr };
}

const cat = (guest, path, before) => confined(guest, [SHELL, "cat", path], before);
const write = (guest, path) => confined(guest, [SHELL, "sh", "-c", 'echo more >> "$1"', "sh", path]);

async function refused(answer) {
  const { status, stdout, stderr } = await answer;
  expect([status === 0, stdout, /Permission denied|can't create/.test(stderr)], [false, "", true]);
}

async function read(answer, text) {
  const { stdout, stderr } = await answer;
  expect([stdout, stderr], [text, ""]);
}

/** A QMP session over the emulator's socket. */
async function monitor(path) {
  for (let tries = 0; !existsSync(path) && tries < 600; tries++) await delay(100);
  const socket = createConnection(path);
  const lines = createInterface({ input: socket })[Symbol.asyncIterator]();
  const next = async () => JSON.parse((await lines.next()).value);
  const ask = async (execute, words = {}) => {
    socket.write(`${JSON.stringify({ execute, arguments: words })}\n`);
    for (;;) {
      const answer = await next();
      if ("return" in answer || "error" in answer) return answer;
    }
  };
  await next();
  await ask("qmp_capabilities");
  return ask;
}

mkdirSync(IMAGES, { recursive: true });
mkdirSync("/etc/apparmor.d/libvirt", { recursive: true });
const [one, two] = [image("one.img"), image("two.img")];
const [base, glob, near] = [image("base.img"), image("g*[a-z]{x,y}.img"), image("gXax.img")];
const [a, b] = [await newGuest(1), await newGuest(2)];

await check("the host is one that the plugin serves", async () => expect((await driver.probe()).usable, true));

await check("profiles are loaded and enforced", async () => {
  await driver.setLabels({
    guest: a,
    targets: [target("image", one), target("backing", base, { readOnly: true }), target("image", glob)],
  });
  await driver.setLabels({ guest: b, targets: [target("image", two)] });
  const list = readFileSync(PROFILES, "utf8").trim().split("\n").sort();
  expect(list, [`${a.label} (enforce)`, `${b.label} (enforce)`]);
});

await check("a guest reads its own disk", () => read(cat(a, one), "the secret of one.img"));
await check("a guest is refused another guest's disk", () => refused(cat(a, two)));
await check("and the other one's is refused to that", () => refused(cat(b, one)));
await check("a guest reads what its image is based on, and cannot write it", async () => {
  await read(cat(a, base), "the secret of base.img");
  await refused(write(a, base));
});
await check("a guest writes its own disk", async () => {
  await write(a, one);
  await read(cat(a, one), "the secret of one.imgmore\n");
  writeFileSync(one, "the secret of one.img");
});
await check("a name with wildcards opens its own file alone", async () => {
  await read(cat(a, glob), "the secret of g*[a-z]{x,y}.img");
  await refused(cat(a, near));
});
await check("a guest is refused the host's secrets", async () => {
  writeFileSync("/etc/shadow", "root:secret");
  await refused(cat(a, "/etc/shadow"));
  await refused(cat(a, "/proc/1/environ"));
});
await check("a guest cannot signal what is not its own", async () => {
  const { status } = await confined(a, [SHELL, "kill", "-TERM", String(process.pid)]);
  expect(status === 0, false);
});

await check("a disk that is plugged in is reached then, and not before or after", async () => {
  const disk = image("plugged.img");
  await refused(cat(a, disk));
  await driver.setLabels({ guest: a, targets: [target("image", disk)] });
  await read(cat(a, disk), "the secret of plugged.img");
  await driver.restoreLabels({ guest: a, targets: [target("image", disk)] });
  await refused(cat(a, disk));
  await read(cat(a, one), "the secret of one.img");
});

await check("without a way to new privileges, as another user, it works all the same", async () => {
  const words = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "--no-new-privs", "--"];
  await read(cat(a, one, words), "the secret of one.img");
  await refused(cat(a, two, words));
});

await check("QEMU runs under its profile, tells it, and cannot open another guest's disk", async () => {
  const folder = "/run/libvirt/qemu/domain-1-g1";
  mkdirSync(folder, { recursive: true });
  await driver.setLabels({ guest: a, targets: [target("folder", folder, { own: true })] });
  const { argv } = await driver.guestWrapper({ guest: a });
  const words = ["-machine", "pc,accel=tcg", "-m", "32", "-nodefaults", "-display", "none", "-S", "-sandbox", "on"];
  const disk = ["-drive", `file=${one},format=raw,if=virtio`, "-qmp", `unix:${folder}/monitor.sock,server=on,wait=off`];
  const [program, ...args] = [...argv, "qemu-system-x86_64", ...words, ...disk];
  const emulator = spawn(program, args, { stdio: ["ignore", "inherit", "inherit"] });
  const ask = await monitor(`${folder}/monitor.sock`);
  expect(driver.processLabel({ pid: emulator.pid }), { label: a.label, enforcing: 1 });
  const open = (filename, name) => ask("blockdev-add", { driver: "file", "node-name": name, filename });
  expect("return" in (await open(glob, "own")), true);
  const { error } = await open(two, "other");
  expect(/Permission denied/.test(error?.desc), true);
  const gone = once(emulator, "exit");
  await ask("quit");
  await gone;
});

await check("a profile that nothing uses any more is unloaded, and nothing starts under it", async () => {
  const { argv } = await driver.guestWrapper({ guest: a });
  await driver.restoreLabels({ guest: a, targets: [target("image", one), target("image", glob)] });
  await driver.releaseLabel({ guest: a });
  expect(readFileSync(PROFILES, "utf8"), `${b.label} (enforce)\n`);
  expect(existsSync(`/etc/apparmor.d/libvirt/${a.label}`), false);
  const [program, ...args] = [...argv, SHELL, "echo", "it runs"];
  const { status, stdout, stderr } = spawnSync(program, args, { encoding: "utf8" });
  expect([status, stdout, stderr.startsWith("polyvisor: INTERNAL_ERROR: ")], [1, "", false]);
  expect(stderr.includes("polyvisor: INTERNAL_ERROR: error calling aa_change_profile()"), true);
  await driver.releaseLabel({ guest: b });
});

sum();

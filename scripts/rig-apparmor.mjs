#!/usr/bin/env node
// Shows AppArmor confining guests for real, on a kernel that has it: boots Debian's cloud kernel under QEMU with a small system
// of this machine's own programs, in which the plugin loads profiles and starts confined processes, QEMU among them. What is
// tried there: scripts/rig-apparmor/inside.mjs. Asked for by `npm run rig:apparmor`; takes a minute or two.
import { spawn } from "node:child_process";
import { appendFile, chmod, cp, mkdir, mkdtemp, readFile, realpath, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { guestFolder, makeGuest } from "./guest.mjs";
import { output } from "./lib/run.mjs";

const root = join(import.meta.dirname, "..");
const DEADLINE = 600_000;

/** By their names on this machine, each with the libraries that it needs. */
const PROGRAMS = ["node", "qemu-system-x86_64", "apparmor_parser", "setpriv", "sh", "busybox", "realpath"];
/** As they are. */
const FILES = [
  "/etc/apparmor.d/abi",
  "/etc/apparmor.d/abstractions",
  "/etc/apparmor.d/tunables",
  "/etc/apparmor",
  "/usr/share/apparmor-features",
  "/usr/share/seabios",
  "/usr/share/qemu",
];
const PACKAGES = ["core", "sdk", "plugins/security-apparmor"];
const MODULES = [
  ...["reflect-metadata", "semver", "ajv", "fast-uri", "fast-deep-equal", "json-schema-traverse"],
  ...["require-from-string", "tsyringe", "tslib"],
];

/** In the order of their needs; from the guest of the tests. */
const DRIVERS = ["virtio_ring", "virtio", "virtio_pci_modern_dev", "virtio_pci_legacy_dev", "virtio_pci", "virtio_blk"];

const INITRD = `#!/bin/busybox sh
/bin/busybox mount -t devtmpfs dev /dev
for name in ${DRIVERS.join(" ")}; do /bin/busybox insmod /lib/modules/$name.ko; done
until /bin/busybox mount -t ext4 /dev/vda /mnt 2>/dev/null; do /bin/busybox sleep 0.1; done
exec /bin/busybox switch_root /mnt /rig/init
`;
const INIT = `#!/bin/sh
export PATH=/usr/sbin:/usr/bin
busybox mount -t proc proc /proc
busybox mount -t sysfs sys /sys
busybox mount -t securityfs securityfs /sys/kernel/security
busybox mount -t devtmpfs dev /dev
busybox mount -t tmpfs tmp /tmp
busybox mount -t tmpfs run /run
node /polyvisor/rig/inside.mjs
busybox poweroff -f
`;

async function buildTree(tree) {
  for (const folder of [
    "dev",
    "proc",
    "sys",
    "tmp",
    "run",
    "rig",
    "usr/bin",
    "usr/sbin",
    "usr/lib",
    "usr/lib64",
    "var/log",
  ]) {
    await mkdir(join(tree, folder), { recursive: true });
  }
  for (const name of ["bin", "sbin", "lib", "lib64"]) await output("ln", ["-s", `usr/${name}`, join(tree, name)]);
  for (const name of PROGRAMS) {
    const path = (await output("sh", ["-c", 'command -v "$1"', "sh", name])).trim();
    await take(path, tree);
    const libraries = await output("ldd", [path]).catch(() => "");
    for (const [library] of libraries.matchAll(/\/\S+/g)) await take(library.replace(/:$/, ""), tree);
  }
  for (const path of await emulatorModules()) await take(path, tree);
  for (const path of FILES) await cp(path, join(tree, path), { recursive: true, dereference: true });
  const home = join(tree, "polyvisor");
  for (const name of PACKAGES) {
    for (const part of ["package.json", "dist"])
      await cp(join(root, name, part), join(home, name, part), { recursive: true });
  }
  for (const name of MODULES) {
    await cp(join(root, "node_modules", name), join(home, "node_modules", name), { recursive: true });
  }
  await mkdir(join(home, "node_modules/@polyvisor"), { recursive: true });
  for (const name of ["core", "sdk"])
    await output("ln", ["-s", `../../${name}`, join(home, "node_modules/@polyvisor", name)]);
  await cp(join(import.meta.dirname, "rig-apparmor"), join(home, "rig"), { recursive: true });
  await executable(join(tree, "rig/init"), INIT);
}

/** What Debian's QEMU loads to run a guest without KVM. */
async function emulatorModules() {
  const found = await output("sh", ["-c", "ls /usr/lib/*/qemu/accel-tcg-*.so 2>/dev/null || :"]);
  return found.split("\n").filter((path) => path !== "");
}

/** A file of this machine in its own place, under each of its names. */
async function take(path, tree) {
  const real = await realpath(path);
  const folder = join(tree, await realpath(dirname(path)));
  await mkdir(folder, { recursive: true });
  await cp(real, join(folder, basename(path)), { dereference: true, force: true });
}

async function executable(path, text) {
  await writeFile(path, text);
  await chmod(path, 0o755);
}

/** The tests' guest with another first program: of two archives the later one counts. */
async function buildInitrd(work) {
  const target = join(work, "initrd");
  await cp(join(guestFolder, "initrd"), target);
  await mkdir(join(work, "first"));
  await executable(join(work, "first/init"), INITRD);
  await output("sh", ["-c", 'echo init | cpio -o -H newc --quiet | gzip > "$1"', "sh", join(work, "init.gz")], {
    cwd: join(work, "first"),
  });
  await appendFile(target, await readFile(join(work, "init.gz")));
  return target;
}

/** Resolves with what the guest has said. */
function boot(initrd, disk) {
  const words = [
    ...["-machine", "pc,accel=tcg", "-cpu", "max", "-smp", "2", "-m", "1024", "-nodefaults", "-display", "none"],
    ...["-kernel", join(guestFolder, "vmlinuz"), "-initrd", initrd],
    ...["-append", "console=ttyS0 quiet loglevel=3 apparmor=1 security=apparmor panic=-1"],
    ...["-drive", `file=${disk},format=raw,if=virtio,snapshot=on`, "-serial", "stdio", "-no-reboot"],
  ];
  return new Promise((resolve, reject) => {
    const child = spawn("qemu-system-x86_64", words, { stdio: ["ignore", "pipe", "inherit"] });
    const timer = setTimeout(() => child.kill("SIGKILL"), DEADLINE);
    let said = "";
    child.stdout.setEncoding("utf8").on("data", (text) => {
      said += text;
      process.stdout.write(text.replaceAll("\r", ""));
    });
    child.once("error", reject);
    child.once("close", () => {
      clearTimeout(timer);
      resolve(said);
    });
  });
}

const work = await mkdtemp(join(tmpdir(), "polyvisor-rig-"));
try {
  await makeGuest();
  const tree = join(work, "tree");
  await buildTree(tree);
  const disk = join(work, "disk.ext4");
  await output("mke2fs", ["-q", "-t", "ext4", "-O", "^has_journal", "-d", tree, disk, "600M"]);
  const said = await boot(await buildInitrd(work), disk);
  const [, passed, failed] = /(\d+) passed, (\d+) failed/.exec(said) ?? [];
  if (passed === undefined) console.error("the guest did not come to its end");
  process.exitCode = passed !== undefined && failed === "0" ? 0 : 1;
} finally {
  await rm(work, { recursive: true, force: true });
}

#!/usr/bin/env node
// Shows guests confined for real, on a kernel that does it: boots Debian's cloud kernel under QEMU with a small system of this
// machine's own programs, in which the plugins label and start what may do no more than it should; what is tried there stands
// in scripts/rig-lsm/. Asked for by `npm run rig:apparmor` and `npm run rig:selinux`; takes some minutes.
import { spawn } from "node:child_process";
import { appendFile, chmod, cp, mkdir, mkdtemp, readdir, readFile, realpath, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { guestFolder, makeGuest } from "./guest.mjs";
import { updateLists } from "./lib/debian.mjs";
import { output } from "./lib/run.mjs";
import { CONTEXTS, POLICY } from "./rig-lsm/selinux-policy.mjs";

const root = join(import.meta.dirname, "..");
const DEADLINE = 1_200_000;
const APPARMOR = {
  kernel: "apparmor=1 security=apparmor",
  programs: ["node", "qemu-system-x86_64", "qemu-img", "busybox", "virsh", "getent"],
  tools: ["apparmor", "coreutils", "dash", "grep", "mount", "sed", "util-linux"],
  files: [
    "/etc/apparmor.d/abi",
    "/etc/apparmor.d/abstractions",
    "/etc/apparmor.d/tunables",
    "/etc/apparmor",
    "/usr/share/apparmor-features",
    "/etc/passwd",
    "/etc/group",
    "/etc/nsswitch.conf",
    "/usr/share/seabios",
    "/usr/share/qemu",
  ],
  first: "busybox mount -t securityfs securityfs /sys/kernel/security",
  parts: ["apparmor-plugin", "apparmor-daemon"],
  prepare: async () => {},
};

const SELINUX = {
  kernel: "selinux=1 security=selinux enforcing=0",
  programs: ["node", "busybox", "getfattr"],
  tools: ["coreutils", "dash", "grep", "mount", "util-linux"],
  files: ["/etc/passwd", "/etc/group"],
  first: `busybox mount -t selinuxfs selinuxfs /sys/fs/selinux
cat /etc/selinux/rig/policy > /sys/fs/selinux/load
echo 1 > /sys/fs/selinux/enforce`,
  parts: ["selinux-plugin"],
  prepare: putPolicy,
};

/** What each of them needs: `programs` by their names on this machine, Debian's packages of `tools`, and files as they are. */
const RIGS = { apparmor: APPARMOR, selinux: SELINUX };

/** Of node_modules, what only the development of this tree needs. */
const NOT_NEEDED = new Set([
  "@biomejs",
  "@typescript",
  "@changesets",
  "prettier",
  "ts-json-schema-generator",
  "typescript",
]);

/** In the order of their needs; from the guest of the tests. */
const DRIVERS = ["virtio_ring", "virtio", "virtio_pci_modern_dev", "virtio_pci_legacy_dev", "virtio_pci", "virtio_blk"];

const INITRD = `#!/bin/busybox sh
/bin/busybox mount -t devtmpfs dev /dev
for name in ${DRIVERS.join(" ")}; do /bin/busybox insmod /lib/modules/$name.ko; done
until /bin/busybox mount -t ext4 /dev/vda /mnt 2>/dev/null; do /bin/busybox sleep 0.1; done
exec /bin/busybox switch_root /mnt /rig/init
`;
const init = ({ first, parts }) => `#!/bin/sh
export PATH=/usr/sbin:/usr/bin
busybox mount -t proc proc /proc
busybox mount -t sysfs sys /sys
busybox mount -t devtmpfs dev /dev
busybox mount -t tmpfs tmp /tmp
busybox mount -t tmpfs run /run
busybox mount -t cgroup2 cgroup /sys/fs/cgroup
mkdir /dev/shm /dev/pts
busybox mount -t devpts pts /dev/pts
busybox mount -t tmpfs shm /dev/shm
busybox ip link set lo up
ulimit -l unlimited
${first}
${parts.map((name) => `node /polyvisor/rig/${name}.mjs`).join("\n")}
busybox poweroff -f
`;

async function buildTree(tree, rig) {
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
  for (const path of await findPrograms(rig)) {
    await take(path, tree);
    const libraries = await output("ldd", [path]).catch(() => "");
    for (const [library] of libraries.matchAll(/\/\S+/g)) await take(library.replace(/:$/, ""), tree);
  }
  for (const path of await emulatorModules()) await take(path, tree);
  for (const path of rig.files) await cp(path, join(tree, path), { recursive: true, dereference: true });
  const home = join(tree, "polyvisor");
  const isNeeded = (path) => !/\/(src|fixtures|node_modules)$|\.(test\.js|map|d\.ts)$/.test(path);
  for (const name of ["core", "sdk", "daemon", "plugins"]) {
    await cp(join(root, name), join(home, name), { recursive: true, filter: isNeeded });
  }
  await mkdir(join(home, "node_modules"));
  const modules = await readdir(join(root, "node_modules"));
  for (const name of modules.filter((each) => !each.startsWith(".") && !NOT_NEEDED.has(each))) {
    const options = { recursive: true, verbatimSymlinks: true };
    await cp(join(root, "node_modules", name), join(home, "node_modules", name), options);
  }
  await cp(join(import.meta.dirname, "rig-lsm"), join(home, "rig"), { recursive: true });
  await rig.prepare(tree);
  await executable(join(tree, "rig/init"), init(rig));
}

/** Paths of programs; a name that leads nowhere here is left out. */
async function findPrograms({ programs, tools }) {
  const named = await Promise.all(programs.map((name) => output("sh", ["-c", 'command -v "$1"', "sh", name])));
  const listed = await output("dpkg", ["-L", ...tools]);
  const found = [...named.join("").split("\n"), ...listed.split("\n")].filter((path) => /\/s?bin\/[^/]+$/.test(path));
  const there = await Promise.all(found.map((path) => realpath(path).catch(() => undefined)));
  return [...new Set(found.filter((_, index) => there[index] !== undefined))];
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
function boot(initrd, disk, rig) {
  const words = [
    ...["-machine", "pc,accel=tcg", "-cpu", "max", "-smp", "2", "-m", "2048", "-nodefaults", "-display", "none"],
    ...["-kernel", join(guestFolder, "vmlinuz"), "-initrd", initrd],
    ...["-append", `console=ttyS0 quiet loglevel=3 panic=-1 ${rig.kernel}`],
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

/** Compiles the rig's policy. Its compiler is unpacked, never installed. */
async function putPolicy(tree) {
  const work = await mkdtemp(join(tmpdir(), "polyvisor-policy-"));
  try {
    await output("apt-get", ["download", "-q", "-o", "APT::Sandbox::User=root", "secilc"], { cwd: work });
    const deb = (await readdir(work)).find((file) => file.endsWith(".deb"));
    await output("dpkg", ["-x", join(work, deb), work]);
    await writeFile(join(work, "policy.cil"), POLICY);
    const folder = join(tree, "etc/selinux/rig");
    await mkdir(join(folder, "contexts"), { recursive: true });
    const words = ["-M", "true", "-c", "33", "-o", join(folder, "policy"), "-f", "/dev/null", join(work, "policy.cil")];
    await output(join(work, "usr/bin/secilc"), words);
    for (const [name, text] of Object.entries(CONTEXTS)) await writeFile(join(folder, "contexts", name), text);
    await writeFile(join(tree, "etc/selinux/config"), "SELINUX=enforcing\nSELINUXTYPE=rig\n");
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

const rig = RIGS[process.argv[2]];
if (rig === undefined) throw new Error(`usage: rig-lsm.mjs ${Object.keys(RIGS).join("|")}`);
const work = await mkdtemp(join(tmpdir(), "polyvisor-rig-"));
try {
  await updateLists();
  await makeGuest();
  const tree = join(work, "tree");
  await buildTree(tree, rig);
  const disk = join(work, "disk.ext4");
  await output("mke2fs", ["-q", "-t", "ext4", "-O", "^has_journal", "-d", tree, disk, "1200M"]);
  const said = await boot(await buildInitrd(work), disk, rig);
  const sums = [...said.matchAll(/(\d+) passed, (\d+) failed/g)];
  if (sums.length < rig.parts.length) console.error("the guest did not come to its end");
  process.exitCode = sums.length === rig.parts.length && sums.every(([, , failed]) => failed === "0") ? 0 : 1;
} finally {
  await rm(work, { recursive: true, force: true });
}

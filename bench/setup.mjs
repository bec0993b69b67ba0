// What a run stands on: packages, modules, the build, the compiled clients.
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { install, isDebian, missingPackages } from "../scripts/lib/debian.mjs";
import { output, run } from "../scripts/lib/run.mjs";

/** The project's folder. */
export const PROJECT = new URL("..", import.meta.url).pathname;

const CLIENTS = new URL("clients/", import.meta.url).pathname;
const DATA = new URL("data/", import.meta.url).pathname;
const BINARIES = join(PROJECT, ".cache/bench/bin");

/** One a line in what `apt-get` is told: the compiler, libvirtd with its QEMU driver and library, the emulator, setpriv. */
const PACKAGES = [
  "gcc",
  "libc6-dev",
  "libvirt-dev",
  "libvirt-daemon",
  "libvirt-daemon-driver-qemu",
  "libvirt-clients",
  "qemu-system-x86",
  "util-linux",
];

/** Each program, from which sources, against which libraries. */
const PROGRAMS = [
  {
    name: "vbench",
    sources: ["vbench", "calls", "domains", "definitions", "events", "qemu"],
    libraries: ["-lvirt", "-lpthread"],
  },
  { name: "rawbench", sources: ["rawbench"], libraries: ["-lpthread"] },
  { name: "qfloor", sources: ["qfloor"], libraries: [] },
  { name: "reaper", sources: ["reaper"], libraries: [] },
];

/** Guests that are started, by the name of their machine type. */
export const MACHINES = ["q35", "pc"];

/** Installs what is missing where we may; elsewhere the first program that is not there names itself. */
export async function bringPackages() {
  if (!(await isDebian())) return;
  const missing = await missingPackages(PACKAGES);
  if (missing.length === 0) return;
  if (process.getuid() !== 0) throw new Error(`needs these packages, and only root may install: ${missing.join(" ")}`);
  console.log(`installing ${missing.join(" ")}`);
  await install(missing);
}

export async function build() {
  const installed = await stat(join(PROJECT, "node_modules")).catch(() => undefined);
  for (const command of installed === undefined ? ["ci", "run build"] : ["run build"]) {
    const { code } = await run("npm", [...command.split(" "), "--silent"], { cwd: PROJECT });
    if (code !== 0) throw new Error(`npm ${command}: exit code ${code}`);
  }
}

/** Compiles what is older than its sources. Returns the path of each program by its name. */
export async function compileClients() {
  await mkdir(BINARIES, { recursive: true });
  const newest = Math.max(
    ...(await Promise.all((await readdir(CLIENTS)).map((name) => modified(join(CLIENTS, name))))),
  );
  const paths = {};
  for (const { name, sources, libraries } of PROGRAMS) {
    const path = join(BINARIES, name);
    paths[name] = path;
    if ((await modified(path)) >= newest) continue;
    const files = sources.map((source) => join(CLIENTS, `${source}.c`));
    await output("gcc", ["-O2", "-Wall", "-Wextra", "-Werror", ...files, "-o", path, ...libraries]);
  }
  return paths;
}

async function modified(path) {
  return (await stat(path).catch(() => undefined))?.mtimeMs ?? 0;
}

/**
 * A folder for one run, with a short path because sockets live in it, and with what the floor of a QEMU start needs.
 * @returns {Promise<{ path: string, remove(): Promise<void> }>}
 */
export async function makeWorkFolder() {
  const path = await mkdtemp(join(tmpdir(), "pvbench-"));
  await chmod(path, 0o755);
  await writeFile(join(path, "master-key.aes"), Buffer.alloc(32, 7));
  for (const machine of MACHINES) {
    const words = await readFile(join(DATA, `args-${machine}.txt`), "utf8");
    await writeFile(join(path, `args-${machine}.txt`), words.replaceAll("@DIR@", path));
  }
  return { path, remove: () => rm(path, { recursive: true, force: true }) };
}

/** The definition of the guest that is started. */
export function guestFile(machine) {
  return join(DATA, `guest-${machine}.xml`);
}

/** Writes definitions as libvirtd writes them, `count` of them, into a folder that a daemon will look at when it starts. */
export async function writeDefinitions(folder, count) {
  const template = await readFile(join(DATA, "definition.xml"), "utf8");
  for (let number = 0; number < count; number++) {
    const digits = String(number).padStart(6, "0");
    const text = template
      .replace("@NAME@", `dom${digits}`)
      .replace("@UUID@", `b5e0c5a0-6d0b-4a3c-9d1e-000000${digits}`)
      .replace("@MAC@", `52:54:00:${digits.replace(/(..)(..)(..)/, "$1:$2:$3")}`);
    await writeFile(join(folder, `dom${digits}.xml`), text);
  }
}

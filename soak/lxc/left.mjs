import { readdir, readFile, readlink } from "node:fs/promises";
import { join } from "node:path";
import { runCommand } from "../../test/dist/harness/command.js";
import { isRunning } from "../../test/dist/harness/processes.js";

/** What the names of this soak's containers begin with, and nobody else's do. */
export const PREFIX = `soak${process.pid}`;

/**
 * What there is on the host of containers whose daemon has its root at `folder/daemon`, and whose files are below `folder`, each
 * thing in words. Nothing where no container runs.
 *
 * @param {{ folder: string, network?: readonly string[] }} place `network`: the words before a command in the daemon's network
 * @returns {Promise<string[]>}
 */
export async function leftOf({ folder, network }) {
  const found = await Promise.all([
    processesOf(folder),
    filesOf(folder),
    groupsOf(),
    mountsOf(folder),
    loopsOf(folder),
    network === undefined ? [] : linksIn(network),
  ]);
  return found.flat();
}

/** Shims, engines, keepers by what they were called with, and whatever has its root there. */
export async function processesOf(folder) {
  const pids = (await readdir("/proc")).filter((name) => /^\d+$/.test(name)).map(Number);
  const all = await Promise.all(pids.map((pid) => processOf(pid, folder)));
  return all.filter((each) => each !== undefined);
}

async function processOf(pid, folder) {
  const [line, root] = await Promise.all([
    readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => ""),
    readlink(`/proc/${pid}/root`).catch(() => ""),
  ]);
  const isOurs = line.includes(`${folder}/daemon/run/libvirt/lxc/`) || root.startsWith(`${folder}/`);
  return isOurs && (await isRunning(pid)) ? `process ${pid}: ${line.replaceAll("\0", " ").slice(0, 100)}` : undefined;
}

async function filesOf(folder) {
  const files = await readdir(join(folder, "daemon/run/libvirt/lxc")).catch(() => []);
  return files.filter((file) => file !== "autostarted").map((file) => `file ${file}`);
}

/** The groups of every container that this soak has had. */
async function groupsOf() {
  const { stdout } = await runCommand("find", ["/sys/fs/cgroup", "-name", `lxc-*-${PREFIX}*.libvirt-lxc`]);
  return stdout
    .split("\n")
    .filter(Boolean)
    .map((path) => `group ${path}`);
}

async function mountsOf(folder) {
  const lines = (await readFile("/proc/self/mounts", "utf8")).split("\n");
  return lines.filter((line) => line.includes(folder)).map((line) => `mount ${line}`);
}

async function loopsOf(folder) {
  const names = (await readdir("/sys/block")).filter((name) => name.startsWith("loop"));
  const files = await Promise.all(
    names.map((name) => readFile(`/sys/block/${name}/loop/backing_file`, "utf8").catch(() => "")),
  );
  return files.filter((file) => file.includes(folder)).map((file) => `loop device of ${file.trim()}`);
}

async function linksIn([command, ...words]) {
  const { stdout } = await runCommand(command, [...words, "ip", "-json", "link"]);
  const names = JSON.parse(stdout).map(({ ifname }) => ifname);
  return names.filter((name) => name !== "lo" && name !== "br0").map((name) => `link ${name}`);
}

// The daemons that are compared: each private, as the same unprivileged user, in a folder of its own.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { access, chmod, chown, constants, cp, mkdir, open, readFile, writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { dirname, join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { run } from "../scripts/lib/run.mjs";
import { PROJECT } from "./setup.mjs";

const NOBODY = 65534;
const IS_ROOT = process.getuid() === 0;
/** A libvirtd of root is the system's, so a runner that is root gives its rights away. */
const DROP = IS_ROOT ? ["setpriv", `--reuid=${NOBODY}`, `--regid=${NOBODY}`, "--clear-groups"] : [];
const START_MS = 30_000;
const STOP_MS = 10_000;

/**
 * A daemon that accepts connections.
 * @typedef {object} Peer
 * @property {string} name
 * @property {string} socket
 * @property {number} pid of the daemon itself
 * @property {number} startedAt when its process was made, in seconds on the clock that never goes back
 * @property {string} testUri
 * @property {string} qemuUri
 * @property {() => Promise<number>} residentMb
 * @property {() => Promise<number>} cpuSeconds that it has used so far
 * @property {() => Promise<void>} stop ends the daemon and the guests that it left
 */

/** Where a daemon keeps the definitions of QEMU's domains, below its folder. */
const DEFINITIONS = { libvirtd: ["config", "libvirt", "qemu"], polyvisord: ["etc", "libvirt", "qemu"] };

/** Makes the folder of definitions of a daemon that has not started yet, and returns its path. */
export async function makeDefinitionsFolder(name, folder) {
  await makeFolders(folder);
  let path = folder;
  for (const part of DEFINITIONS[name]) {
    path = join(path, part);
    await mkdir(path, { mode: 0o700, recursive: true });
    if (IS_ROOT) await chown(path, NOBODY, NOBODY);
  }
  return path;
}

/** @returns {Promise<Peer>} */
export async function startLibvirtd(folder, programs) {
  await makeFolders(folder);
  const config = join(folder, "libvirtd.conf");
  const log = join(folder, "libvirtd.log");
  await writeFile(config, `log_level = 3\nlog_outputs = "3:file:${log}"\nmax_clients = 5000\n`);
  const pidFile = join(folder, "libvirtd.pid");
  return launch("libvirtd", {
    folder,
    reaper: programs.reaper,
    command: ["/usr/sbin/libvirtd", "--config", config, "--pid-file", pidFile],
    socket: join(folder, "run/libvirt/libvirt-sock"),
    pidFile,
  });
}

/**
 * @param {readonly string[]} nodeOptions for a daemon that profiles itself
 * @param {string} settings lines of its configuration file, beside those that it always has here
 * @returns {Promise<Peer>}
 */
export async function startPolyvisord(folder, programs, nodeOptions = [], settings = "") {
  await makeFolders(folder);
  const config = join(folder, "etc/libvirt");
  await mkdir(config, { recursive: true });
  if (IS_ROOT) for (const path of [dirname(config), config]) await chown(path, NOBODY, NOBODY);
  await writeFile(join(config, "polyvisord.conf"), `access_drivers = [ "rules" ]\n${settings}`);
  await writeFile(join(config, "access.rules"), "deny * domain:stop domain_name=precious-*\nallow * *\n");
  const { node, tree } = await readableTree(dirname(folder));
  return launch("polyvisord", {
    folder,
    reaper: programs.reaper,
    command: [node, ...nodeOptions, join(tree, "daemon/bin/polyvisord.js"), "--root", folder],
    socket: join(folder, "run/libvirt/libvirt-sock"),
    pidFile: join(folder, "run/polyvisord.pid"),
  });
}

async function makeFolders(folder) {
  for (const name of ["", "run", "config", "cache", "data", "home"]) {
    const path = join(folder, name);
    await mkdir(path, { mode: 0o700, recursive: true });
    if (IS_ROOT) await chown(path, NOBODY, NOBODY);
  }
  await chmod(folder, 0o755);
}

/** Where the daemon can be run from by the user that it runs as: a tree below /root is copied. */
async function readableTree(work) {
  const test = await run(
    DROP[0] ?? "true",
    [...DROP.slice(1), process.execPath, "--check", `${PROJECT}daemon/dist/main.js`],
    {
      capture: true,
    },
  );
  if (test.code === 0) return { node: process.execPath, tree: PROJECT };
  const tree = join(work, "tree");
  const node = join(work, "node");
  if (await exists(node)) return { node, tree };
  for (const name of ["package.json", "node_modules", "core", "sdk", "daemon", "plugins"])
    await cp(join(PROJECT, name), join(tree, name), {
      recursive: true,
      verbatimSymlinks: true,
      preserveTimestamps: true,
    });
  await cp(process.execPath, node);
  return { node, tree };
}

function exists(path) {
  return access(path, constants.F_OK).then(
    () => true,
    () => false,
  );
}

/** The same small environment for each, so that neither finds settings of the person who measures. */
function environment(folder) {
  return {
    PATH: "/usr/sbin:/usr/bin:/sbin:/bin",
    HOME: join(folder, "home"),
    XDG_RUNTIME_DIR: join(folder, "run"),
    XDG_CONFIG_HOME: join(folder, "config"),
    XDG_CACHE_HOME: join(folder, "cache"),
    XDG_DATA_HOME: join(folder, "data"),
  };
}

async function launch(name, { folder, reaper, command, socket, pidFile }) {
  const outputFile = join(folder, "output.log");
  const output = await open(outputFile, "a");
  const startedAt = Number(process.hrtime.bigint()) / 1e9;
  const child = spawn(reaper, [...DROP, ...command], {
    cwd: folder,
    env: environment(folder),
    stdio: ["ignore", output.fd, output.fd],
  });
  const ended = once(child, "exit");
  try {
    await accepting(child, socket);
    const pid = await pidIn(pidFile);
    return {
      name,
      socket,
      pid,
      startedAt,
      testUri: `test+unix:///default?socket=${socket}`,
      qemuUri: `qemu+unix:///session?socket=${socket}`,
      residentMb: () => residentMb(pid),
      cpuSeconds: () => cpuSeconds(pid),
      stop: () => stop(child, ended, pid),
    };
  } catch (error) {
    await stop(child, ended, child.pid);
    throw new Error(`${name}: ${error.message}\n${await readFile(outputFile, "utf8").catch(() => "")}`);
  } finally {
    await output.close();
  }
}

async function accepting(child, socket) {
  const deadline = Date.now() + START_MS;
  while (!(await accepts(socket))) {
    if (child.exitCode !== null) throw new Error(`ended with status ${child.exitCode}`);
    if (Date.now() > deadline) throw new Error(`does not listen after ${START_MS / 1000} s`);
    await delay(2);
  }
}

function accepts(path) {
  return new Promise((resolve) => {
    const socket = connect(path);
    socket.once("error", () => resolve(false));
    socket.once("connect", () => {
      socket.destroy();
      resolve(true);
    });
  });
}

/** A daemon may listen a moment before it has written its pid. */
async function pidIn(path) {
  for (let tries = 0; tries < 100; tries++) {
    const pid = Number(await readFile(path, "utf8").catch(() => ""));
    if (pid > 0) return pid;
    await delay(20);
  }
  throw new Error(`no pid in ${path}`);
}

/** In steps of a hundredth. */
async function cpuSeconds(pid) {
  const stat = await readFile(`/proc/${pid}/stat`, "utf8");
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  const TICKS_A_SECOND = 100;
  return (Number(fields[11]) + Number(fields[12])) / TICKS_A_SECOND;
}

export async function residentMb(pid) {
  const status = await readFile(`/proc/${pid}/status`, "utf8");
  return Number(/^VmRSS:\s+(\d+)/m.exec(status)[1]) / 1024;
}

/** The reaper hands SIGTERM on to the daemon, and when that has ended kills the guests that are left. */
async function stop(child, ended, pid) {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill("SIGTERM");
  const timer = setTimeout(() => process.kill(pid, "SIGKILL"), STOP_MS);
  await ended;
  clearTimeout(timer);
}

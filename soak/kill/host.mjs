import { readdir, readFile, readlink } from "node:fs/promises";
import { dirname, join } from "node:path";
import { CHANNEL } from "./guests.mjs";

/**
 * @typedef {object} Process
 * @property {number} pid
 * @property {number} parent
 * @property {string[]} argv
 * @property {string | undefined} uuid of the guest, where it is an emulator
 */

/**
 * The processes that have to do with the root folder: it stands in their command line, or in the path that they inherited.
 * Those that have ended and that nobody has looked at do not count.
 *
 * @returns {Promise<Process[]>}
 */
export async function processesOf(root) {
  const pids = (await readdir("/proc")).filter((name) => /^\d+$/.test(name)).map(Number);
  const all = await Promise.all(pids.filter((pid) => pid !== process.pid).map((pid) => read(pid, root)));
  return all.filter((each) => each !== undefined);
}

async function read(pid, root) {
  try {
    const [line, environment, status] = await Promise.all([
      readFile(`/proc/${pid}/cmdline`, "utf8"),
      readFile(`/proc/${pid}/environ`, "utf8"),
      readFile(`/proc/${pid}/stat`, "utf8"),
    ]);
    if (/\) [ZX] /.test(status) || !(line.includes(root) || environment.includes(root))) return undefined;
    const argv = line.split("\0").slice(0, -1);
    const parent = Number(status.slice(status.lastIndexOf(")")).split(" ")[2]);
    return { pid, parent, argv, uuid: uuidOf(argv) };
  } catch {
    return undefined;
  }
}

/** An emulator, and not the shell that waits to become it. */
function uuidOf(argv) {
  const at = argv.indexOf("-uuid");
  return at > 0 && /qemu-system/.test(argv[0]) ? argv[at + 1] : undefined;
}

/** Everything below the folders in which the driver keeps something of a guest, relative to the root. @returns {Promise<string[]>} */
export async function filesOf(root) {
  const folders = ["etc/libvirt/qemu", "run/libvirt/labels", "run/libvirt/qemu", "var/lib/libvirt/qemu"];
  const lists = await Promise.all(
    folders.map(async (folder) => {
      const entries = await readdir(join(root, folder), { recursive: true }).catch(() => []);
      return entries.map((entry) => join(folder, entry));
    }),
  );
  return lists.flat().sort();
}

/** What a guest that runs has in the file system. */
export function filesOfGuest({ name, uuid, channel }, id) {
  const channels = `var/lib/libvirt/qemu/channel/target/domain-${id}-${name}`;
  const folder = `var/lib/libvirt/qemu/domain-${id}-${name}`;
  return [
    `run/libvirt/qemu/${name}.pid`,
    `run/libvirt/qemu/${name}.xml`,
    folder,
    `${folder}/master-key.aes`,
    `${folder}/monitor.sock`,
    channels,
    ...(channel ? [join(channels, CHANNEL)] : []),
    // What is noted of its files' owners, where it is a user of its own.
    ...(process.getuid() === 0 ? [`run/libvirt/labels/dac-${uuid}`] : []),
  ];
}

/** What is there whatever the guests do. */
const LASTING = new Set([
  "etc/libvirt/qemu/autostart",
  "run/libvirt/qemu/autostarted",
  ...["channel", "channel/target", "dump", "nvram", "ram", "save", "snapshot"].map(
    (name) => `var/lib/libvirt/qemu/${name}`,
  ),
]);

/** Where a guest's /dev is put together, if the daemon may do that: it goes with the guest's folder. */
function isForMounts(file, wanted) {
  return /\/dev(\.mounts)?$/.test(file) && wanted.has(dirname(file));
}

/** What is there and should not be, and the other way round. @param {Iterable<string>} expected @returns {Promise<string[]>} */
export async function compareFiles(root, expected) {
  const wanted = new Set(expected);
  const there = await filesOf(root);
  const stale = there.filter((file) => !wanted.has(file) && !LASTING.has(file) && !isForMounts(file, wanted));
  const missing = [...wanted].filter((file) => !there.includes(file));
  return [...stale.map((file) => `${file} is left over`), ...missing.map((file) => `${file} is missing`)];
}

/** How many descriptors of each kind a process has open. @returns {Promise<Record<string, number>>} */
export async function descriptorsOf(pid) {
  const counts = {};
  for (const fd of await readdir(`/proc/${pid}/fd`)) {
    const target = await readlink(`/proc/${pid}/fd/${fd}`).catch(() => "gone");
    const kind = target.replace(/:\[\d+\]$/, "");
    counts[kind] = (counts[kind] ?? 0) + 1;
  }
  return counts;
}

export const pidFileOf = (root, name) =>
  readFile(join(root, `run/libvirt/qemu/${name}.pid`), "utf8").then(
    (text) => Number(text),
    () => undefined,
  );

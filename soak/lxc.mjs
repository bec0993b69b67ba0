// `npm run soak -- lxc`: containers that start by themselves, half of which end at once, under daemons that are started and killed
// at any moment. Every list must be answered, and in the end nothing may be left on the host.
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { containerXml, groupsOf, killContainers, leftContainers, makeRoot } from "../test/dist/harness/containers.js";
import { Polyvisord } from "../test/dist/harness/polyvisord.js";
import { Virsh } from "../test/dist/harness/virsh.js";
import { Random } from "./lib/random.mjs";

export const options = {
  starts: { type: "string", default: "50" },
  containers: { type: "string", default: "40" },
};

export const usage = `lxc [--starts N] [--containers N]
  --starts       how often a daemon is started (default 50); every second one is killed in the middle of what it does
  --containers   how many start by themselves (default 40); every second one ends at once`;

/** A busy machine is slow; one that is stuck takes for ever. */
const LIST_MS = 30_000;
const SETTLED_MS = 300_000;

/** @returns {Promise<import("./lib/report.mjs").Report>} */
export async function run({ values, seed, log }) {
  const [starts, count] = [Number(values.starts), Number(values.containers)];
  const random = new Random(seed);
  const folder = await mkdtemp(join(tmpdir(), "soak-lxc-"));
  const daemon = new Polyvisord(join(folder, "daemon"));
  const virsh = new Virsh(daemon.uri("lxc"));
  const [faults, rows] = [[], []];
  try {
    const names = await define({ daemon, virsh, count, root: await makeRoot(join(folder, "root")) });
    const staying = names.filter((_, index) => index % 2 === 0).sort();
    for (let start = 1; start <= starts; start++) {
      await rm(join(daemon.root, "run/libvirt/lxc/autostarted"), { force: true });
      await daemon.start();
      const isKilled = start % 2 === 0 && start < starts;
      const longest = isKilled ? await listFor(virsh, random.below(3000)) : await listUntil(virsh, staying);
      rows.push({ start, killed: isKilled, longest });
      if (longest > LIST_MS) faults.push(`start ${start}: a list took ${longest} ms`);
      if (!isKilled) for (const name of staying) await virsh.ok("destroy", name);
      await daemon.end(isKilled ? "SIGKILL" : "SIGTERM");
      log(`start ${start} of ${starts}${isKilled ? ", killed" : ""}: the longest list took ${longest} ms`);
    }
    const left = await leftContainers(daemon.root);
    if (left.length > 0) faults.push(`${left.length} containers are left`);
    const files = (await readdir(join(daemon.root, "run/libvirt/lxc"))).filter((file) => file !== "autostarted");
    if (files.length > 0) faults.push(`files are left: ${files.join(", ")}`);
  } catch (error) {
    faults.push(error.stack);
  } finally {
    await daemon.end("SIGKILL");
    const records = await leftContainers(daemon.root).catch(() => []);
    await killContainers(daemon.root);
    for (const { cgroupPath } of records) if (cgroupPath !== undefined) await groupsOf(cgroupPath);
    await daemon.dispose();
    await rm(folder, { recursive: true, force: true });
  }
  return { faults, rows, details: rows };
}

async function define({ daemon, virsh, count, root }) {
  await daemon.start();
  const names = Array.from({ length: count }, (_, index) => `c${index}`);
  for (const [index, name] of names.entries()) {
    const { code, stderr } = await virsh.fromXml(
      "define",
      containerXml({ name, root, ...(index % 2 ? { script: "exit 0" } : {}) }),
    );
    if (code !== 0) throw new Error(stderr);
    await virsh.ok("autostart", name);
  }
  await daemon.end("SIGTERM");
  return names;
}

/** Lists for so long; the longest that one took, in milliseconds. */
async function listFor(virsh, milliseconds) {
  let longest = 0;
  for (const end = Date.now() + milliseconds; Date.now() < end; await sleep(50)) {
    const before = Date.now();
    await virsh.ok("list", "--all", "--name");
    longest = Math.max(longest, Date.now() - before);
  }
  return longest;
}

async function listUntil(virsh, wanted) {
  let longest = 0;
  for (const end = Date.now() + SETTLED_MS; ; await sleep(100)) {
    const before = Date.now();
    const running = (await virsh.ok("list", "--name")).split("\n").sort();
    longest = Math.max(longest, Date.now() - before);
    if (running.join() === wanted.join()) return longest;
    if (Date.now() > end) throw new Error(`never so: ${wanted.join()} run; ${running.join()} do`);
  }
}

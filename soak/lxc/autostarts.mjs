import { rm } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { containerXml } from "../../test/dist/harness/containers.js";
import { startAnswering } from "./daemon.mjs";
import { PREFIX } from "./left.mjs";

/** A busy machine is slow; one that is stuck takes for ever. */
const LIST_MS = 30_000;
const SETTLED_MS = 300_000;

/** The state of what has run, and has ended, under the daemon that is there. */
const HAS_RUN = "shut off (shutdown)";

/**
 * Daemons that are started over and over, with containers that start by themselves; every second container ends at once, and every
 * second daemon is killed in the middle of that.
 *
 * @returns {Promise<Record<string, unknown>[]>} a row for each start
 */
export async function autostarts({ daemon, virsh, root, random, faults, log }, { starts, count }) {
  const names = Array.from({ length: count }, (_, index) => `${PREFIX}-${index}`);
  const staying = names.filter((_, index) => index % 2 === 0);
  const ending = names.filter((_, index) => index % 2 === 1);
  await startAnswering({ daemon, virsh });
  for (const name of staying) await define(virsh, containerXml({ name, root }));
  for (const name of ending) await define(virsh, containerXml({ name, root, script: "exit 0" }));
  await daemon.end("SIGTERM");
  const rows = [];
  for (let start = 1; start <= starts; start++) {
    await rm(join(daemon.root, "run/libvirt/lxc/autostarted"), { force: true });
    const before = Date.now();
    await startAnswering({ daemon, virsh });
    const isKilled = start % 2 === 0 && start < starts;
    const longest = isKilled ? await listFor(virsh, random.below(3000)) : await listUntil(virsh, { staying, ending });
    const settled = isKilled ? "" : Date.now() - before;
    rows.push({ start, killed: isKilled, "longest list": longest, settled });
    if (longest > LIST_MS) faults.push(`start ${start}: a list took ${longest} ms`);
    if (!isKilled) for (const name of staying) await virsh.ok("destroy", name);
    await daemon.end(isKilled ? "SIGKILL" : "SIGTERM");
    log(`start ${start} of ${starts}: longest list ${longest} ms, ${isKilled ? "killed" : `settled in ${settled} ms`}`);
  }
  await startAnswering({ daemon, virsh });
  for (const name of names) await virsh.ok("undefine", name);
  await daemon.end("SIGTERM");
  return rows;
}

async function define(virsh, xml) {
  await virsh.define(xml);
  await virsh.ok("autostart", /<name>(.*?)<\/name>/.exec(xml)[1]);
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

/** Lists until those that stay run and the others have run; the longest that one took, in milliseconds. */
async function listUntil(virsh, { staying, ending }) {
  let longest = 0;
  const wanted = [...staying].sort().join();
  for (const end = Date.now() + SETTLED_MS; ; await sleep(100)) {
    const before = Date.now();
    const running = (await virsh.ok("list", "--name")).split("\n").sort().join();
    longest = Math.max(longest, Date.now() - before);
    const states = running === wanted ? await statesOf(virsh, ending) : [];
    if (states.length > 0 && states.every((state) => state === HAS_RUN)) return longest;
    if (Date.now() > end)
      throw new Error(`never so: ${wanted} run; ${running} do, the others are ${states.join(", ")}`);
  }
}

async function statesOf(virsh, names) {
  const states = await virsh.ok(names.map((name) => `domstate ${name} --reason`).join("; "));
  return states.split("\n").filter((line) => line !== "");
}

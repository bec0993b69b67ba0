// What it costs to have the test driver in a process of its own: the same measures against a daemon that isolates it and one
// that does not.
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { residentMb } from "./peers.mjs";

const ISOLATED = 'isolate = [ "test" ]\n';
const CONNECTIONS = 64;
const DOMAINS = 1000;

/**
 * @param {{ client: Function, keepOpen: Function, settle: number }} tools
 * @returns {import("./measures.mjs").Measure}
 */
export function isolationMeasure(tools) {
  return {
    name: "isolated",
    group: "isolation",
    peer: ({ name }, bench) => measured(name, bench, ISOLATED, tools),
    floor: (bench) => measured("polyvisord", bench, "", tools),
  };
}

async function measured(name, bench, settings, { client, keepOpen, settle }) {
  const { programs, effort, folder, starters } = bench;
  const place = join(folder, `isolation-${name}-${settings === "" ? "direct" : "isolated"}`);
  const peer = await starters[name](place, settings);
  const release = await keepOpen(bench, peer);
  try {
    const serial = await client(programs.vbench, "serial", peer.testUri, "state", effort.seconds);
    const many = await client(programs.vbench, "concurrent", peer.testUri, "state", CONNECTIONS, effort.seconds);
    const { list_ms } = await client(programs.vbench, "many", peer.testUri, DOMAINS);
    await delay(settle);
    return { serial_s: serial.calls_s, concurrent_s: many.calls_s, list_ms, resident_mb: await withChildren(peer.pid) };
  } finally {
    await release();
    await peer.stop();
  }
}

/** The memory of a daemon and of the processes that it runs plugins in. */
async function withChildren(pid) {
  const tasks = await readdir(`/proc/${pid}/task`);
  const lists = await Promise.all(
    tasks.map((task) => readFile(`/proc/${pid}/task/${task}/children`, "utf8").catch(() => "")),
  );
  const children = lists.flatMap((list) => list.split(" ").filter((word) => word.trim() !== "")).map(Number);
  const sizes = await Promise.all([pid, ...children].map((each) => residentMb(each).catch(() => 0)));
  return sizes.reduce((sum, size) => sum + size, 0);
}

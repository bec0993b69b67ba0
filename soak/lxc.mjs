// `npm run soak -- lxc`: containers that start by themselves, half of which end at once, under daemons that are started and killed
// at any moment; and one container all of whose processes are killed, and the daemon, at any moment of its life. Every list must be
// answered, and in the end nothing may be left on the host.
import { chmod, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { outputOf } from "../test/dist/harness/command.js";
import { killContainers, makeRoot } from "../test/dist/harness/containers.js";
import { Polyvisord } from "../test/dist/harness/polyvisord.js";
import { PrivateNetwork } from "../test/dist/harness/private-network.js";
import { until } from "../test/dist/harness/processes.js";
import { Virsh } from "../test/dist/harness/virsh.js";
import { Random } from "./lib/random.mjs";
import { autostarts } from "./lxc/autostarts.mjs";
import { Kills } from "./lxc/kills.mjs";
import { leftOf } from "./lxc/left.mjs";

export const options = {
  starts: { type: "string", default: "50" },
  containers: { type: "string", default: "40" },
  kills: { type: "string", default: "200" },
};

export const usage = `lxc [--starts N] [--containers N] [--kills N]
  --starts       how often a daemon is started (default 50); every second one is killed in the middle of what it does
  --containers   how many start by themselves (default 40); every second one ends at once
  --kills        how often the daemon or a process of a container is killed (default 200)`;

/** What is told of a daemon's words where something went wrong, in characters. */
const LAST_WORDS = 3000;

/** @returns {Promise<import("./lib/report.mjs").Report>} */
export async function run({ values, seed, log }) {
  const [starts, count, kills] = [values.starts, values.containers, values.kills].map(Number);
  const folder = await mkdtemp(join(tmpdir(), "soak-lxc-"));
  await chmod(folder, 0o755);
  const bridged = await PrivateNetwork.make();
  const network = bridged.wrapper;
  await outputOf(network[0], [...network.slice(1), "ip", "link", "add", "br0", "type", "bridge"]);
  const daemon = new Polyvisord(join(folder, "daemon"), network);
  const [virsh, faults] = [new Virsh(daemon.uri("lxc")), []];
  const parts = { folder, network, daemon, virsh, faults, log, hasLoops: await canLoop(folder) };
  let [rows, figures] = [[], {}];
  const begun = Date.now();
  try {
    parts.root = await makeRoot(join(folder, "root"));
    if (starts > 0) rows = await autostarts({ ...parts, random: new Random(seed, "starts") }, { starts, count });
    if (kills > 0) {
      const killer = new Kills({ ...parts, random: new Random(seed, "kills") });
      figures = killer.figures;
      await killer.run(kills);
    }
    await until("nothing is left", async () => (await leftOf(parts)).length === 0).catch(async () => {
      faults.push(`left in the end: ${(await leftOf(parts)).join(", ")}`);
    });
  } catch (error) {
    const end = daemon.ended ?? "it runs";
    faults.push(`${error.stack}\nthe daemon's end: ${end}; it has said last: ${daemon.said.slice(-LAST_WORDS)}`);
  } finally {
    await daemon.end("SIGKILL");
    await killContainers(daemon.root);
    await daemon.dispose();
    bridged.close();
    if (faults.length === 0) await rm(folder, { recursive: true, force: true });
  }
  const longest = Math.max(0, ...rows.map(({ settled }) => Number(settled)));
  const seconds = Math.round((Date.now() - begun) / 1000);
  log(`${rows.length} starts of ${count} containers, the longest until all were settled ${longest} ms`);
  log(`${JSON.stringify(figures)}, ${seconds} s in all`);
  return { faults, rows, details: [rows, figures] };
}

/** Whether this host has loop devices. */
async function canLoop(folder) {
  const file = join(folder, "probe");
  await outputOf("truncate", ["-s", "1M", file]);
  try {
    const device = (await outputOf("losetup", ["--find", "--show", file])).trim();
    await outputOf("losetup", ["--detach", device]);
    return true;
  } catch {
    return false;
  }
}

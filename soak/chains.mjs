// `npm run soak -- chains`: the daemon is killed in the middle of snapshots, commits and pulls of a guest's disk, over and over;
// the next one finishes or undoes them. QEMU's own chain of images is compared with both documents, owners and leases.
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { makeChainImages, OWN_CHAIN_GUEST } from "../test/dist/harness/chain-steps.js";
import { outputOf } from "../test/dist/harness/command.js";
import { FREE, isLeased, LabelDaemon, ownershipOf, usedBy } from "../test/dist/harness/label-daemon.js";
import { until } from "../test/dist/harness/processes.js";
import { Random } from "./lib/random.mjs";

export const options = { count: { type: "string", default: "100" } };

export const usage = `chains [--count N]
  --count  how often the daemon is killed (default 100)`;

const CONFIG = `security_drivers = [ "security-dac" ]\nlock_manager = "lock-lockd"\n`;
const BASE = "a.qcow2";
const NEW_FREE = "0:0";
const NEW_USED = "65534:65534 +0:+0 1";
/** The daemon is killed so long after virsh was started, in milliseconds. */
const EARLIEST = 50;
const LATEST = 700;

const snapshot = (round) => ["snapshot-create-as", "g", `s${round}`, "--disk-only", "--no-metadata"];
const ACTS = [
  snapshot,
  snapshot,
  snapshot,
  () => ["blockcommit", "g", "vda", "--active", "--wait", "--pivot"],
  () => ["blockcommit", "g", "vda", "--active", "--shallow", "--wait", "--pivot"],
  () => ["blockpull", "g", "vda", "--wait"],
];

/** @returns {Promise<import("./lib/report.mjs").Report>} */
export async function run({ values, seed, log }) {
  const random = new Random(seed);
  const daemon = await LabelDaemon.make(CONFIG);
  const faults = [];
  const count = Number(values.count);
  let rounds = 0;
  let done = 0;
  try {
    await begin(daemon);
    while (rounds < count && faults.length === 0) {
      const act = random.pick(ACTS)(rounds);
      const delay = EARLIEST + random.below(LATEST - EARLIEST);
      const call = daemon.virsh.run(...act);
      await sleep(delay);
      await daemon.end("SIGKILL");
      if ((await call).code === 0) done++;
      await daemon.start();
      await settled(daemon);
      const found = await faultsOf(daemon);
      faults.push(...found.map((fault) => `round ${rounds}, ${act.join(" ")}, killed after ${delay} ms: ${fault}`));
      rounds++;
      if (rounds % 10 === 0) log(`${rounds} rounds, ${done} of them done in time`);
    }
    await daemon.virsh.ok("destroy", "g");
    for (const file of await imagesOf(daemon)) {
      const owner = await ownershipOf(join(daemon.images, file));
      if (owner !== (file === BASE ? FREE : NEW_FREE)) faults.push(`${file} belongs to ${owner} in the end`);
    }
    faults.push(...(await daemon.belongings()).map((file) => `${file} is left over`));
  } finally {
    await daemon.dispose();
  }
  const rows = [{ rounds, done, faults: faults.length }];
  return { faults, rows, details: rows };
}

async function begin(daemon) {
  await daemon.start();
  await makeChainImages(daemon.images);
  const base = join(daemon.images, BASE);
  await outputOf("chown", [FREE, base]);
  await outputOf("chmod", ["600", base]);
  await daemon.virsh.define(OWN_CHAIN_GUEST.replaceAll("IMAGES", daemon.images));
  await daemon.virsh.ok("start", "g");
}

/** A job that goes on under the next daemon comes to its end, or is given up when all is copied. */
async function settled({ virsh }) {
  await until("no job is left", async () => {
    const { stdout, stderr } = await virsh.run("blockjob", "g", "vda");
    if (stderr.includes("100 %")) await virsh.run("blockjob", "g", "vda", "--abort");
    return /^No current block job/.test(stdout);
  });
}

async function faultsOf(daemon) {
  const { virsh, images } = daemon;
  const [live, defined, opened, real] = await Promise.all([
    virsh.ok("dumpxml", "g").then(sourcesIn),
    virsh.ok("dumpxml", "g", "--inactive").then(sourcesIn),
    openedBy(virsh),
    chainOf(virsh),
  ]);
  const faults = [];
  if (live.join() !== real.join()) faults.push(`the document has ${live}, QEMU has ${real}`);
  if (defined[0] !== live[0]) faults.push(`the definition has ${defined[0]}, the guest ${live[0]}`);
  for (const file of opened) if (!live.includes(file)) faults.push(`QEMU still has ${file}`);
  for (const file of await imagesOf(daemon)) {
    const path = join(images, file);
    const used = file === BASE ? usedBy("65534:65534", 1) : NEW_USED;
    const free = file === BASE ? FREE : NEW_FREE;
    const owner = await ownershipOf(path);
    const wanted = live.includes(path) ? used : free;
    if (owner !== wanted) faults.push(`${file} belongs to ${owner} instead of ${wanted}`);
    const leased = await isLeased(path);
    if (leased !== (path === live[0])) faults.push(`${file} is ${leased ? "" : "not "}leased`);
  }
  return faults;
}

async function imagesOf({ images }) {
  return (await readdir(images)).filter((file) => file.startsWith("a.")).sort();
}

function sourcesIn(xml) {
  return [...xml.matchAll(/<source file='([^']+)'/g)].map(([, path]) => path);
}

async function ask(virsh, execute, args = {}) {
  const answer = await virsh.ok("qemu-monitor-command", "g", JSON.stringify({ execute, arguments: args }));
  return JSON.parse(answer).return;
}

async function openedBy(virsh) {
  const nodes = await ask(virsh, "query-named-block-nodes", { flat: true });
  return new Set(nodes.map(({ file }) => file).filter((file) => file.startsWith("/")));
}

async function chainOf(virsh) {
  const block = (await ask(virsh, "query-block")).find(({ inserted }) => inserted !== undefined);
  const files = [];
  for (let image = block?.inserted.image; image !== undefined; image = image["backing-image"])
    files.push(image.filename);
  return files;
}

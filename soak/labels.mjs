// `npm run soak -- labels`: managers of labels are killed at any moment, and guests of two managers share their files. Each
// file goes back to its owner, and no count on a file is ever wrong.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { processesOf } from "./kill/host.mjs";
import { killLabellers } from "./labels/killed.mjs";
import { walkWithTwoManagers } from "./labels/two-managers.mjs";
import { Random } from "./lib/random.mjs";

export const options = { rounds: { type: "string", default: "100" }, steps: { type: "string", default: "200" } };

export const usage = `labels [--rounds N] [--steps N]
  --rounds   how often a manager is killed while it labels files (default 100)
  --steps    how often a guest of polyvisord or of libvirtd is started or ended (default 200)`;

/** @returns {Promise<import("./lib/report.mjs").Report>} */
export async function run({ values, seed, log }) {
  const root = await mkdtemp(join(tmpdir(), "pvlabels-"));
  const numbers = new Random(seed, "labels");
  const random = () => numbers.below(1e6) / 1e6;
  const common = { root, random, log };
  const faults = [];
  for (const part of [
    () => killLabellers({ ...common, rounds: Number(values.rounds) }),
    () => walkWithTwoManagers({ ...common, steps: Number(values.steps) }),
  ])
    faults.push(...(await part().catch((error) => [error.stack])));
  for (const { pid } of await processesOf(root)) process.kill(pid, "SIGKILL");
  if (faults.length === 0) await rm(root, { recursive: true, force: true });
  else log(`everything is kept in ${root}`);
  return { faults, rows: [], details: [{ rounds: Number(values.rounds), steps: Number(values.steps) }] };
}

// `npm run soak -- logs`: guests write lines as fast as they may, and some faster, while their log daemon is killed and its
// program replaced, and the manager goes and comes. No line may be lost, doubled or elsewhere, no call unanswered. Then a
// hundred starts fail in parallel: each error has its own guest's words.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { failingStarts } from "./logs/failing-starts.mjs";
import { LogSoak } from "./logs/soak.mjs";

export const options = {
  count: { type: "string", default: "60" },
  starts: { type: "string", default: "100" },
};

export const usage = `logs [--count N] [--starts N]
  --count    how often something happens to daemon or manager (default 60)
  --starts   how many starts fail (default 100)`;

/** @returns {Promise<import("./lib/report.mjs").Report>} */
export async function run({ values, seed, log }) {
  const root = await mkdtemp(join(tmpdir(), "pvlogs-"));
  const soak = new LogSoak({ root, seed, log });
  const faults = await soak.run(Number(values.count)).catch((error) => [error.stack]);
  const { faults: wrong, milliseconds } = await failingStarts(Number(values.starts));
  faults.push(...wrong);
  if (faults.length === 0) await rm(root, { recursive: true, force: true });
  else log(`everything is kept in ${root}`);
  return { faults, rows: soak.rows, details: [{ failingStarts: milliseconds }] };
}

// `npm run soak -- sanlock`: the whole of what is tried with the real sanlock, much of it waiting: each pair of managers in
// every way, the kit of lock.v1 in this process and in one of its own, lost leases without daemon, a sanlock that hangs.
import { runWhole } from "./lib/ava.mjs";

export const options = { rounds: { type: "string", default: "1" } };

export const usage = `sanlock [--rounds N]
  --rounds   how often everything is tried (default 1)`;

const TESTS = [
  "test/dist/sanlock-*.test.js",
  "daemon/dist/isolation/sanlock-kit.test.js",
  "plugins/lock-sanlock/dist/**/*.test.js",
];

/** @returns {Promise<import("./lib/report.mjs").Report>} */
export async function run({ values, log }) {
  const faults = [];
  const rows = [];
  const rounds = Number(values.rounds);
  for (let round = 1; round <= rounds; round++) {
    log(`round ${round} of ${rounds}`);
    const { passed, failed } = await runWhole(TESTS);
    faults.push(...failed.map((line) => `round ${round}: ${line}`));
    if (passed === 0) faults.push(`round ${round}: nothing passed`);
    rows.push({ round, passed, failed: failed.length });
  }
  return { faults, rows, details: rows };
}

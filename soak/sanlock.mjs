// `npm run soak -- sanlock`: the whole of what is tried with the real sanlock, much of it waiting: each pair of managers in
// every way, the kit of lock.v1 in this process and in one of its own, lost leases without daemon, a sanlock that hangs.
import { spawn } from "node:child_process";
import { once } from "node:events";

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
    const said = await ava();
    const passed = Number(/(\d+) tests? passed/.exec(said)?.[1] ?? 0);
    const failed = [...said.matchAll(/^.*✘ \[fail\].*$/gm)].map(([line]) => line.trim());
    faults.push(...failed.map((line) => `round ${round}: ${line}`));
    if (passed === 0) faults.push(`round ${round}: nothing passed`);
    rows.push({ round, passed, failed: failed.length });
  }
  return { faults, rows, details: rows };
}

async function ava() {
  const child = spawn("npx", ["ava", ...TESTS], {
    env: { ...process.env, POLYVISOR_WHOLE_KITS: "1" },
    stdio: ["ignore", "pipe", "inherit"],
  });
  let said = "";
  child.stdout.on("data", (bytes) => {
    said += bytes;
    process.stdout.write(bytes);
  });
  await once(child, "close");
  return said;
}

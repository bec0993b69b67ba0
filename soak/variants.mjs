// `npm run soak -- variants`: what `npm test` leaves out because it shows the same in another way, too.
import { runWhole } from "./lib/ava.mjs";

/** What is shown here alone, and the test files that show it. */
const VARIANTS = [
  {
    shows: "libvirt's client library once more, from Go; its binding takes half a minute to compile",
    files: ["test/dist/bindings.test.js"],
  },
  {
    shows:
      "QEMU's driver, locks, logs, labels and networks in processes of their own: all that is shown in one process",
    files: ["test/dist/qemu-services.test.js"],
  },
];

export const options = { rounds: { type: "string", default: "1" } };

export const usage = `variants [--rounds N]
  --rounds   how often everything is tried (default 1)`;

/** @returns {Promise<import("./lib/report.mjs").Report>} */
export async function run({ values, log }) {
  const faults = [];
  const rows = [];
  for (let round = 1; round <= Number(values.rounds); round++) {
    for (const { shows, files } of VARIANTS) {
      log(`round ${round}: ${shows}`);
      const { passed, failed } = await runWhole(files);
      faults.push(...failed.map((line) => `round ${round}: ${line}`));
      if (passed === 0) faults.push(`round ${round}: nothing passed: ${shows}`);
      rows.push({ round, shows, passed, failed: failed.length });
    }
  }
  return { faults, rows, details: rows };
}

// `npm run soak -- kill`: the daemon is killed at random moments, over and over, and must find everything again.

import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { createHost } from "@polyvisor/core";
import { KilledDaemon } from "./kill/daemon.mjs";
import { makeGuests } from "./kill/guests.mjs";
import { processesOf } from "./kill/host.mjs";
import { Network } from "./kill/network.mjs";
import { Soak } from "./kill/soak.mjs";
import { percentiles } from "./lib/percentiles.mjs";

const REMOTE = fileURLToPath(new URL("../plugins/remote", import.meta.url));

export const options = {
  count: { type: "string", default: "300" },
  seconds: { type: "string", default: "10" },
};

export const usage = `kill [--count N] [--seconds N]
  --count    how often the daemon is killed (default 300)
  --seconds  how long it lives undisturbed at the end (default 10)`;

/** @returns {Promise<import("./lib/report.mjs").Report>} */
export async function run({ values, seed, log }) {
  const root = await mkdtemp(join(tmpdir(), "pvkill-"));
  const network = await Network.make();
  const host = await createHost({ plugins: [REMOTE] });
  const daemon = new KilledDaemon(root, network?.wrapper ?? []);
  const kinds = await makeGuests(root, network !== undefined);
  const soak = new Soak({ root, daemon, network, kinds, seed, host });
  log(`${kinds.length} guests in ${root}${network === undefined ? ", without bridged cards" : ""}`);
  const faults = await live(soak, values, log).catch((error) => [error.stack]);
  await daemon.end("SIGTERM");
  await endAll(root);
  await host.close();
  network?.close();
  if (faults.length === 0) await rm(root, { recursive: true, force: true });
  else await keep(soak, faults, { root, seed, log });
  const starts = percentiles(daemon.starts);
  log(
    `${soak.figures.kills} kills; restart to first connection: median ${starts.p50.toFixed(0)} ms, longest ${starts.max.toFixed(0)} ms`,
  );
  log(`while it was down: ${soak.figures.deeds}`);
  return {
    faults,
    rows: soak.figures.rows,
    details: [{ kills: soak.figures.kills, starts, deeds: soak.figures.deeds }],
  };
}

async function live(soak, values, log) {
  const faults = await soak.begin();
  const count = Number(values.count);
  for (let number = 1; faults.length === 0 && soak.figures.kills < count; number++) {
    faults.push(...(await soak.round(number)).map((fault) => `life ${number}: ${fault}`));
    if (number % 10 === 0) log(`${soak.figures.kills} kills`);
  }
  return faults.length > 0 ? faults : soak.finish(Number(values.seconds));
}

/** Guests that a failure has left. */
async function endAll(root) {
  for (const { pid } of await processesOf(root)) {
    try {
      process.kill(pid, "SIGKILL");
    } catch {
      // It has ended by itself.
    }
  }
}

async function keep(soak, faults, { root, seed, log }) {
  await writeFile(join(root, "trace"), soak.lastWords);
  await writeFile(join(root, "said"), soak.daemon.said);
  await writeFile(join(root, "faults"), `seed ${seed}\n${faults.join("\n")}\n`);
  log(`everything is kept in ${root}; the same again: npm run soak -- kill --seed ${seed}`);
}

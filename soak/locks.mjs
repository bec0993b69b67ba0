// `npm run soak -- locks`: lock daemon, log daemon, manager, launcher and emulator are killed in each phase of a guest's life.
// No lock may stay behind or get lost while the guest runs, and no line of its log.
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { createHost } from "@polyvisor/core";
import { KilledDaemon } from "./kill/daemon.mjs";
import { processesOf } from "./kill/host.mjs";
import { percentiles } from "./lib/percentiles.mjs";
import { makeGuests } from "./locks/guests.mjs";
import { LockSoak } from "./locks/soak.mjs";
import { VICTIMS } from "./locks/victims.mjs";

const REMOTE = fileURLToPath(new URL("../plugins/remote", import.meta.url));

/** Logs are rolled over often, so that a line has many places to get lost at. */
const LOG_SETTINGS = "max_size = 8192\nmax_backups = 32\n";

export const options = { count: { type: "string", default: "200" }, victim: { type: "string" } };

export const usage = `locks [--count N] [--victim NAME]
  --count    how often something is killed (default 200)
  --victim   kills nothing else: ${VICTIMS.join(", ")}`;

/** @returns {Promise<import("./lib/report.mjs").Report>} */
export async function run({ values, seed, log }) {
  const root = await mkdtemp(join(tmpdir(), "pvlocks-"));
  const host = await createHost({ plugins: [REMOTE] });
  const daemon = new KilledDaemon(root, []);
  await writeSettings(root);
  const victims = values.victim === undefined ? VICTIMS : [values.victim];
  const soak = new LockSoak({ root, daemon, host, seed, victims, guests: await makeGuests(root) });
  const faults = await live(soak, Number(values.count), log).catch((error) => [error.stack]);
  await daemon.end("SIGTERM");
  await endAll(root);
  await host.close();
  if (faults.length === 0) await rm(root, { recursive: true, force: true });
  else {
    await writeFile(join(root, "said"), daemon.said);
    await writeFile(join(root, "faults"), `seed ${seed}\n${soak.history.join("\n")}\n${faults.join("\n")}\n`);
    log(`everything is kept in ${root}`);
  }
  return { faults, rows: soak.rows, details: [{ kills: soak.kills, starts: percentiles(daemon.starts) }] };
}

async function live(soak, count, log) {
  await soak.begin();
  while (soak.kills < count) {
    const faults = await soak.round();
    if (faults.length > 0) return faults;
    if (soak.rounds % 10 === 0) log(`${soak.kills} kills in ${soak.rounds} rounds`);
  }
  return soak.finish();
}

async function writeSettings(root) {
  const folder = join(root, "etc/libvirt");
  await mkdir(folder, { recursive: true });
  await writeFile(
    join(folder, "polyvisord.conf"),
    `lock_manager = "lock-lockd"\nlog_manager = "log-logd"\nlog_level = 3\nlog_outputs = "3:file:${join(root, "log")}"\n`,
  );
  await writeFile(join(folder, "virtlogd.conf"), LOG_SETTINGS);
}

/** Guests that a failure has left, and the two daemons, which outlive their manager. */
async function endAll(root) {
  for (const { pid } of await processesOf(root)) {
    try {
      process.kill(pid, "SIGKILL");
    } catch {
      // It has ended by itself.
    }
  }
}

// `npm run soak -- qmp`: emulators that flood, stall, lie or die, and what becomes of our monitors and of other guests.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { total } from "./lib/memory.mjs";
import { mb, ratio, us } from "./lib/report.mjs";
import { Worker } from "./lib/worker.mjs";
import { soakGuests } from "./qmp/guests.mjs";
import { HOSTILE } from "./qmp/hostile.mjs";

const EMULATORS = new URL("qmp/emulators.mjs", import.meta.url).pathname;
const MONITORS = new URL("qmp/monitors-under-test.mjs", import.meta.url).pathname;

/** All kinds at once, as guests of a daemon. */
const GUESTS = "guests";

export const options = {
  seconds: { type: "string", default: "5" },
  monitors: { type: "string", default: "10" },
  only: { type: "string", default: "" },
  "max-growth": { type: "string", default: "5" },
};

export const usage = `qmp [--seconds N] [--monitors N] [--only KIND,...] [--max-growth MB]
  --seconds     how long each of the two rounds of a kind of emulators takes (default 5)
  --monitors    hostile emulators at a time (default 10)
  --only        only these: ${Object.keys(HOSTILE).join(", ")}, and guests: a daemon with a
                guest of each kind
  --max-growth  what the second round may add to the heap, in MB (default 5)`;

/** How much slower another guest's monitor may answer at most than beside emulators that are as busy and honest. */
const MAX_SLOWER = { p50: 3, p99: 20 };

/** What is no harm however quick it is otherwise, in microseconds. */
const NOTICED = { p50: 2_000, p99: 50_000 };

/** How much more resident memory than in quiet times the monitors may take, in MB. */
const MAX_PEAK = 400;

/** @returns {Promise<import("./lib/report.mjs").Report>} */
export async function run({ values, seed, log }) {
  const only = values.only === "" ? [...Object.keys(HOSTILE), GUESTS] : values.only.split(",");
  const folder = await mkdtemp(join(tmpdir(), "pvsoak-"));
  const report = { faults: [], rows: [], details: [] };
  const honest = new Worker(EMULATORS, [join(folder, "honest"), "honest", seed]);
  try {
    await honest.next();
    for (const kind of only) {
      const result =
        kind === GUESTS
          ? await soakGuests({ quiet: 5000, log })
          : await soakKind(folder, kind, seed, { monitors: Number(values.monitors), seconds: Number(values.seconds) });
      const faults = [...result.faults, ...judge(result, Number(values["max-growth"]))];
      report.faults.push(...new Set(faults.map((fault) => `${kind}: ${fault}`)));
      report.details.push({ ...result, faults });
      report.rows.push(rowOf(result, faults));
      log(JSON.stringify(report.rows.at(-1)));
    }
  } finally {
    await honest.stop();
    await rm(folder, { recursive: true });
  }
  return report;
}

async function soakKind(folder, kind, seed, { monitors, seconds }) {
  const hostileSocket = join(folder, kind);
  const emulators = new Worker(EMULATORS, [hostileSocket, kind, seed]);
  const under = new Worker(MONITORS, [], ["--expose-gc"]);
  try {
    await emulators.next();
    const order = { honestSocket: join(folder, "honest"), monitors, seconds };
    const alone = await under.ask({ ...order, seconds: Math.min(seconds, 2) });
    const beside = await under.ask({ ...order, hostileSocket: order.honestSocket, seconds: Math.min(seconds, 2) });
    const warmUp = await under.ask({ ...order, hostileSocket });
    const second = await under.ask({ ...order, hostileSocket });
    return {
      kind,
      alone,
      beside,
      rounds: [warmUp, second],
      growth: total(second.memory) - total(warmUp.memory),
      faults: [alone, beside, warmUp, second].flatMap(({ faults }) => faults),
    };
  } finally {
    await Promise.all([emulators.stop(), under.stop()]);
  }
}

function judge({ alone, beside, rounds, growth }, maxGrowth) {
  const [, second] = rounds;
  const faults = [];
  if (growth > maxGrowth * 1048576) faults.push(`the second round added ${mb(growth)} MB of heap`);
  const peak = second.peak - alone.memory.rss;
  if (peak > MAX_PEAK * 1048576) faults.push(`${mb(peak)} MB more than in quiet times, allowed ${MAX_PEAK}`);
  for (const share of Object.keys(MAX_SLOWER)) {
    const [now, usual] = [second.latency.call[share], beside.latency.call[share]];
    if (now > Math.max(NOTICED[share], MAX_SLOWER[share] * usual))
      faults.push(`another guest is slower: ${share} ${us(now)} us, usual ${us(usual)}`);
  }
  return faults;
}

function rowOf({ kind, alone, beside, rounds, growth }, faults) {
  const {
    monitors = "",
    answered = "",
    refused = "",
    timedOut = "",
    ended = "",
    events = "",
    latency,
    peak,
  } = rounds[1];
  return {
    kind,
    monitors,
    answered,
    refused,
    "timed out": timedOut,
    ended,
    events,
    "growth MB": mb(growth),
    "peak MB": mb(peak - alone.memory.rss),
    "alone us": `${us(alone.latency.call.p50)}/${us(alone.latency.call.p99)}`,
    "honest x": ratio(beside.latency.call, alone.latency.call),
    "attack x": ratio(latency.call, alone.latency.call),
    faults: faults.length,
  };
}

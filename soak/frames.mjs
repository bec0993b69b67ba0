// `npm run soak -- frames`: mutated messages in every state of a session, then clients that are rude in other ways.

import { recordSessions } from "./frames/record.mjs";
import { soakState } from "./frames/round.mjs";
import { STATES } from "./frames/states.mjs";
import { DaemonUnderTest } from "./lib/daemon.mjs";
import { mb, ratio, us } from "./lib/report.mjs";

export const options = {
  count: { type: "string", default: "1000000" },
  lanes: { type: "string", default: "8" },
  only: { type: "string", default: "" },
  "max-growth": { type: "string", default: "5" },
};

export const usage = `frames [--count N] [--lanes N] [--only STATE,...] [--max-growth MB]
  --count       messages in each round of each state; a state has two rounds (default 1000000)
  --lanes       connections that attack at a time (default 8)
  --only        only these: ${Object.keys(STATES).join(", ")}
  --max-growth  what the second round may add to the heap, in MB (default 5)`;

/** @returns {Promise<import("./lib/report.mjs").Report>} */
export async function run({ values, seed, log }) {
  const only = values.only === "" ? Object.keys(STATES) : values.only.split(",");
  const round = { count: Number(values.count), lanes: Number(values.lanes), seed, quiet: 1500 };
  const maxGrowth = Number(values["max-growth"]) * 1048576;
  const daemon = await DaemonUnderTest.start();
  const report = { faults: [], rows: [], details: [] };
  try {
    const { clients, sessions } = await recordSessions(daemon);
    log(`recorded ${sessions.length} sessions of ${clients.join(", ") || "no client: none is installed"}`);
    for (const name of only) {
      if (STATES[name] === undefined) throw new Error(`unknown state ${name}`);
      const result = await soakState(daemon, name, sessions, round);
      if (result.growth > maxGrowth) result.faults.push(`the second round added ${mb(result.growth)} MB of heap`);
      result.faults.push(...new Set(await daemon.newErrors()));
      report.faults.push(...result.faults.map((fault) => `${name}: ${fault}`));
      report.rows.push(rowOf(result));
      report.details.push(result);
      log(JSON.stringify(rowOf(result)));
    }
  } catch (error) {
    report.faults.push(error.stack);
  } finally {
    await daemon.stop();
    report.faults.push(...daemon.uncaught);
  }
  return report;
}

function rowOf({ state, alone, beside, rounds, growth, faults }) {
  const [warmUp, second] = rounds;
  return {
    state,
    messages: warmUp.frames + second.frames,
    "per s": Math.round(second.frames / second.seconds),
    "closed/torn": `${second.closed}/${second.torn}`,
    "growth MB": mb(growth),
    "peak MB": mb(second.peak),
    "alone us": `${us(alone.call.p50)}/${us(alone.call.p99)}`,
    "honest x": ratio(beside.call, alone.call),
    "attack x": ratio(second.latency.call, alone.call),
    "attack/honest": ratio(second.latency.call, beside.call),
    "open x": ratio(second.latency.open, alone.open),
    faults: faults.length,
  };
}

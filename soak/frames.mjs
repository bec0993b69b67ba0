// `npm run soak -- frames`: mutated messages in every state of a session, then clients that are rude in other ways.

import { recordSessions } from "./frames/record.mjs";
import { soakState } from "./frames/round.mjs";
import { RUDE } from "./frames/rude.mjs";
import { soakRudeness } from "./frames/rudeness.mjs";
import { STATES } from "./frames/states.mjs";
import { DaemonUnderTest } from "./lib/daemon.mjs";
import { mb, ratio, us } from "./lib/report.mjs";

export const options = {
  count: { type: "string", default: "1000000" },
  lanes: { type: "string", default: "8" },
  only: { type: "string", default: "" },
  seconds: { type: "string", default: "5" },
  quiet: { type: "string", default: "1500" },
  "max-growth": { type: "string", default: "5" },
  "no-latency": { type: "boolean", default: false },
};

/**
 * How much slower than usual an honest client may be served at most: in the median and in the 99th percentile. For
 * sessions under attack, usual is what it gets beside honest clients that are as busy; for the rest, what it gets alone.
 */
const MAX_SLOWER = { states: { p50: 3, p99: 5 }, rude: { p50: 3, p99: 20 } };

/** With fewer calls than this the slowest of a hundred says nothing. */
const CALLS_MIN = 1000;

export const usage = `frames [--count N] [--lanes N] [--seconds N] [--quiet MS] [--only NAME,...] [--max-growth MB]
  --count       messages in each round of each state; a state has two rounds (default 1000000)
  --lanes       connections that attack at a time (default 8)
  --seconds     how long rude clients stay in each of their two rounds (default 5)
  --quiet       how long the honest client is watched alone, in milliseconds (default 1500)
  --only        only these: ${[...Object.keys(STATES), ...Object.keys(RUDE)].join(", ")}
  --max-growth  what the second round may add to the heap, in MB (default 5)
  --no-latency  how fast honest clients are served is measured, but no fault: for machines that do other work beside it`;

/** @returns {Promise<import("./lib/report.mjs").Report>} */
export async function run({ values, seed, log }) {
  const only = values.only === "" ? [...Object.keys(STATES), ...Object.keys(RUDE)] : values.only.split(",");
  const unknown = only.find((name) => STATES[name] === undefined && RUDE[name] === undefined);
  if (unknown !== undefined) throw new Error(`there is no ${unknown}: ${usage}`);
  const report = { faults: [], rows: [], details: [] };
  const states = only.filter((name) => STATES[name] !== undefined);
  await onOneDaemon({}, states);
  // What one left in the process would hide what the next one takes.
  for (const name of only.filter((other) => RUDE[other] !== undefined)) await onOneDaemon(RUDE[name].settings, [name]);
  return report;

  async function onOneDaemon(settings, names) {
    if (names.length === 0) return;
    const daemon = await DaemonUnderTest.start(settings);
    try {
      const sessions = names.some((name) => STATES[name] !== undefined) ? await record(daemon) : [];
      for (const name of names) await soakOne(daemon, name, sessions);
    } catch (error) {
      report.faults.push(error.stack);
    } finally {
      await daemon.stop();
      report.faults.push(...daemon.uncaught);
    }
  }

  async function record(daemon) {
    const { clients, sessions } = await recordSessions(daemon);
    log(`recorded ${sessions.length} sessions of ${clients.join(", ") || "no client: none is installed"}`);
    return sessions;
  }

  async function soakOne(daemon, name, sessions) {
    const quiet = Number(values.quiet);
    const round = { count: Number(values.count), lanes: Number(values.lanes), seed, quiet };
    const result =
      STATES[name] === undefined
        ? await soakRudeness(daemon, name, { seconds: Number(values.seconds), quiet })
        : await soakState(daemon, name, sessions, round);
    const faults = [
      ...result.faults,
      ...new Set(await daemon.newErrors()),
      ...(values["no-latency"] ? [] : slowness(result)),
    ];
    if (result.growth > Number(values["max-growth"]) * 1048576)
      faults.push(`the second round added ${mb(result.growth)} MB of heap`);
    report.faults.push(...faults.map((fault) => `${name}: ${fault}`));
    report.rows.push(rowOf(result, faults));
    report.details.push({ ...result, faults });
    log(line(report.rows.at(-1)));
  }
}

function slowness({ alone, beside, rounds }) {
  const [usual, most] = beside === undefined ? [alone, MAX_SLOWER.rude] : [beside, MAX_SLOWER.states];
  const { call } = rounds[1].latency;
  if (Math.min(call.count, usual.call.count) < CALLS_MIN) return [];
  return Object.keys(most)
    .filter((share) => call[share] > most[share] * usual.call[share])
    .map(
      (share) => `an honest client is served slower: ${share} ${us(call[share])} us, usual ${us(usual.call[share])}`,
    );
}

function line(row) {
  return Object.entries(row)
    .map(([head, value]) => `${head} ${value}`)
    .join(", ");
}

function rowOf({ state, alone, beside, rounds, growth }, faults) {
  const [warmUp, second] = rounds;
  return {
    state,
    messages: "frames" in second ? warmUp.frames + second.frames : "",
    "per s": "frames" in second ? Math.round(second.frames / second.seconds) : "",
    clients: second.connections ?? second.clients,
    "growth MB": mb(growth),
    "peak MB": mb(second.peak),
    "alone us": `${us(alone.call.p50)}/${us(alone.call.p99)}`,
    "honest x": beside === undefined ? "" : ratio(beside.call, alone.call),
    "attack x": ratio(second.latency.call, alone.call),
    "attack/honest": beside === undefined ? "" : ratio(second.latency.call, beside.call),
    "new client x": ratio(second.latency.open, alone.open),
    faults: faults.length,
  };
}

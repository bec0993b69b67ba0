// `npm run bench`: libvirtd and polyvisord side by side on this machine, on the measures and goals of docs/performance.md.
import { loadavg } from "node:os";
import { join } from "node:path";
import { outcomeOf, ROWS } from "./goals.mjs";
import { EFFORT, keepOpen, MEASURES } from "./measures.mjs";
import { readOptions, USAGE } from "./options.mjs";
import { startLibvirtd, startPolyvisord } from "./peers.mjs";
import { measureBudget, measureMemory } from "./probes.mjs";
import { isProfiled, profileOf } from "./profile.mjs";
import { busyWords, describeMachine, isBusy, table, writeReport } from "./report.mjs";
import { bringPackages, build, compileClients, makeWorkFolder } from "./setup.mjs";

let options;
try {
  options = readOptions(process.argv.slice(2));
} catch (error) {
  console.error(`${error.message}\n${USAGE}`);
  process.exit(2);
}
if (options.help) console.log(USAGE);
else await main(options);

async function main({ quick, only, reps, write, build: mustBuild, profile }) {
  await bringPackages();
  if (mustBuild) await build();
  const programs = await compileClients();
  const work = await makeWorkFolder();
  const bench = {
    programs,
    folder: work.path,
    effort: quick ? EFFORT.quick : EFFORT.full,
    starters: {
      libvirtd: (folder) => startLibvirtd(folder, programs),
      polyvisord: (folder, settings) => startPolyvisord(folder, programs, [], settings),
    },
  };
  const cleanUp = [() => work.remove()];
  const stopped = stopOnSignals();
  try {
    if (profile !== undefined) await printProfile(bench, profile);
    else await Promise.race([measureAll(bench, { only, reps, write }, cleanUp), stopped]);
  } finally {
    for (const step of cleanUp.splice(0).reverse()) await step();
  }
}

async function measureAll(bench, { only, reps, write }, cleanUp) {
  const chosen = MEASURES.filter(({ name, group }) => only.length === 0 || only.includes(name) || only.includes(group));
  const machine = await describeMachine();
  const [loadBefore] = loadavg();
  if (isBusy(loadBefore)) console.error(busyWords(loadBefore));
  // First, because these know the daemon from within: what breaks them should not cost the measures before.
  const budget = only.length === 0 || only.includes("budget") ? await measureBudget() : undefined;
  const memory = only.length === 0 || only.includes("memory") ? await measureMemory() : undefined;
  const results = await interleave(bench, chosen, reps, cleanUp);
  const outcomes = ROWS.filter(({ measure }) => results.has(measure)).map((row) =>
    outcomeOf(row, results.get(row.measure)),
  );
  console.log(`\n${table(outcomes)}`);
  const profiles = await profilesOf(bench, outcomes);
  const report = {
    machine: { ...machine, loadBefore, loadAfter: loadavg()[0] },
    effort: bench.effort,
    reps,
    outcomes,
    budget,
    memory,
    profiles,
    results: Object.fromEntries(results),
  };
  if (write) console.log(`wrote ${(await writeReport(report)).join(" and ")}`);
}

/** Each repetition takes every measure once, and within a measure the daemons one after the other, in changing order. */
async function interleave(bench, measures, reps, cleanUp) {
  const results = new Map(measures.map(({ name }) => [name, []]));
  if (measures.length === 0) return results;
  const peers = [];
  for (const start of Object.values(bench.starters)) {
    const peer = await start(join(bench.folder, `peer-${peers.length}`));
    cleanUp.push(peer.stop);
    peers.push(peer);
    if (measures.some(({ group }) => !["memory", "qemu", "definitions", "plugins", "isolation"].includes(group)))
      cleanUp.push(await keepOpen(bench, peer));
  }
  for (let rep = 0; rep < reps; rep++) {
    const order = rep % 2 === 0 ? peers : peers.toReversed();
    for (const measure of measures) results.get(measure.name).push(await once(bench, measure, order));
  }
  const used = await Promise.all(peers.map(async (peer) => [peer.name, { resident_mb: await peer.residentMb() }]));
  return results.set("used", [Object.fromEntries(used)]);
}

/** A daemon that cannot do something yet leaves its figure out. */
async function once(bench, measure, peers) {
  const figures = {};
  for (const peer of peers) await attempt(peer.name, () => measure.peer(peer, bench));
  if (measure.floor !== undefined) await attempt("floor", () => measure.floor(bench));
  console.log(`${measure.name}: ${JSON.stringify(figures)}`);
  return figures;

  async function attempt(name, work) {
    try {
      figures[name] = await work();
    } catch (error) {
      console.error(`${measure.name}: ${name}: ${error.message}`);
    }
  }
}

/** Where the time goes in each measure with a goal that was missed. */
async function profilesOf(bench, outcomes) {
  const missed = new Set(outcomes.filter(({ verdict }) => verdict === "missed").map(({ row }) => row.measure));
  const profiles = [];
  for (const measure of MEASURES) {
    if (missed.has(measure.name) && isProfiled(measure)) profiles.push(await profileOf(bench, measure));
  }
  return profiles;
}

async function printProfile(bench, name) {
  const measure = MEASURES.find((known) => known.name === name);
  if (measure === undefined || !isProfiled(measure)) {
    const names = MEASURES.filter(isProfiled).map((known) => known.name);
    throw new Error(`--profile ${name}: choose one of ${names.join(", ")}`);
  }
  const { parts, functions, busy, figures } = await profileOf(bench, measure);
  console.log(`${name}: ${JSON.stringify(figures)}\nbusy ${(busy * 100).toFixed(0)} % of the time`);
  for (const { name: part, share } of parts) console.log(`${(share * 100).toFixed(1).padStart(6)} %  ${part}`);
  console.log();
  for (const { name: fn, share } of functions) console.log(`${(share * 100).toFixed(1).padStart(6)} %  ${fn}`);
}

/** Rejects at the first signal, so that the daemons are stopped on the way out. */
function stopOnSignals() {
  return new Promise((_, reject) => {
    for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, () => reject(new Error(`stopped by ${signal}`)));
  });
}

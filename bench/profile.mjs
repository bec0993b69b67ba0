// Where our daemon's time goes under one measure: V8's sampling profiler, summed up by function and by part of the house.
import { readFileSync } from "node:fs";
import { chmod, mkdir, readdir, readFile } from "node:fs/promises";
import { SourceMap } from "node:module";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { keepOpen } from "./measures.mjs";
import { startPolyvisord } from "./peers.mjs";

const INTERVAL_US = 200;
const FUNCTIONS = 25;

/** Parts by what a script's address holds; the first that fits counts. */
const PARTS = [
  ["frames", /\/sdk\/(dist|src)\/rpc\/frame/],
  ["XDR", /\/core\/(dist|src)\/xdr\//],
  ["dispatch, calls, replies, events", /\/daemon\/(dist|src)\/rpc\//],
  ["API table, errors", /\/core\/(dist|src)\//],
  ["drivers", /\/plugins\/|\/sdk\/(dist|src)\//],
  ["logs", /\/(pino|thread-stream|sonic-boom)/],
  ["other packages", /node_modules/],
  ["node's streams and sockets", /^node:(net|stream|internal\/stream|internal\/streams)/],
  ["node, other", /^node:/],
];

/** V8's names for what is no function. */
const SPECIAL = {
  "(program)": "native code and the kernel: reading, writing, polling",
  "(garbage collector)": "garbage collection",
};

export function isProfiled(measure) {
  return measure.peer !== undefined && measure.group !== "memory" && measure.group !== "definitions";
}

/**
 * Profiles a daemon of its own under a measure. Shares are of the time that it was busy.
 * @returns {Promise<{ measure: string, figures: object, busy: number, parts: Share[], functions: Share[] }>}
 * @typedef {{ name: string, share: number }} Share
 */
export async function profileOf(bench, measure) {
  const folder = join(bench.folder, `profile-${measure.name}`);
  const results = join(bench.folder, `profile-${measure.name}-results`);
  await mkdir(results, { recursive: true });
  await chmod(results, 0o777);
  const flags = ["--cpu-prof", `--cpu-prof-interval=${INTERVAL_US}`, `--cpu-prof-dir=${results}`];
  const peer = await startPolyvisord(folder, bench.programs, flags);
  let figures;
  let window;
  try {
    const release = measure.group === "qemu" ? async () => {} : await keepOpen(bench, peer);
    const begin = microseconds();
    figures = await measure.peer(peer, bench);
    window = { begin, end: microseconds() };
    await release();
  } finally {
    await peer.stop();
  }
  const [file] = await readdir(results);
  const profile = JSON.parse(await readFile(join(results, file), "utf8"));
  return { measure: measure.name, figures, ...summary(profile, window) };
}

/** The clock that V8 stamps samples with. */
function microseconds() {
  return Number(process.hrtime.bigint() / 1000n);
}

/** Adds up the samples within the window, in microseconds. */
function summary({ nodes, samples, timeDeltas, startTime }, { begin, end }) {
  const byId = new Map(nodes.map((node) => [node.id, inSource(node.callFrame)]));
  const parts = new Map();
  const functions = new Map();
  let busy = 0;
  let at = startTime;
  samples.forEach((id, index) => {
    const delta = Math.max(0, timeDeltas[index]);
    at += delta;
    const frame = byId.get(id);
    if (at < begin || at > end || frame.functionName === "(idle)") return;
    busy += delta;
    add(parts, partOf(frame), delta);
    add(functions, nameOf(frame), delta);
  });
  return {
    busy: busy / (end - begin),
    parts: shares(parts, busy),
    functions: shares(functions, busy).slice(0, FUNCTIONS),
  };
}

function add(sums, key, value) {
  sums.set(key, (sums.get(key) ?? 0) + value);
}

function shares(sums, whole) {
  return [...sums].map(([name, sum]) => ({ name, share: sum / whole })).sort((a, b) => b.share - a.share);
}

const maps = new Map();

/** What runs from the bundle is told by the place where it is written. */
function inSource(frame) {
  if (!frame.url.includes("/daemon/bundle/")) return frame;
  if (!maps.has(frame.url))
    maps.set(frame.url, new SourceMap(JSON.parse(readFileSync(`${fileURLToPath(frame.url)}.map`, "utf8"))));
  const { originalSource, originalLine } = maps.get(frame.url).findEntry(frame.lineNumber, frame.columnNumber);
  if (originalSource === undefined) return frame;
  return { ...frame, url: new URL(originalSource, frame.url).href, lineNumber: originalLine };
}

function partOf({ functionName, url }) {
  if (functionName in SPECIAL) return SPECIAL[functionName];
  if (url === "") return SPECIAL["(program)"];
  return PARTS.find(([, pattern]) => pattern.test(url))?.[0] ?? "other";
}

function nameOf({ functionName, url, lineNumber }) {
  if (functionName in SPECIAL) return functionName;
  const place = url.replace(/^file:\/\//, "").replace(/^.*\/(?=(core|sdk|daemon|plugins|node_modules)\/)/, "");
  return `${functionName || "(anonymous)"} ${place === "" ? "(native)" : `${place}:${lineNumber + 1}`}`;
}

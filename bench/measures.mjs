// What is measured: each measure runs a client against one daemon, or against the machine itself, and gives its figures.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { output } from "../scripts/lib/run.mjs";
import { containersMeasure } from "./containers.mjs";
import { isolationMeasure } from "./isolation.mjs";
import { locksMeasure } from "./locks.mjs";
import { makeDefinitionsFolder, residentMb } from "./peers.mjs";
import { UNUSED_PLUGINS, writePlugins } from "./plugins.mjs";
import { guestFile, MACHINES, writeDefinitions } from "./setup.mjs";

const LISTENERS = 16;
/** Between two rounds of events, in microseconds: longer than any delivery, so that no event waits behind another one. */
const EVENT_GAP_US = 2000;
/** How long a daemon that has just started is left alone before its memory counts. */
const SETTLE_MS = 2000;
/** A daemon is idle once it has given back what its start took: V8 does that after ten seconds of rest. */
const IDLE_MS = 20_000;
/** How many domains a large host has. */
const DEFINITIONS = 10_000;
/** How many clients a busy management application keeps open. */
const IDLE_CLIENTS = 1000;

/**
 * How long and how often.
 * @typedef {{ seconds: number, rounds: number, starts: number }} Effort
 */

export const EFFORT = {
  full: { seconds: 3, rounds: 500, starts: 20 },
  quick: { seconds: 1, rounds: 200, starts: 6 },
};

/**
 * @typedef {object} Measure
 * @property {string} name
 * @property {string} group what `--only` names
 * @property {(peer: import("./peers.mjs").Peer, bench: Bench) => Promise<Record<string, number>>} [peer] for each daemon
 * @property {(bench: Bench) => Promise<Record<string, number>>} [floor] what the machine allows
 *
 * @typedef {object} Bench
 * @property {Record<string, string>} programs
 * @property {string} folder of this run
 * @property {Effort} effort
 * @property {Record<string, (folder: string, settings?: string) => Promise<import("./peers.mjs").Peer>>} starters of a fresh
 *   daemon, by name; settings are lines of our configuration file
 */

/** @returns {Measure} */
function serial(call) {
  return {
    name: `serial-${call}`,
    group: "calls",
    async peer({ testUri, cpuSeconds }, { programs, effort }) {
      const before = await cpuSeconds();
      const figures = await client(programs.vbench, "serial", testUri, call, effort.seconds);
      return { ...figures, cpu_us: (((await cpuSeconds()) - before) * 1e6) / (figures.calls_s * effort.seconds) };
    },
    ...(call === "version" ? { floor: (bench) => echo(bench, 1) } : {}),
  };
}

/** @returns {Measure} */
function concurrent(call) {
  return {
    name: `concurrent-${call}`,
    group: "calls",
    peer: ({ testUri }, { programs, effort }) =>
      client(programs.vbench, "concurrent", testUri, call, 64, effort.seconds),
    ...(call === "version" ? { floor: (bench) => echo(bench, 64) } : {}),
  };
}

/** @returns {Measure} */
function raw(connections, depth) {
  return {
    name: `raw-${connections}x${depth}`,
    group: "calls",
    peer: ({ socket }, { programs, effort }) =>
      client(programs.rawbench, "rpc", socket, connections, depth, effort.seconds, "test:///default"),
  };
}

/** @returns {Measure} */
function qemu(machine) {
  return {
    name: `qemu-${machine}`,
    group: "qemu",
    peer: ({ qemuUri }, { programs, effort }) =>
      client(programs.vbench, "qemu", qemuUri, guestFile(machine), effort.starts),
    floor: ({ programs, folder, effort }) =>
      client(programs.qfloor, join(folder, `args-${machine}.txt`), join(folder, "floor.sock"), effort.starts),
  };
}

/** @type {readonly Measure[]} */
export const MEASURES = [
  ...["version", "node-info", "state", "xml"].map(serial),
  ...["version", "state"].map(concurrent),
  raw(1, 1),
  raw(64, 4),
  {
    name: "open-close",
    group: "connections",
    peer: ({ testUri }, { programs, effort }) => client(programs.vbench, "open-close", testUri, effort.seconds),
    floor: (bench) =>
      withEchoServer(bench, (path) => client(bench.programs.rawbench, "connect", path, bench.effort.seconds)),
  },
  {
    name: "events",
    group: "events",
    peer: ({ testUri }, { programs, effort }) =>
      client(programs.vbench, "events", testUri, LISTENERS, effort.rounds, EVENT_GAP_US),
  },
  {
    name: "many-1000",
    group: "list",
    peer: ({ testUri }, { programs }) => client(programs.vbench, "many", testUri, 1000),
  },
  {
    name: "many-10000",
    group: "list",
    peer: ({ testUri }, { programs }) => client(programs.vbench, "many", testUri, DEFINITIONS),
  },
  {
    name: "define-xml",
    group: "list",
    peer: ({ testUri }, { programs, effort }) => client(programs.vbench, "define-xml", testUri, effort.seconds),
  },
  { name: "definitions", group: "definitions", peer: ({ name }, bench) => definitions(name, bench) },
  {
    name: "plugins",
    group: "plugins",
    peer: ({ name }, bench) => withPlugins(name, bench, UNUSED_PLUGINS),
    floor: (bench) => withPlugins("polyvisord", bench, 0),
  },
  isolationMeasure({ client, keepOpen, settle: SETTLE_MS }),
  ...MACHINES.map(qemu),
  locksMeasure({ client }),
  containersMeasure({ client }),
  { name: "idle", group: "memory", peer: ({ name }, bench) => idle(name, bench), floor: bareNode },
  { name: "clients", group: "memory", peer: ({ name }, bench) => idle(name, bench, IDLE_CLIENTS) },
];

/** The figures that a client prints: one JSON object. */
async function client(program, ...words) {
  const { bench: _, ...figures } = JSON.parse(await output(program, words.map(String)));
  return figures;
}

function echo(bench, connections) {
  return withEchoServer(bench, (path) =>
    client(bench.programs.rawbench, "echo", path, connections, bench.effort.seconds),
  );
}

async function withEchoServer({ programs, folder }, work) {
  const path = join(folder, "echo.sock");
  const server = spawn(programs.rawbench, ["echo-server", path], { stdio: "ignore" });
  const ended = once(server, "exit");
  try {
    await delay(100);
    return await work(path);
  } finally {
    server.kill();
    await ended;
  }
}

/** A daemon whom nobody has asked for anything: the others have long been in use. */
async function idle(name, bench, clients = 0) {
  const peer = await bench.starters[name](join(bench.folder, `idle-${name}`));
  const release = clients > 0 ? await keepOpen(bench, peer, clients) : async () => {};
  try {
    await delay(IDLE_MS);
    return { resident_mb: await peer.residentMb() };
  } finally {
    await release();
    await peer.stop();
  }
}

/**
 * A daemon that finds thousands of definitions when it starts. Before it counts it has started once: the files are in the
 * kernel's cache then, and what there is to know of the emulator is known.
 */
async function definitions(name, bench) {
  const folder = join(bench.folder, `definitions-${name}`);
  if (!prepared.has(folder)) {
    await writeDefinitions(await makeDefinitionsFolder(name, folder), DEFINITIONS);
    prepared.add(folder);
    await startOver(name, folder, bench);
  }
  return startOver(name, folder, bench);
}

const prepared = new Set();

async function startOver(name, folder, bench) {
  const peer = await bench.starters[name](folder);
  const { vbench } = bench.programs;
  try {
    const first = await client(vbench, "first-call", peer.qemuUri, peer.startedAt);
    if (first.defined !== DEFINITIONS) throw new Error(`${first.defined} of ${DEFINITIONS} definitions were found`);
    await delay(SETTLE_MS);
    const resident_mb = await peer.residentMb();
    return { ...first, resident_mb, ...(await client(vbench, "all-stats", peer.qemuUri)) };
  } finally {
    await peer.stop();
  }
}

/** From the start of a daemon in which plugins are installed that nobody uses until two drivers have answered. */
async function withPlugins(name, bench, unused) {
  const plugins = join(bench.folder, `plugins-${unused}`);
  await mkdir(plugins, { recursive: true });
  await writePlugins(plugins, unused);
  const peer = await bench.starters[name](
    join(bench.folder, `beside-${unused}-${name}`),
    `plugin_folders = [ "${plugins}" ]\n`,
  );
  const { vbench } = bench.programs;
  try {
    await client(vbench, "first-call", peer.qemuUri, peer.startedAt);
    const { first_call_ms } = await client(vbench, "first-call", peer.testUri, peer.startedAt);
    await delay(SETTLE_MS);
    return { first_call_ms, resident_mb: await peer.residentMb() };
  } finally {
    await peer.stop();
  }
}

/** No program in Node is smaller. */
async function bareNode() {
  const child = spawn(process.execPath, ["-e", "setInterval(() => {}, 1000)"], { stdio: "ignore" });
  const ended = once(child, "exit");
  await delay(SETTLE_MS);
  const resident = await residentMb(child.pid);
  child.kill();
  await ended;
  return { resident_mb: resident };
}

/** Keeps connections open, and with them the test driver's default host, until what it gives is called. */
export async function keepOpen({ programs }, peer, connections = 1) {
  const child = spawn(programs.vbench, ["keep", peer.testUri, String(connections)], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  const ended = once(child, "exit");
  await Promise.race([once(child.stdout, "data"), ended]);
  if (child.exitCode !== null) throw new Error(`${peer.name}: test:///default cannot be opened`);
  return async () => {
    child.stdin.end();
    await ended;
  };
}

// One state of sessions under attack: quiet, honest company, a warm-up round, a second round.
import { setTimeout as sleep } from "node:timers/promises";
import { total } from "../lib/memory.mjs";
import { Worker } from "../lib/worker.mjs";
import { tableSession } from "./corpus.mjs";
import { Janitor } from "./janitor.mjs";
import { STATES } from "./states.mjs";

const OBSERVER = new URL("observer.mjs", import.meta.url).pathname;
const ATTACKER = new URL("attacker.mjs", import.meta.url).pathname;

/** Milliseconds between two looks after the domains. */
const TIDY_MS = 100;

const KNOWN = { name: "test", uuid: "6695eb01-f6a4-8304-79aa-97f2502e193f", id: 1 };
const SOAK = { name: "soak", uuid: "50ac50ac-50ac-50ac-50ac-50ac50ac50ac", id: 1 };

/**
 * @param {import("../lib/daemon.mjs").DaemonUnderTest} daemon
 * @param {string} name of a state
 * @param {Buffer[][]} recorded sessions of real clients
 * @param {{ count: number, seed: string, lanes: number, quiet: number }} options `quiet` in milliseconds
 */
export async function soakState(daemon, name, recorded, { count, seed, lanes, quiet }) {
  const state = STATES[name];
  const dom = state.uri.startsWith("test:") ? KNOWN : SOAK;
  const janitor = await Janitor.start(daemon.socket, state.uri);
  const observer = new Worker(OBSERVER, [daemon.socket, state.uri]);
  const attacker = new Worker(ATTACKER);
  const sessions = [...recorded, tableSession(dom), state.more(dom)];
  const corpus = sessions.map((session) => session.map((message) => message.toString("base64")));
  const sockets = { socket: daemon.socket, readOnlySocket: daemon.readOnlySocket };
  const order = { state: name, count, lanes, mutations: 0.9, corpus, sockets };
  try {
    await observer.next();
    const openFiles = await daemon.openFiles();
    observer.tell("begin");
    await sleep(quiet);
    const alone = await observer.ask("report");
    const honest = await attacker.ask({ ...order, seed: `${seed}/honest`, mutations: 0, count: Math.ceil(count / 10) });
    await janitor.tidy();
    const beside = await observer.ask("report");
    const warmUp = await attackOnce({ daemon, state, janitor, observer, attacker, order }, `${seed}/1`);
    const second = await attackOnce({ daemon, state, janitor, observer, attacker, order }, `${seed}/2`);
    return {
      state: name,
      alone,
      beside,
      rounds: [warmUp, second],
      growth: total(second.memory) - total(warmUp.memory),
      faults: [
        ...honest.faults.map((fault) => `honest clients: ${fault}`),
        ...beside.failures,
        ...[warmUp, second].flatMap(({ faults }) => faults),
        ...(await leftOpen(daemon, openFiles)),
      ],
    };
  } finally {
    await Promise.all([observer.stop(), attacker.stop()]);
    await janitor.stop();
  }
}

/** How many descriptors the daemon may have more than before: some of its files are opened when first needed. */
const FILES_MORE = 16;
const LEAVE_MS = 30_000;

/** What attackers have left open in the daemon once they are gone. */
async function leftOpen(daemon, before) {
  for (const end = performance.now() + LEAVE_MS; performance.now() < end; await sleep(TIDY_MS))
    if ((await daemon.openFiles()) <= before + FILES_MORE) return [];
  return [`the daemon had ${before} open files, and has ${await daemon.openFiles()} when the attackers are gone`];
}

async function attackOnce({ daemon, state, janitor, observer, attacker, order }, seed) {
  const before = state.changesNothing ? await janitor.snapshot() : undefined;
  const unstir = state.stirs ? janitor.stir() : async () => {};
  const unwatch = watchMemory(daemon);
  const attack = attacker.ask({ ...order, seed });
  const removedMeanwhile = await tidyUntil(attack, janitor, state);
  const { faults, ...figures } = await attack;
  await unstir();
  const latency = await observer.ask("report");
  const peak = await unwatch();
  if (before !== undefined && before !== (await janitor.snapshot())) faults.push("a read-only client changed a domain");
  const removed = removedMeanwhile + (await janitor.tidy());
  const memory = await daemon.settledMemory();
  return { ...figures, removed, latency, peak, memory, faults: [...faults, ...latency.failures] };
}

/** Attackers soon destroy the domain that they attack; so that they do not run into nothing it comes back now and then. */
async function tidyUntil(attack, janitor, { changesNothing }) {
  let goesOn = !changesNothing;
  attack.finally(() => {
    goesOn = false;
  });
  let removed = 0;
  for (; goesOn; await sleep(TIDY_MS)) removed += await janitor.tidy(false);
  return removed;
}

/** The most resident memory in bytes from here until the function that it returns is called. */
export function watchMemory(daemon) {
  let most = 0;
  const look = async () => {
    most = Math.max(most, (await daemon.memory()).rss);
  };
  const timer = setInterval(() => look().catch(() => {}), 200).unref();
  return async () => {
    clearInterval(timer);
    await look();
    return most;
  };
}

// A daemon with one honest guest and one hostile guest of each kind: what they do to it, to each other and to the calls.
import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { remoteProgram } from "@polyvisor/core";
import { RpcClient } from "@polyvisor/sdk/rpc";
import { watchMemory } from "../frames/round.mjs";
import { DaemonUnderTest } from "../lib/daemon.mjs";
import { total } from "../lib/memory.mjs";
import { percentiles } from "../lib/percentiles.mjs";
import { HOSTILE } from "./hostile.mjs";

const { calls } = remoteProgram;
const REAL = "/usr/bin/qemu-system-x86_64";
const WRAPPED = new URL("hostile-emulator.mjs", import.meta.url).pathname;

/** A monitor's deadline is 30 s, and an end may take a signal that is ignored. All in milliseconds. */
const PATIENCE = { call: 45_000, destroy: 45_000 };
const REST = 10;
const SHUTOFF = 5;

/** What the daemon rightly says of a hostile emulator. */
const RIGHTLY_SAID = /^the monitor of a running guest is lost/;

/** Every kind of monitor, and an emulator that ends by itself. */
export const KINDS = [...Object.keys(HOSTILE), "exits"];

/** @param {{ quiet: number, log: (words: string) => void }} options `quiet` in milliseconds */
export async function soakGuests({ quiet, log }) {
  const daemon = await DaemonUnderTest.start();
  const faults = [];
  try {
    const emulator = await makeWrapper(daemon.root);
    const client = await connect(daemon.socket);
    const honest = await define(client, "honest", REAL);
    await client.call(remoteProgram, calls.domainCreate, { dom: honest });
    const watch = watchHonest(daemon.socket, honest, faults);
    await sleep(quiet);
    const alone = { latency: { call: watch.report() }, memory: await daemon.settledMemory() };
    const rounds = [];
    for (let round = 0; round < 2; round++) {
      const unwatch = watchMemory(daemon);
      const begin = performance.now();
      await Promise.all(KINDS.map((kind) => suffer(daemon.socket, kind, emulator, faults)));
      const seconds = (performance.now() - begin) / 1000;
      const [latency, peak] = [watch.report(), await unwatch()];
      rounds.push({ latency: { call: latency }, peak, seconds, memory: await daemon.settledMemory() });
      log(`guests: round ${round + 1} took ${seconds.toFixed(0)} s`);
    }
    await watch.stop();
    await client.call(remoteProgram, calls.domainDestroy, { dom: honest });
    await sleep(500);
    faults.push(...(await leftovers(daemon)));
    await client.close();
    const growth = total(rounds[1].memory) - total(rounds[0].memory);
    return { kind: "guests", alone, beside: alone, rounds, growth, faults };
  } finally {
    faults.push(...new Set((await daemon.newErrors()).filter((error) => !RIGHTLY_SAID.test(error))));
    await daemon.stop();
    faults.push(...daemon.uncaught);
  }
}

/** A guest of this kind from its start to its end: every call is answered in time, and the end comes. */
async function suffer(socket, kind, emulator, faults) {
  const name = `hostile-${kind}`;
  const fault = (words) => faults.push(`${name}: ${words}`);
  const client = await connect(socket);
  const call = (callName, args, deadline) =>
    inTime(client.call(remoteProgram, calls[callName], args), deadline).catch((error) => {
      if (error === LATE) fault(`${callName} took longer than ${deadline} ms`);
      return error;
    });
  const dom = await define(client, name, emulator);
  const started = await call("domainCreate", { dom }, PATIENCE.call);
  // Kinds that end at once may do so while the start is still under way.
  if (started instanceof Error && !/monitor|running|QEMU/i.test(started.message)) fault(`start: ${started.message}`);
  await sleep(500);
  await Promise.all([
    call("domainGetInfo", { dom }, PATIENCE.call),
    call("domainGetXMLDesc", { dom, flags: 0 }, PATIENCE.call),
    call("domainSuspend", { dom }, PATIENCE.call),
  ]);
  await call("domainReset", { dom, flags: 0 }, PATIENCE.call);
  await call("domainDestroy", { dom }, PATIENCE.destroy);
  const state = await call("domainGetState", { dom, flags: 0 }, PATIENCE.call);
  if (state.state !== SHUTOFF) fault(`after destroy it is ${state.message ?? `in state ${state.state}`}`);
  const gone = await call("domainUndefine", { dom }, PATIENCE.call);
  if (gone instanceof Error) fault(`undefine: ${gone.message}`);
  await client.close();
}

/** Suspends and resumes the honest guest, again and again. */
function watchHonest(socket, dom, faults) {
  let times = [];
  let goesOn = true;
  const watching = (async () => {
    const client = await connect(socket);
    for (let i = 0; goesOn; i++) {
      const begin = performance.now();
      const name = i % 2 === 0 ? "domainSuspend" : "domainResume";
      await client.call(remoteProgram, calls[name], { dom }).catch((error) => faults.push(`honest: ${error.message}`));
      times.push((performance.now() - begin) * 1000);
      await sleep(REST);
    }
    await client.close();
  })();
  return {
    report() {
      const figures = percentiles(times);
      times = [];
      return figures;
    },
    async stop() {
      goesOn = false;
      await watching;
    },
  };
}

const LATE = new Error("late");

function inTime(promise, deadline) {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(LATE), deadline);
    promise.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}

async function connect(socket) {
  const client = await RpcClient.connect(socket);
  await client.call(remoteProgram, calls.connectOpen, { name: "qemu:///system", flags: 0 });
  return client;
}

function define(client, name, emulator) {
  const xml = `<domain type='qemu'><name>${name}</name><memory unit='MiB'>64</memory><vcpu>1</vcpu>
    <os><type arch='x86_64' machine='pc'>hvm</type></os><devices><emulator>${emulator}</emulator></devices></domain>`;
  return client.call(remoteProgram, calls.domainDefineXML, { xml });
}

/** Answers questions about itself honestly, and runs guests in its own way. */
async function makeWrapper(root) {
  const path = join(root, "hostile-emulator");
  const script = `case "$*" in
  *id=charmonitor,*) exec ${process.execPath} ${WRAPPED} ${root} "$@" ;;
  *) exec ${REAL} "$@" ;;
esac
`;
  await writeFile(path, `#!/bin/sh\n${script}`, { mode: 0o755 });
  return path;
}

/** Processes that belong to this daemon's guests and should have ended. */
async function leftovers({ root, pid }) {
  const found = [];
  for (const entry of await readdir("/proc")) {
    if (!/^\d+$/.test(entry) || Number(entry) === pid) continue;
    const line = await readFile(`/proc/${entry}/cmdline`, "utf8").catch(() => "");
    if (line.includes(root)) found.push(`process ${entry} is left: ${line.replaceAll("\0", " ").slice(0, 100)}`);
  }
  return found;
}

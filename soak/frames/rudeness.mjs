// One kind of rude clients: quiet, a warm-up round, a second round.
import { setTimeout as sleep } from "node:timers/promises";
import { total } from "../lib/memory.mjs";
import { Worker } from "../lib/worker.mjs";
import { watchMemory } from "./round.mjs";
import { RUDE } from "./rude.mjs";

const OBSERVER = new URL("observer.mjs", import.meta.url).pathname;
const CROWD = new URL("crowd.mjs", import.meta.url).pathname;

/**
 * @param {import("../lib/daemon.mjs").DaemonUnderTest} daemon
 * @param {string} name of a kind of rudeness
 * @param {{ seconds: number, quiet: number }} options
 */
export async function soakRudeness(daemon, name, { seconds, quiet }) {
  const { crowded, most } = RUDE[name];
  const observer = new Worker(OBSERVER, [daemon.socket, "soak:///default", ...(crowded ? ["no-new"] : [])]);
  const crowd = new Worker(CROWD);
  const order = { name, target: { socket: daemon.socket }, seconds };
  try {
    await observer.next();
    observer.tell("begin");
    await sleep(quiet);
    const alone = await observer.ask("report");
    const rounds = [];
    for (let round = 0; round < 2; round++) {
      const { rss } = await daemon.settledMemory();
      const unwatch = watchMemory(daemon);
      const figures = await crowd.ask(order);
      const latency = await observer.ask("report");
      const peak = (await unwatch()) - rss;
      // What is left of clients that are gone goes with the next look at them.
      await sleep(2000);
      const faults =
        peak > most * 1048576 ? [`${(peak / 1048576).toFixed(0)} MB more than before, allowed ${most}`] : [];
      await observer.ask("report");
      const memory = await daemon.settledMemory();
      rounds.push({ ...figures, latency, peak, memory, faults: [...faults, ...latency.failures] });
    }
    const [warmUp, second] = rounds;
    const growth = total(second.memory) - total(warmUp.memory);
    return { state: name, alone, rounds, growth, faults: rounds.flatMap(({ faults }) => faults) };
  } finally {
    await Promise.all([observer.stop(), crowd.stop()]);
  }
}

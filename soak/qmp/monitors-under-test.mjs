// A process of our monitors, as the daemon has them: one on an honest emulator, whose latency it measures, and many on
// hostile ones. Takes orders, one at a time, and answers with figures. Started with --expose-gc.
import { setTimeout as sleep } from "node:timers/promises";
import { VirtError } from "@polyvisor/core";
import { connectMonitor } from "../../plugins/qemu/dist/monitor/index.js";
import { percentiles } from "../lib/percentiles.mjs";

/** Milliseconds: long enough for an answer, short enough to see many commands fail. */
const DEADLINE = 1000;
const REST = 1;

const faults = [];
process.on("unhandledRejection", (reason) => faults.push(`unhandled rejection: ${reason?.stack ?? reason}`));
process.on("uncaughtException", (error) => faults.push(`uncaught exception: ${error.stack}`));

let honest;
process.on("message", async ({ honestSocket, hostileSocket, monitors, seconds }) => {
  honest ??= await connectMonitor(honestSocket, () => {});
  const times = [];
  const end = performance.now() + seconds * 1000;
  const counts = { monitors: 0, answered: 0, refused: 0, timedOut: 0, ended: 0, events: 0 };
  const lanes =
    hostileSocket === undefined ? [] : Array.from({ length: monitors }, () => suffer(hostileSocket, end, counts));
  while (performance.now() < end) {
    const begin = performance.now();
    await honest.execute("query-status").catch((error) => faults.push(`the honest monitor: ${error.message}`));
    times.push((performance.now() - begin) * 1000);
    await sleep(REST);
  }
  await Promise.all(lanes);
  const peak = process.memoryUsage().rss;
  for (let i = 0; i < 4; i++) {
    globalThis.gc();
    await sleep(20);
  }
  if ({}.polluted !== undefined) faults.push("Object.prototype was changed");
  process.send({
    ...counts,
    latency: { call: percentiles(times) },
    peak,
    memory: process.memoryUsage(),
    faults: faults.splice(0),
  });
});
process.on("disconnect", () => process.exit());

/** Connects and asks, again and again. Whatever comes of it is an answer or one of our errors, in time. */
async function suffer(socket, end, counts) {
  while (performance.now() < end) {
    let monitor;
    try {
      monitor = await connectMonitor(socket, () => counts.events++, { deadline: DEADLINE });
      counts.monitors++;
      for (let i = 0; i < 5 && monitor.isOpen && performance.now() < end; i++) await ask(monitor, counts);
    } catch (error) {
      if (!(error instanceof VirtError)) faults.push(`connecting failed in an odd way: ${error.stack}`);
    }
    monitor?.close();
    if (monitor !== undefined && monitor.pending > 0)
      faults.push(`${monitor.pending} commands are left in a closed monitor`);
    await sleep(5);
  }
}

async function ask(monitor, counts) {
  const begin = performance.now();
  const outcomes = await Promise.allSettled(["query-status", "query-block"].map((name) => monitor.execute(name)));
  if (performance.now() - begin > DEADLINE + 5000) faults.push(`a command took ${performance.now() - begin} ms`);
  for (const { status, reason } of outcomes) {
    if (status === "fulfilled") counts.answered++;
    else if (!(reason instanceof VirtError)) faults.push(`a command failed in an odd way: ${reason?.stack}`);
    else if (reason.code === "OPERATION_TIMEOUT") counts.timedOut++;
    else if (!monitor.isOpen) counts.ended++;
    else counts.refused++;
  }
}

// Runs a daemon and tells, over the channel to the process that started it, how much memory it uses after a collection and
// what nobody caught. `node --expose-gc daemon-under-test.mjs ROOT CONFIG`
import { setTimeout as sleep } from "node:timers/promises";
import { startDaemon } from "@polyvisor/daemon";

const [root, config] = process.argv.slice(2);

process.on("unhandledRejection", (reason) => process.send({ uncaught: `unhandled rejection: ${words(reason)}` }));
process.on("uncaughtException", (error) => {
  process.send({ uncaught: `uncaught exception: ${words(error)}` }, () => process.exit(1));
});

const daemon = await startDaemon({ root, config, asLibvirt: false });

process.on("message", async ({ id, ask }) => {
  if (ask === "stop") {
    await daemon.close();
    process.disconnect();
    return;
  }
  if (ask === "settled memory") await settle();
  process.send({ id, answer: process.memoryUsage() });
});
process.on("disconnect", () => process.exit());
process.send({ ready: true });

/** What is finalized in one collection is freed by the next. */
async function settle() {
  for (let i = 0; i < 4; i++) {
    globalThis.gc();
    await sleep(20);
  }
}

function words(reason) {
  return reason instanceof Error ? (reason.stack ?? reason.message) : String(reason);
}

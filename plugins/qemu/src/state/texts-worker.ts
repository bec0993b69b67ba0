import { readFileSync } from "node:fs";
import { parentPort, workerData } from "node:worker_threads";
import type { FileText } from "./texts.js";

/** What is worked off in a few milliseconds, so that nobody waits for all of it. */
const BATCH = 16;

let at = 0;

/** Runs in a thread of its own: see `textsOf`. The last batch is empty. */
function next(): void {
  const paths = workerData as readonly string[];
  const batch: FileText[] = [];
  while (batch.length < BATCH && at < paths.length) {
    const path = paths[at++] ?? "";
    try {
      batch.push([path, readFileSync(path, "utf8")]);
    } catch {
      // Whoever needs it reads it again, and tells why that cannot be done.
    }
  }
  parentPort?.postMessage(batch);
}

parentPort?.on("message", next);
next();

// A process that reads documents, one at a time, and tells what came of each. Its heap is limited by whoever starts it.
// Arguments: the seed, whether libvirt's data is taken, a file to write the number of the document at hand to, the limit in ms.
import { openSync, writeSync } from "node:fs";
import { readCorpus } from "./corpus.mjs";
import { documentOf } from "./documents.mjs";
import { judge } from "./judge.mjs";

const [seed, golden, progress, limit] = process.argv.slice(2);
const corpus = await readCorpus({ golden: golden === "true" });
const file = openSync(progress, "w");
const index = Buffer.alloc(8);

/** A slow document is tried again: what the machine did meanwhile is not its fault, nor is code that was not compiled yet. */
const TRIES = 12;
/** Bytes; smaller documents cannot come near the limit of memory. */
const LARGE = 65_536;

process.on("message", (numbers) => {
  const results = { outcomes: {}, times: [], large: [], largeNumbers: [], faults: [] };
  for (const at of numbers) {
    index.writeBigInt64LE(BigInt(at));
    writeSync(file, index, 0, 8, 0);
    read(at, results);
  }
  if ({}.polluted !== undefined || Object.keys(Object.prototype).length > 0)
    results.faults.push("Object.prototype was changed");
  process.send(results);
});

function read(at, results) {
  const document = documentOf(corpus, seed, at);
  const fault = (words) =>
    results.faults.push(`document ${at} (${document.kind}, ${document.bytes.length} bytes): ${words}`);
  let judged = judge(document);
  let time = judged.times.parse + judged.times.format;
  for (let tries = 1; time > Number(limit) && tries < TRIES; tries++) {
    judged = judge(document);
    time = Math.min(time, judged.times.parse + judged.times.format);
  }
  if (judged.fault !== undefined) fault(judged.fault);
  if (time > Number(limit))
    fault(
      `takes ${time.toFixed(0)} ms: ${judged.times.parse.toFixed(0)} to read, ${judged.times.format.toFixed(0)} to print`,
    );
  const outcome = `${document.kind} ${judged.outcome}`;
  results.outcomes[outcome] = (results.outcomes[outcome] ?? 0) + 1;
  if (document.bytes.length <= LARGE) results.times.push(time);
  else {
    results.large.push(time);
    results.largeNumbers.push(at);
  }
}

globalThis.gc();
process.send({ ready: true, heap: process.memoryUsage().heapUsed });

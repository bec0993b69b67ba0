// `npm run soak -- xml`: mutated documents, and what our readers and printers make of them.
import { fork } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { percentiles } from "./lib/percentiles.mjs";
import { readCorpus } from "./xml/corpus.mjs";
import { documentOf } from "./xml/documents.mjs";
import { judge } from "./xml/judge.mjs";
import { KINDS } from "./xml/kinds.mjs";

export const options = {
  count: { type: "string", default: "100000" },
  lanes: { type: "string", default: "1" },
  "max-ms": { type: "string", default: "50" },
  "max-mb": { type: "string", default: "64" },
  "no-golden": { type: "boolean", default: false },
  "no-limits": { type: "boolean", default: false },
  document: { type: "string" },
};

export const usage = `xml [--count N] [--lanes N] [--max-ms N] [--max-mb N] [--no-golden] [--no-limits] [--document N]
  --count      documents (default 100000); one in 25 has up to a megabyte
  --lanes      processes that read them (default 1: beside each other they are slower)
  --max-ms     the most CPU time that one may take to be read and printed (default 50)
  --max-mb     how much more heap than an idle process one that reads them gets (default 64)
  --no-golden  only documents of this repository are mutated, without libvirt's test data
  --no-limits  time and memory are no fault: for machines that do other work beside it
  --document   prints the document of that number, and what comes of it; needs the seed of the run`;

const LANE = new URL("xml/lane.mjs", import.meta.url);
const BATCH = 200;
/** Milliseconds after which a document counts as one that never ends. */
const STUCK = 20_000;
/** Faults that are told; more of them say nothing new. */
const TOLD = 40;
/** Size of V8's young generation, in MB: two halves of this, which are part of what a lane gets. */
const SEMI_SPACE = 8;

/** @returns {Promise<import("./lib/report.mjs").Report>} */
export async function run({ values, seed, log }) {
  const golden = !values["no-golden"];
  if (values.document !== undefined) return show(Number(values.document), seed, golden);
  const soak = new XmlSoak({ values, seed, log, golden });
  return soak.run();
}

async function show(index, seed, golden) {
  const document = documentOf(await readCorpus({ golden }), seed, index);
  process.stdout.write(`${document.bytes}\n`);
  const { fault, ...rest } = judge(document);
  console.log(rest);
  return { faults: fault === undefined ? [] : [fault], rows: [], details: [] };
}

class XmlSoak {
  #values;
  #seed;
  #log;
  #golden;
  #waiting = [];
  #folder;
  #heap = 0;
  #outcomes = {};
  #times = [];
  #large = [];
  #largeNumbers = [];
  #faults = [];

  constructor({ values, seed, log, golden }) {
    this.#values = values;
    this.#seed = seed;
    this.#log = log;
    this.#golden = golden;
  }

  async run() {
    this.#folder = await mkdtemp(join(tmpdir(), "pvsoak-"));
    try {
      const probe = await this.#start([]);
      this.#heap = probe.heap;
      probe.process.kill();
      this.#waiting = batches(Array.from({ length: Number(this.#values.count) }, (_, at) => at));
      await this.#pass((batch) => this.#take(batch), []);
      if (!this.#values["no-limits"]) await this.#squeeze();
    } finally {
      await rm(this.#folder, { recursive: true });
    }
    return this.#report();
  }

  /** Once more what is large, with little memory: to collect garbage all the time takes longer, so time does not count. */
  async #squeeze() {
    const old = Math.ceil(this.#heap / 1048576) + Number(this.#values["max-mb"]) - 2 * SEMI_SPACE;
    this.#waiting = batches(this.#largeNumbers);
    this.#log(`${this.#largeNumbers.length} large documents once more, with a heap of ${old + 2 * SEMI_SPACE} MB`);
    await this.#pass(() => {}, [`--max-old-space-size=${old}`, `--max-semi-space-size=${SEMI_SPACE}`]);
  }

  async #pass(take, limits) {
    await Promise.all(Array.from({ length: Number(this.#values.lanes) }, () => this.#lane(take, limits)));
  }

  /** Works until nothing is left to do; a process that dies over a document is replaced. */
  async #lane(take, limits) {
    while (this.#waiting.length > 0) {
      const lane = await this.#start(limits);
      for (let batch = this.#waiting.pop(); batch !== undefined; batch = this.#waiting.pop()) {
        const { results, at, how } = await this.#give(lane, batch);
        if (results !== undefined) take(results);
        else {
          this.#faults.push(`document ${at}: ${how}${limits.length > 0 ? " with little memory" : ""}`);
          this.#waiting.push(batch.slice(batch.indexOf(at) + 1));
          break;
        }
      }
      lane.process.kill("SIGKILL");
    }
  }

  async #start(limits) {
    const progress = join(this.#folder, `progress-${Math.random().toString(36).slice(2)}`);
    const limit = this.#values["no-limits"] || limits.length > 0 ? "Infinity" : this.#values["max-ms"];
    const child = fork(LANE, [this.#seed, String(this.#golden), progress, limit], {
      // One thread for all of it, so that its CPU time is the time that the daemon's thread would stand still.
      execArgv: ["--expose-gc", "--single-threaded-gc", "--no-node-snapshot", ...limits],
      stdio: ["ignore", "inherit", "ignore", "ipc"],
    });
    const first = await new Promise((resolve, reject) => {
      child.once("message", resolve);
      child.once("exit", (code, signal) => reject(new Error(`a lane did not start: ${code ?? signal}`)));
    });
    return { process: child, progress, heap: first.heap };
  }

  /** Has a batch read: its results, or the document that ended the process and how. */
  async #give({ process: child, progress }, batch) {
    const ended = new AbortController();
    const done = Promise.race([
      once(child, "message", ended).then(([results]) => ({ results })),
      once(child, "exit", ended).then(([code, signal]) => ({
        how: `the process ended: ${signal ?? `exit code ${code}`}`,
      })),
    ]).finally(() => ended.abort());
    child.send(batch);
    let at = -1;
    for (;;) {
      const outcome = await Promise.race([done, new Promise((resolve) => setTimeout(resolve, STUCK).unref())]);
      if (outcome?.results !== undefined) return outcome;
      const now = Number((await readFile(progress)).readBigInt64LE());
      if (outcome?.how !== undefined) return { at: now, how: outcome.how };
      if (now === at) return { at, how: `not done after ${STUCK / 1000} s` };
      at = now;
    }
  }

  #take({ outcomes, times, large, largeNumbers, faults }) {
    for (const [outcome, count] of Object.entries(outcomes))
      this.#outcomes[outcome] = (this.#outcomes[outcome] ?? 0) + count;
    this.#times.push(...times);
    this.#large.push(...large);
    this.#largeNumbers.push(...largeNumbers);
    this.#faults.push(...faults);
    const done = this.#times.length + this.#large.length;
    if (done % 10_000 < BATCH) this.#log(`${done} documents, ${this.#faults.length} faults`);
  }

  #report() {
    const { length } = this.#faults;
    const told = this.#faults.slice(0, TOLD);
    const ms = (value) => (Number.isNaN(value) ? "" : value.toFixed(1));
    const rows = Object.keys(KINDS).map((kind) => ({
      kind,
      models: this.#outcomes[`${kind} model`] ?? 0,
      errors: this.#outcomes[`${kind} error`] ?? 0,
      crashes: this.#outcomes[`${kind} crash`] ?? 0,
    }));
    const [small, large] = [percentiles(this.#times), percentiles(this.#large)];
    this.#log(
      `up to 64 kB: ${small.count}, ms of CPU time: median ${ms(small.p50)}, p99 ${ms(small.p99)}, most ${ms(small.max)}`,
    );
    this.#log(
      `up to 1 MB: ${large.count}, ms of CPU time: median ${ms(large.p50)}, p99 ${ms(large.p99)}, most ${ms(large.max)}`,
    );
    this.#log(`heap of an idle process: ${(this.#heap / 1048576).toFixed(1)} MB`);
    return {
      faults: length > TOLD ? [...told, `and ${length - TOLD} more`] : told,
      rows,
      details: [{ outcomes: this.#outcomes, small, large, heap: this.#heap, faults: this.#faults }],
    };
  }
}

/** In the order in which they are taken from the end. */
function batches(numbers) {
  const cut = [];
  for (let from = 0; from < numbers.length; from += BATCH) cut.unshift(numbers.slice(from, from + BATCH));
  return cut;
}

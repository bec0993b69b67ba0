import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { createHost, rootPaths } from "@polyvisor/core";
import { Random } from "../lib/random.mjs";
import { Writer } from "./writer.mjs";

const PLUGIN = fileURLToPath(new URL("../../plugins/log-logd", import.meta.url));
/** All that a guest writes in one life finds room: what has been rolled over is still there when it is judged. */
const SETTINGS = "max_size = 400000\nmax_backups = 32\n";
const WRITERS = 4;
const FLOODS = 2;
/** A guest ends after so many things have happened, and another begins. */
const LIFE = 6;
/** How long it stays quiet between two things at most, in milliseconds. */
const QUIET = 700;

/** What may happen, and how often. */
const EVENTS = { killed: 3, replaced: 2, "ended politely": 1, "manager restarted": 2 };

/** Guests that write, and what happens to those who keep it. */
export class LogSoak {
  #root;
  #log;
  #random;
  #counts = new Map(Object.keys(EVENTS).map((name) => [name, 0]));
  #calls = 0;
  #lines = 0;
  #host;
  #manager;
  /** @type {string[]} */
  #faults = [];

  constructor({ root, seed, log }) {
    this.#root = root;
    this.#log = log;
    this.#random = new Random(seed, "logs");
  }

  get rows() {
    return [{ ...Object.fromEntries(this.#counts), calls: this.#calls, lines: this.#lines }];
  }

  /** @returns {Promise<string[]>} faults */
  async run(count) {
    await mkdir(join(this.#root, "etc/libvirt"), { recursive: true });
    await writeFile(join(this.#root, "etc/libvirt/virtlogd.conf"), SETTINGS);
    await this.#begin();
    try {
      for (let done = 0; done < count && this.#faults.length === 0; done += LIFE) {
        await this.#life(Math.min(LIFE, count - done));
        this.#log(`${done + LIFE} things happened, ${this.#lines} lines`);
      }
    } finally {
      await this.#host.close();
      await this.#signal("SIGTERM");
    }
    return this.#faults;
  }

  /** Some guests from begin to end. */
  async #life(count) {
    const writers = await Promise.all(
      Array.from({ length: WRITERS + FLOODS }, (_, number) =>
        Writer.start(this.#manager, join(this.#root, `${number < WRITERS ? "guest" : "flood"}-${number}.log`), {
          floods: number >= WRITERS,
        }),
      ),
    );
    const asking = this.#ask(writers);
    for (let happened = 0; happened < count; happened++) {
      await sleep(this.#random.below(QUIET));
      await this.#happen(this.#pick());
    }
    asking.stop();
    await asking.done;
    for (const writer of writers) {
      const { lines, faults } = await writer.end(this.#manager);
      this.#lines += lines;
      this.#faults.push(...faults);
    }
  }

  /** Asks for positions all the time: a call is answered whatever happens to the daemon. */
  #ask(writers) {
    let stopped = false;
    const work = async () => {
      while (!stopped) {
        const { path } = this.#random.pick(writers);
        const began = performance.now();
        try {
          await this.#manager.getLogFilePosition({ path });
          this.#calls += 1;
        } catch (error) {
          this.#faults.push(`position in ${path} after ${Math.round(performance.now() - began)} ms: ${error.message}`);
        }
        await sleep(20);
      }
    };
    return { stop: () => (stopped = true), done: work() };
  }

  async #happen(event) {
    this.#counts.set(event, this.#counts.get(event) + 1);
    if (event === "killed") await this.#signal("SIGKILL");
    else if (event === "replaced") await this.#signal("SIGUSR1");
    else if (event === "ended politely") await this.#signal("SIGTERM");
    else await this.#restart();
  }

  /** Only while a daemon runs: where both are gone, nobody promises anything. */
  async #restart() {
    while ((await this.#pid()) === 0) await sleep(10);
    const old = this.#host;
    await this.#begin();
    await old.close();
  }

  async #begin() {
    this.#host = await createHost({ plugins: [PLUGIN], paths: rootPaths(this.#root), use: { "log.v1": "log-logd" } });
    this.#manager = await this.#host.connect("log.v1");
    // It takes a moment until it watches over the guests that it finds.
    await sleep(500);
  }

  async #signal(signal) {
    const pid = await this.#pid();
    if (pid > 0) process.kill(pid, signal);
  }

  /** The daemon's, 0 where none runs. */
  async #pid() {
    const text = await readFile(join(this.#root, "run/libvirt/virtlogd.pid"), "utf8").catch(() => "0");
    const pid = Number(text);
    const command = pid > 0 ? await readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "") : "";
    return command.includes("polyvisor-logd") ? pid : 0;
  }

  #pick() {
    return this.#random.pick(Object.entries(EVENTS).flatMap(([name, weight]) => Array(weight).fill(name)));
  }
}

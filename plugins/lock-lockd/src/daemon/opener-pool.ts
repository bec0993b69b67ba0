import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { Socket } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import type { ClientOf, Log } from "@polyvisor/core";
import { socketPair } from "@polyvisor/sdk/process";
import { RpcClient, stubsOf } from "@polyvisor/sdk/rpc";
import { hangs } from "./errors.js";
import { openerProgram } from "./opener-api.js";

export type OpenerCalls = ClientOf<typeof openerProgram.calls>;

/** How long a file may take, in milliseconds. */
const DEADLINE_MS = 10_000;

/** How long work may wait for an opener, in milliseconds: it does only where many files hang. */
const WAIT_MS = 60_000;

/** Where the openers are busy for this long, in milliseconds, the next work gets another. */
const PATIENCE_MS = 200;

/** How long openers may take to end, in milliseconds. */
const REST_MS = 1000;

/** Openers at a time, those that hang included. */
const OPENERS_MAX = 32;

interface Opener {
  readonly process: ChildProcess;
  readonly client: RpcClient;
  readonly calls: OpenerCalls;
  /** Until it has answered for the first time, it starts. */
  isReady: boolean;
  busySince: number | undefined;
}

interface Work {
  readonly path: string;
  readonly deadline: NodeJS.Timeout;
  start(opener: Opener): Promise<void>;
}

/**
 * Does what may hang in processes of its own: usually in one that is always ready, in more while one hangs. What hangs too
 * long fails, its process is killed, and nothing else waits for it.
 */
export class OpenerPool {
  readonly #log: Log;
  readonly #deadline: number;
  readonly #openers = new Set<Opener>();
  readonly #waiting: Work[] = [];
  #patience: NodeJS.Timeout | undefined;

  constructor(log: Log, deadline = DEADLINE_MS) {
    this.#log = log;
    this.#deadline = deadline;
    this.#start();
  }

  /** Fails with `OPERATION_TIMEOUT` where the file does not answer in time. */
  do<T>(path: string, work: (calls: OpenerCalls) => Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      const fail = () => {
        const index = this.#waiting.indexOf(item);
        if (index >= 0) this.#waiting.splice(index, 1);
        reject(hangs(path, this.#deadline / 1000));
      };
      const item: Work = {
        path,
        deadline: setTimeout(fail, WAIT_MS),
        start: async (opener) => {
          clearTimeout(item.deadline);
          const late = setTimeout(() => {
            this.#abandon(opener, path);
            fail();
          }, this.#deadline);
          await work(opener.calls).then(resolve, reject);
          clearTimeout(late);
        },
      };
      this.#waiting.push(item);
      this.#offer();
    });
  }

  /** Ends the openers, when nothing is under way: the program that comes next would not notice that they have ended. */
  async rest(): Promise<void> {
    const openers = [...this.#openers];
    const ended = openers.map(({ process: child }) => once(child, "exit"));
    for (const opener of openers) this.#dismiss(opener);
    await Promise.race([Promise.allSettled(ended), delay(REST_MS)]);
  }

  /** Goes on after `rest`. */
  wake(): void {
    if (this.#openers.size === 0) this.#start();
  }

  close(): void {
    clearTimeout(this.#patience);
    for (const { process, client } of this.#openers) {
      void client.close();
      process.kill("SIGKILL");
    }
  }

  #offer(): void {
    for (const opener of this.#openers) {
      if (!isIdle(opener)) continue;
      const work = this.#waiting.shift();
      if (work === undefined) return;
      opener.busySince = performance.now();
      void work.start(opener).then(() => this.#done(opener));
    }
    if (this.#waiting.length > 0) this.#wait();
  }

  #done(opener: Opener): void {
    opener.busySince = undefined;
    const isSurplus =
      this.#waiting.length === 0 && [...this.#openers].some((other) => other !== opener && isIdle(other));
    if (isSurplus) this.#dismiss(opener);
    this.#offer();
  }

  /** Looks again after a while: by then all openers may hang. */
  #wait(): void {
    this.#patience ??= setTimeout(() => {
      this.#patience = undefined;
      if (this.#waiting.length === 0) return;
      const openers = [...this.#openers];
      const latest = Math.max(0, ...openers.map(({ busySince }) => busySince ?? 0));
      const allHang = performance.now() - latest >= PATIENCE_MS && openers.every(({ isReady }) => isReady);
      if (allHang && openers.length < OPENERS_MAX) this.#start();
      this.#offer();
    }, PATIENCE_MS);
  }

  #start(): void {
    const [ours, theirs] = socketPair();
    const child = spawn(process.execPath, [fileURLToPath(new URL("opener.js", import.meta.url))], {
      cwd: "/",
      stdio: ["ignore", "ignore", "inherit", theirs.fd],
    });
    theirs.close();
    const client = new RpcClient({ socket: new Socket({ fd: ours.take() }), isDirect: true });
    const calls = stubsOf(client, openerProgram);
    const opener: Opener = { process: child, client, calls, isReady: false, busySince: undefined };
    this.#openers.add(opener);
    const ready = () => {
      opener.isReady = true;
      this.#offer();
    };
    calls.hello({}).then(ready, () => {});
    child.on("error", (error) => this.#log.error({ err: error }, "no opener can be started"));
    child.unref();
    void client.closed.then(() => {
      this.#openers.delete(opener);
      if (this.#waiting.length > 0) this.#wait();
    });
  }

  /** A process that hangs in the kernel ends when the file system lets it; what it opens then, it closes by ending. */
  #abandon(opener: Opener, path: string): void {
    this.#log.warn({ path }, "a file hangs: its opener is left behind");
    this.#dismiss(opener);
    opener.process.kill("SIGKILL");
  }

  #dismiss(opener: Opener): void {
    this.#openers.delete(opener);
    void opener.client.close();
  }
}

function isIdle({ isReady, busySince }: Opener): boolean {
  return isReady && busySince === undefined;
}

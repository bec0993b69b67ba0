import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import type { Socket } from "node:net";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import { setTimeout as delay } from "node:timers/promises";
import type { ClientOf, Log } from "@polyvisor/core";
import { RpcClient, stubsOf } from "@polyvisor/sdk/rpc";
import { PLUGIN_EXIT, wordsOfExit } from "./exit-codes.js";
import type { HostSide } from "./host-side.js";
import { type processApi, processProgram } from "./programs.js";
import { ContractCalls } from "./table-client.js";
import { TableServer } from "./table-server.js";

/** The program of a plugin's process. */
const PROGRAM = new URL("../../bin/polyvisor-plugin.js", import.meta.url).pathname;

/** Of V8's heap: what is resident besides takes the rest of the memory that a plugin may have. */
const HEAP_SHARE = 0.8;

/** Lines that belong to one complaint, such as an error and its stack, come within so many milliseconds. */
const COMPLAINT_MS = 1000;

/** How long a process may live that has hung up, in milliseconds. */
const HANG_UP_MS = 2000;

/** How a process ended. */
export interface Ending {
  readonly words: string;
  /** It would end so again, however often it were started. */
  readonly isFinal: boolean;
}

export interface ChildTerms {
  readonly plugin: string;
  /** MiB. */
  readonly memory: number;
  /** What the plugin may call here. */
  readonly side: HostSide;
  readonly log: Log;
}

/** One process of a plugin, from its start to its end. */
export class PluginChild {
  readonly pid: number;
  /** The calls that the process itself answers. */
  readonly api: ClientOf<typeof processApi>;
  readonly contracts: ContractCalls;
  /** Resolves once the process is gone. */
  readonly ended: Promise<Ending>;
  readonly #process: ChildProcess;
  readonly #log: Log;
  /** The first that the process complained of lately: where it ends by an error of its own, that is the error. */
  #complaint: { readonly line: string; readonly at: number } | undefined;
  #killedFor: string | undefined;
  #hasHungUp = false;

  private constructor(process: ChildProcess, pid: number, { side, log }: ChildTerms) {
    this.pid = pid;
    this.#process = process;
    this.#log = log.child({ pid });
    const [, out, errors, calls, served] = process.stdio as unknown as [null, Readable, Readable, Socket, Socket];
    createInterface({ input: out }).on("line", (line) => this.#log.info({}, line));
    createInterface({ input: errors }).on("line", (line) => this.#said(line));
    const client = new RpcClient({ socket: calls, isDirect: true });
    this.api = stubsOf(client, processProgram);
    this.contracts = new ContractCalls(client, (id) => void this.api.cancel({ id }).catch(() => {}));
    const server: TableServer = new TableServer(
      served,
      side.tables(this.#log, (id) => server.cancel(id)),
      this.#log,
    );
    void client.closed.then(() => this.#hungUp());
    this.ended = endOf(process, errors).then(({ code, signal }) => this.#ending(code, signal));
  }

  /** Rejects where no process can be started. */
  static async start(terms: ChildTerms): Promise<PluginChild> {
    const heap = `--max-old-space-size=${Math.floor(terms.memory * HEAP_SHARE)}`;
    const child = spawn(process.execPath, [heap, PROGRAM, terms.plugin], {
      stdio: ["ignore", "pipe", "pipe", "pipe", "pipe"],
    });
    await once(child, "spawn");
    return new PluginChild(child, child.pid as number, terms);
  }

  /** Whether nothing can be called there any more. */
  get hasHungUp(): boolean {
    return this.#hasHungUp;
  }

  /** Ends the process at once. What it is killed for is how its end is told. */
  kill(why: string): void {
    if (this.#process.kill("SIGKILL")) this.#killedFor ??= why;
  }

  /** A process that no host can reach is of no use. One that ends hangs up first. */
  async #hungUp(): Promise<void> {
    this.#hasHungUp = true;
    await delay(HANG_UP_MS, undefined, { ref: false });
    this.kill("it closed its connection to the host");
  }

  #said(line: string): void {
    const now = performance.now();
    if (this.#complaint === undefined || now - this.#complaint.at > COMPLAINT_MS)
      this.#complaint = { line: line.trim(), at: now };
    this.#log.warn({}, line);
  }

  #ending(code: number | null, signal: string | null): Ending {
    const words = code === null ? (this.#killedFor ?? wordsOfExit(code, signal)) : wordsOfExit(code, signal);
    const isFinal = code === PLUGIN_EXIT.VERSIONS;
    const isOwn = code === PLUGIN_EXIT.UNCAUGHT || isFinal;
    return { words: isOwn && this.#complaint !== undefined ? `${words}: ${this.#complaint.line}` : words, isFinal };
  }
}

/** How long what a process wrote last may be under way once it is gone, in milliseconds. */
const LAST_WORDS_MS = 500;

/** A guest may have inherited the other end of what the process wrote to, so its end is not waited for without a limit. */
async function endOf(process: ChildProcess, errors: Readable): Promise<{ code: number | null; signal: string | null }> {
  const read = once(errors, "close");
  const [code, signal] = (await once(process, "exit")) as [number | null, string | null];
  await Promise.race([read, delay(LAST_WORDS_MS, undefined, { ref: false })]);
  return { code, signal };
}

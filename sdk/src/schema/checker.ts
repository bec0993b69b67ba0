import { type ChildProcess, spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { VirtError } from "@polyvisor/core";
import type { CheckOutcome, CheckReply, CheckRequest } from "./messages.js";

export interface CheckerOptions {
  /** The program that validates; takes `CheckRequest` and answers `CheckReply`. Ours when left out. */
  readonly helper?: string;
  /** The longest that a document may wait for its turn, and again for its answer, in milliseconds; 10 s when left out. */
  readonly deadline?: number;
  /** How long the helper stays after its last document, in milliseconds; 30 s when left out. */
  readonly idle?: number;
  /** The most memory that the helper may write to, in bytes; 512 MiB when left out. */
  readonly memory?: number;
}

const HELPER = fileURLToPath(new URL("helper.js", import.meta.url));
const DEFAULT_DEADLINE = 10_000;
const DEFAULT_IDLE = 30_000;
const DEFAULT_MEMORY = 512 * 1024 * 1024;

/**
 * Has documents checked by a helper process, one at a time. To start it takes several times longer than to check a
 * document, so it stays for a while; one that is too slow or has died is replaced.
 */
export class SchemaChecker {
  readonly #options: Required<CheckerOptions>;
  #helper: Helper | undefined;
  #idleTimer: NodeJS.Timeout | undefined;
  /** Settles when everybody who came before has had a turn. */
  #turn: Promise<unknown> = Promise.resolve();

  constructor(options: CheckerOptions = {}) {
    const { helper = HELPER, deadline = DEFAULT_DEADLINE, idle = DEFAULT_IDLE, memory = DEFAULT_MEMORY } = options;
    this.#options = { helper, deadline, idle, memory };
  }

  /** `schema`: absolute path. Fails only where the helper is too slow or cannot be run. */
  check(schema: string, xml: string): Promise<CheckOutcome> {
    let waiting = true;
    const { deadline } = this.#options;
    return new Promise((resolve, reject) => {
      const impatience = setTimeout(() => {
        waiting = false;
        reject(tooSlow(deadline, "other documents are validated"));
      }, deadline);
      this.#turn = this.#turn.then(async () => {
        clearTimeout(impatience);
        if (waiting) await this.#serve(schema, xml).then(resolve, reject);
      });
    });
  }

  /** Ends the helper. Another check starts a new one. */
  close(): void {
    clearTimeout(this.#idleTimer);
    this.#helper?.kill();
    this.#helper = undefined;
  }

  async #serve(schema: string, xml: string): Promise<CheckOutcome> {
    clearTimeout(this.#idleTimer);
    if (this.#helper?.ended !== false) this.#helper = new Helper(this.#options);
    try {
      return await this.#helper.ask(schema, xml);
    } catch (error) {
      this.close();
      throw error;
    } finally {
      this.#idleTimer = setTimeout(() => this.close(), this.#options.idle).unref();
    }
  }
}

/** One helper process. It ends with this one, because its channel does. */
class Helper {
  ended = false;
  readonly #process: ChildProcess;
  readonly #deadline: number;
  #settle: { resolve(outcome: CheckOutcome): void; reject(error: Error): void } | undefined;
  #lastId = 0;

  constructor({ helper, deadline, memory }: Required<CheckerOptions>) {
    this.#deadline = deadline;
    // Node cannot limit its own memory: a shell does, and becomes the helper. Where less is allowed already, that holds.
    const script = `ulimit -d ${Math.ceil(memory / 1024)}; exec "$@"`;
    this.#process = spawn("/bin/sh", ["-c", script, "sh", process.execPath, helper], {
      cwd: "/",
      env: { PATH: process.env.PATH ?? "/usr/bin:/bin", LC_ALL: "C" },
      detached: true,
      stdio: ["ignore", "ignore", "ignore", "ipc"],
    });
    this.#process.on("message", (reply: CheckReply) => {
      if (reply.id === this.#lastId) this.#settle?.resolve(reply.outcome);
    });
    this.#process.once("error", (cause) => this.#fail(`cannot be run: ${cause.message}`));
    this.#process.once("exit", (code, signal) => this.#fail(`ended (${signal ?? `exit status ${code}`})`));
    this.#release();
  }

  async ask(schema: string, xml: string): Promise<CheckOutcome> {
    const request: CheckRequest = { id: ++this.#lastId, schema, xml };
    let timer: NodeJS.Timeout | undefined;
    this.#process.ref();
    this.#process.channel?.ref();
    try {
      return await new Promise<CheckOutcome>((resolve, reject) => {
        this.#settle = { resolve, reject };
        timer = setTimeout(() => reject(tooSlow(this.#deadline, "the document is very large")), this.#deadline);
        this.#process.send(request, (error) => {
          if (error !== null) reject(failed(`cannot be reached: ${error.message}`));
        });
      });
    } finally {
      clearTimeout(timer);
      this.#settle = undefined;
      this.#release();
    }
  }

  kill(): void {
    this.ended = true;
    this.#process.kill("SIGKILL");
  }

  /** While it has nothing to do it does not keep this process alive. */
  #release(): void {
    this.#process.unref();
    this.#process.channel?.unref();
  }

  #fail(what: string): void {
    this.ended = true;
    this.#settle?.reject(failed(what));
  }
}

function failed(what: string): VirtError {
  return new VirtError("OPERATION_FAILED", `the helper that validates documents ${what}`, {
    domain: "XML",
    hint: "a document of extreme size may need more memory than it is allowed",
  });
}

function tooSlow(deadline: number, reason: string): VirtError {
  return new VirtError("OPERATION_TIMEOUT", `the document was not validated within ${deadline / 1000} s`, {
    domain: "XML",
    hint: `${reason}; try again, or leave --validate out`,
  });
}

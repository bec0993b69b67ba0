import { type ChildProcess, spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { LabelReport, LabelRequest } from "./request.js";

const PROGRAM = fileURLToPath(new URL("helper/main.js", import.meta.url));
/** The kernel ends it with us: one that outlived us would go on behind the back of whoever comes next. */
const WITH_US = ["setpriv", "--pdeathsig", "KILL", "--"] as const;
/** How much of what a broken helper says is kept. */
const LAST_WORDS = 2000;

/** Where a helper is in its work, and since when. */
export interface Place {
  /** The file; `undefined` before the first. */
  readonly at: string | undefined;
  /** Somebody else has the file locked. */
  readonly waits: boolean;
}

/** How a request went; `place` is where the helper was when it was lost or given up. */
export type HelperOutcome =
  | Extract<LabelReport, { readonly done: true }>
  | { readonly done: false; readonly place: Place; readonly why: "slow" | "ended"; readonly words: string };

/** How long a helper may say nothing, in milliseconds: at a file, and while it waits for locks. */
export interface Patience {
  readonly file: number;
  readonly lock: number;
}

/**
 * A process that does what may wait for file systems, one request after the other. One that hangs is killed, which it may
 * not notice until its file system answers again; another one does the next request.
 */
export class HelperProcess {
  readonly #child: ChildProcess;
  #words = "";
  #hasEnded = false;

  constructor() {
    const [command, ...args] = [...WITH_US, process.execPath, PROGRAM];
    this.#child = spawn(command, args, {
      cwd: "/",
      env: { PATH: process.env.PATH ?? "/usr/sbin:/usr/bin:/sbin:/bin", LC_ALL: "C" },
      stdio: ["ignore", "ignore", "pipe", "ipc"],
      detached: true,
    });
    this.#child.stderr?.on("data", (bytes: Buffer) => {
      this.#words = (this.#words + bytes.toString()).slice(-LAST_WORDS);
    });
    this.#child.once("error", (error) => {
      this.#words = error.message;
      this.#hasEnded = true;
    });
    this.#child.once("exit", () => {
      this.#hasEnded = true;
    });
    this.rest();
  }

  /** Whether it can take another request. */
  get isUsable(): boolean {
    return !this.#hasEnded && this.#child.connected;
  }

  /** Lets this process end while nothing is asked of the helper. */
  rest(): void {
    this.#child.unref();
    this.#child.channel?.unref();
    unrefStream(this.#child.stderr);
  }

  /** `slow` is called when the helper has been at one file for a while, and may be for longer. */
  ask(request: LabelRequest, patience: Patience, slow: () => void): Promise<HelperOutcome> {
    this.#child.ref();
    this.#child.channel?.ref();
    return new Promise((resolve) => {
      let place: Place = { at: undefined, waits: false };
      let silence: NodeJS.Timeout;
      const lag = setTimeout(slow, SLOW);
      const finish = (outcome: HelperOutcome) => {
        clearTimeout(silence);
        clearTimeout(lag);
        this.#child.off("message", hear);
        this.#child.off("exit", end);
        this.#child.off("error", end);
        this.rest();
        resolve(outcome);
      };
      const lost = (why: "slow" | "ended") => finish({ done: false, place, why, words: this.#words.trim() });
      const listen = () => {
        clearTimeout(silence);
        silence = setTimeout(
          () => {
            this.kill();
            lost("slow");
          },
          patienceAt(place, patience),
        );
        lag.refresh();
      };
      const hear = (report: LabelReport) => {
        if ("done" in report) return finish(report);
        place = report;
        listen();
      };
      const end = () => lost("ended");
      this.#child.on("message", hear);
      this.#child.once("exit", end);
      this.#child.once("error", end);
      silence = setTimeout(() => {}, 0);
      listen();
      if (this.#hasEnded) end();
      else this.#child.send(request, (error) => error !== null && end());
    });
  }

  kill(): void {
    this.#hasEnded = true;
    this.#child.kill("SIGKILL");
  }
}

/** A process takes its time to begin on a busy machine, and touches no file until it tells which. In milliseconds. */
const BEGINNING = 60_000;

function patienceAt({ at, waits }: Place, { file, lock }: Patience): number {
  if (at === undefined) return BEGINNING;
  return waits ? lock : file;
}

/** After so long at one file a helper counts as one that hangs, and another may begin. */
const SLOW = 1_000;

function unrefStream(stream: unknown): void {
  (stream as { unref?: () => void } | null)?.unref?.();
}

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { until } from "./processes.js";
import { clientProgram, PYTHON } from "./project.js";

/** Ends `virsh console`. */
export const DETACH = "\x1d";

/** A program at a terminal: what it has shown so far, and a keyboard. */
export class Terminal {
  readonly #child: ChildProcess;
  #shown = "";
  #seen = 0;

  constructor(command: string, args: readonly string[]) {
    const program = [clientProgram("terminal.py"), command, ...args];
    this.#child = spawn(PYTHON, program, { env: { ...process.env, LC_ALL: "C", TERM: "dumb" } });
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      stream?.setEncoding("utf8").on("data", (text: string) => {
        this.#shown += text;
      });
    }
    this.#child.stdin?.on("error", () => {});
  }

  /** All that it has shown. */
  get shown(): string {
    return this.#shown;
  }

  /** Waits for a text after the place where the last wait ended. */
  async expect(text: string, timeout = 120_000): Promise<void> {
    await until(
      `the terminal shows ${JSON.stringify(text)}`,
      () => {
        const found = this.#shown.indexOf(text, this.#seen);
        if (found < 0) return false;
        this.#seen = found + text.length;
        return true;
      },
      timeout,
    ).catch((error) => {
      throw new Error(`${(error as Error).message}; it shows: ${this.#shown.slice(-2000)}`);
    });
  }

  type(text: string): void {
    this.#child.stdin?.write(text);
  }

  /** Waits for the program's end; the code is its own. */
  async ended(): Promise<number | null> {
    if (this.#child.exitCode !== null) return this.#child.exitCode;
    const [code] = (await once(this.#child, "close")) as [number | null];
    return code;
  }

  async stop(): Promise<void> {
    if (this.#child.exitCode !== null) return;
    this.#child.kill("SIGKILL");
    await this.ended();
  }
}

/**
 * The process that does a plugin's steps and becomes the guest. Started by the words of `launcherWords`, with nothing around
 * it: it does one thing after the other, and waits where it has to.
 */
import type { LauncherSteps, LauncherTools } from "./steps.js" with { "resolution-mode": "import" };

import fs = require("node:fs");
import becoming = require("./become.cjs");
import errors = require("./errors.cjs");
import native = require("./libc.cjs");
import sockets = require("./socket.cjs");

interface Told {
  readonly koffi: string | null;
  readonly steps: string;
  readonly deadline: number;
  /** How many words the plan has. */
  readonly words: number;
}

/** In the words of `wrapperRefusal`, in one line. Nobody reads the status. */
function refuse(code: string, words: string): never {
  fs.writeSync(2, `polyvisor: ${code}: ${words.replace(/\s+/g, " ")}\n`);
  process.exit(1);
}

function main(): void {
  // The shell's "$@" begins with this program once more.
  const [descriptors = "", stat = "", openFiles = "", , json = "{}", ...rest] = process.argv.slice(2);
  const told = JSON.parse(json) as Told;
  const until = Date.now() + told.deadline;
  const libc = native.loadLibc(told.koffi);
  const kept: number[] = [];
  const tools: LauncherTools = {
    pid: process.pid,
    connect(path) {
      const connection = new sockets.Connection(libc, path, until, refuse);
      kept.push(connection.fd);
      return connection;
    },
    refuse,
  };
  const steps = require(told.steps) as LauncherSteps<unknown>;
  steps(JSON.parse(rest.slice(0, told.words).join("")), tools);
  const at = process.execArgv.length + 7 + told.words;
  const errno = becoming.become(libc, { descriptors, stat, openFiles }, at, kept);
  refuse("SYSTEM_ERROR", `Cannot run '${rest[told.words] ?? ""}': ${errors.wordsOf(errno)}`);
}

try {
  main();
} catch (error) {
  refuse("INTERNAL_ERROR", `the guest's launcher fails: ${error instanceof Error ? error.message : String(error)}`);
}

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import type { Descriptor } from "@polyvisor/core";
import { closeDescriptor, descriptorOfProcess, openPidfd } from "@polyvisor/sdk/process";
import { qemuError } from "../errors.js";
import { within } from "../within.js";

/** How long a file system may take, in milliseconds. */
const DEADLINE = 10_000;
/** Where the shell has the file open. */
const FD = 3;
/** Tells when it is open, and has it open until its input ends. */
const SCRIPT = 'umask 077; if [ "$2" = empty ]; then : > "$1" || exit 1; fi; exec 3>>"$1" || exit 1; echo; read -r end';

/**
 * Opens a file to write behind what it holds; it may be on any file system, so another process does it. Fails with
 * `SYSTEM_ERROR` in its words, or `OPERATION_TIMEOUT`.
 */
export async function openBeside({
  path,
  appends,
}: {
  readonly path: string;
  readonly appends: boolean;
}): Promise<Descriptor> {
  const child = spawn("/bin/sh", ["-c", SCRIPT, "sh", path, appends ? "" : "empty"], { stdio: "pipe", cwd: "/" });
  let words = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    words += text;
  });
  try {
    const isTold = Promise.race([once(child.stdout, "data"), once(child, "close")]);
    if (!(await within(isTold, DEADLINE))) throw tooSlow(path);
    if (child.exitCode !== null) throw refused(path, words);
    return descriptorOf(child);
  } finally {
    child.kill("SIGKILL");
    // One that hangs in the kernel keeps nobody.
    for (const stream of [child.stdin, child.stdout, child.stderr]) stream.destroy();
    child.unref();
  }
}

function descriptorOf({ pid = 0 }: ChildProcess): Descriptor {
  const pidfd = openPidfd(pid);
  try {
    return descriptorOfProcess(pidfd, FD);
  } finally {
    closeDescriptor(pidfd);
  }
}

/** The shell's own words are `sh: 1: cannot create PATH: REASON`. */
function refused(path: string, words: string): Error {
  const reason = words.trim().split("\n").at(-1)?.split(": ").at(-1) ?? "";
  return qemuError("SYSTEM_ERROR", `failed to create logfile ${path}: ${reason}`);
}

function tooSlow(path: string): Error {
  return qemuError("OPERATION_TIMEOUT", `opening '${path}' took more than ${DEADLINE / 1000} s`, {
    hint: "the file system that it is on may hang",
  });
}

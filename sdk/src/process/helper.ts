import { type ChildProcessByStdio, spawn } from "node:child_process";
import { constants } from "node:os";
import type { Readable, Writable } from "node:stream";
import { VirtError } from "@polyvisor/core";

export interface HelperOptions {
  /** In milliseconds; afterwards the helper and its children are killed. */
  readonly deadline?: number;
  /** The most that is kept of each of its outputs, in bytes; one that writes more is killed. */
  readonly maxOutput?: number;
  readonly env?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
  /** What it reads; nothing by default. */
  readonly input?: string;
}

export interface HelperResult {
  /** The exit status; a signal counts as 128 and its number, as in a shell. */
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

const DEFAULT_DEADLINE = 10_000;
const DEFAULT_MAX_OUTPUT = 1 << 20;

/** The process groups of helpers that run. */
const groups = new Set<number>();

/** A helper that hangs has nobody left to kill it when its time is up, so it goes when this process does. */
function endWithUs(): void {
  for (const group of groups) killGroup(group);
}

/**
 * Runs a short command beside the event loop: whatever touches images, pools and mounts, which may hang. Answers whatever
 * its status; fails where it cannot be run, is too slow or writes too much. A helper that hangs in the kernel is left behind.
 */
export function runHelper(argv: readonly [string, ...string[]], options: HelperOptions = {}): Promise<HelperResult> {
  const [program, ...args] = argv;
  const { deadline = DEFAULT_DEADLINE, maxOutput = DEFAULT_MAX_OUTPUT, signal } = options;
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, {
      cwd: "/",
      env: { PATH: process.env.PATH ?? "/usr/sbin:/usr/bin:/sbin:/bin", LC_ALL: "C", ...options.env },
      // A group of its own, so that its children are killed with it.
      detached: true,
      stdio: [options.input === undefined ? "ignore" : "pipe", "pipe", "pipe"],
    }) as ChildProcessByStdio<Writable | null, Readable, Readable>;
    // One that ends before it has read everything is no failure of its own.
    child.stdin?.on("error", () => {});
    child.stdin?.end(options.input);
    const { pid } = child;
    if (pid !== undefined) groups.add(pid);
    if (!process.listeners("exit").includes(endWithUs)) process.on("exit", endWithUs);
    const abort = () => fail(new VirtError("OPERATION_ABORTED", `${program} was given up`));
    const timer = setTimeout(() => fail(tooSlow(program, deadline)), deadline);
    const settle = () => {
      clearTimeout(timer);
      if (pid !== undefined) groups.delete(pid);
      signal?.removeEventListener("abort", abort);
    };
    const fail = (error: VirtError) => {
      settle();
      if (pid !== undefined) killGroup(pid);
      child.stdout.destroy();
      child.stderr.destroy();
      child.unref();
      reject(error);
    };
    const stdout = collect(child.stdout, maxOutput, () => fail(tooMuch(program, maxOutput)));
    const stderr = collect(child.stderr, maxOutput, () => fail(tooMuch(program, maxOutput)));
    signal?.addEventListener("abort", abort, { once: true });
    child.once("error", (cause) => fail(cannotRun(program, cause)));
    child.once("close", (code, killedBy) => {
      settle();
      const status = code ?? 128 + (killedBy === null ? 0 : constants.signals[killedBy]);
      resolve({ status, stdout: stdout(), stderr: stderr() });
    });
    if (signal?.aborted) abort();
  });
}

function collect(stream: NodeJS.ReadableStream, max: number, overflow: () => void): () => string {
  const chunks: Buffer[] = [];
  let size = 0;
  stream.on("data", (chunk: Buffer) => {
    size += chunk.length;
    if (size > max) overflow();
    else chunks.push(chunk);
  });
  return () => Buffer.concat(chunks).toString();
}

function killGroup(pid: number): void {
  try {
    process.kill(-pid, "SIGKILL");
  } catch {
    // It has ended already.
  }
}

function tooSlow(program: string, deadline: number): VirtError {
  return new VirtError("OPERATION_TIMEOUT", `${program} did not answer within ${deadline / 1000} s`, {
    hint: "the file system that it reads may hang",
  });
}

function tooMuch(program: string, maxOutput: number): VirtError {
  return new VirtError("OPERATION_FAILED", `${program} wrote more than ${maxOutput} bytes`);
}

function cannotRun(program: string, cause: NodeJS.ErrnoException): VirtError {
  const reason = cause.code === "ENOENT" ? "No such file or directory" : cause.message;
  return new VirtError("SYSTEM_ERROR", `Cannot run '${program}': ${reason}`, {
    hint: `install the package that has ${program}`,
    cause,
  });
}

import { type ChildProcess, spawn } from "node:child_process";
import { setTimeout as delay } from "node:timers/promises";
import { bhyveError } from "../errors.js";
import type { Exit, HostProcess } from "../host/host.js";
import { attempt } from "./commands.js";

const PS = "/bin/ps";
const PWAIT = "/bin/pwait";

interface ProcessToken {
  readonly pid: number;
  /** As ps prints the time of its start: with it, a pid means one process for good. */
  readonly started: string;
}

/** A process that this daemon has started, or an earlier one. */
class FreeBsdProcess implements HostProcess {
  readonly token: ProcessToken;
  readonly exited: Promise<Exit>;
  #isGone = false;

  constructor(token: ProcessToken, exited: Promise<Exit>) {
    this.token = token;
    this.exited = exited;
    void exited.then(() => {
      this.#isGone = true;
    });
  }

  get pid(): number {
    return this.token.pid;
  }

  signal(name: "SIGTERM" | "SIGKILL"): void {
    if (this.#isGone) return;
    try {
      process.kill(this.pid, name);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
    }
  }

  async cpuTime(): Promise<bigint> {
    const { stdout } = await attempt(PS, "-o", "time=", "-p", String(this.pid));
    return parseCpuTime(stdout);
  }
}

/** `12:34.56` or `1:02:03.45`, in nanoseconds. */
export function parseCpuTime(text: string): bigint {
  const [, parts, hundredths] = /^\s*(\d+(?::\d+)*)[.,](\d\d)\s*$/.exec(text) ?? [];
  if (parts === undefined) return 0n;
  const seconds = parts.split(":").reduce((sum, part) => sum * 60 + Number(part), 0);
  return BigInt(seconds) * 1_000_000_000n + BigInt(Number(hundredths)) * 10_000_000n;
}

/** Starts a process that outlives this one. `log`: the descriptor that it writes to. */
export async function startProcess([program = "", ...args]: readonly string[], log: number): Promise<HostProcess> {
  const child = spawn(program, args, { cwd: "/", detached: true, stdio: ["ignore", log, log] });
  const exited = exitOf(child);
  const pid = await new Promise<number>((resolve, reject) => {
    child.once("spawn", () => resolve(child.pid ?? 0));
    child.once("error", (cause) => reject(bhyveError("INTERNAL_ERROR", `cannot run '${program}': ${cause.message}`)));
  });
  child.unref();
  return new FreeBsdProcess({ pid, started: (await startOf(pid)) ?? "" }, exited);
}

function exitOf(child: ChildProcess): Promise<Exit> {
  return new Promise((resolve) => {
    child.once("exit", (status) => resolve(status === null ? { kind: "signal" } : { kind: "status", status }));
    child.once("error", () => resolve({ kind: "unseen" }));
  });
}

/** bhyve names its process after its guest. */
export async function findProcess(name: string, token: unknown): Promise<HostProcess | undefined> {
  const { pid, started } = readToken(token);
  const { stdout } = await attempt(PS, "-o", "command=", "-p", String(pid));
  if (!stdout.startsWith(`bhyve: ${name} `) && stdout.trimEnd() !== `bhyve: ${name}`) return undefined;
  if ((await startOf(pid)) !== started) return undefined;
  return new FreeBsdProcess({ pid, started }, watch({ pid, started }));
}

function readToken(token: unknown): ProcessToken {
  const { pid, started } = (token ?? {}) as Partial<ProcessToken>;
  if (Number.isInteger(pid) && typeof started === "string") return { pid: Number(pid), started };
  throw new Error("the status file does not say which process the guest is");
}

async function startOf(pid: number): Promise<string | undefined> {
  const { stdout } = await attempt(PS, "-o", "lstart=", "-p", String(pid));
  return stdout.trim() || undefined;
}

/** Between two looks at a process whose end pwait did not tell. */
const AGAIN_MS = 1000;

/**
 * Whoever is no parent learns from pwait how a process ends. pwait may end by itself, and then the process may run on: only
 * when it is gone it has ended.
 */
async function watch(token: ProcessToken): Promise<Exit> {
  for (;;) {
    const exit = parseExit(await told(token.pid));
    if (exit.kind !== "unseen" || (await isGone(token))) return exit;
    await delay(AGAIN_MS, undefined, { ref: false });
  }
}

/** What pwait says in the end: `1234: exited with status 1.` */
function told(pid: number): Promise<string> {
  return new Promise((resolve) => {
    const child = spawn(PWAIT, ["-v", String(pid)], { stdio: ["ignore", "pipe", "ignore"] });
    child.unref();
    let said = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      said += text;
    });
    child.once("close", () => resolve(said));
    child.once("error", () => resolve(""));
  });
}

/** Where ps cannot be asked it is there, as far as anybody knows. */
async function isGone({ pid, started }: ProcessToken): Promise<boolean> {
  return startOf(pid).then(
    (now) => now !== started,
    () => false,
  );
}

export function parseExit(said: string): Exit {
  const [, status] = /exited with status (\d+)/.exec(said) ?? [];
  if (status !== undefined) return { kind: "status", status: Number(status) };
  return /killed by signal/.test(said) ? { kind: "signal" } : { kind: "unseen" };
}

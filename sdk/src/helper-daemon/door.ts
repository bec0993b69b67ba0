import { type ChildProcess, spawn } from "node:child_process";
import { access, open, readFile, stat } from "node:fs/promises";
import { dirname } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { VirtError } from "@polyvisor/core";
import { keepDescriptorsFromChildren } from "../process/native.js";
import { RpcClient } from "../rpc/client.js";
import { makeFolders } from "../store/make-folders.js";

/** Where a helper daemon is met. Every path is absolute. */
export interface HelperAddress {
  readonly socket: string;
  /** How it is started where nobody serves the socket; left out for a daemon that is another's affair. */
  readonly start?: HelperStart;
}

export interface HelperStart {
  /** The file that Node runs. */
  readonly program: URL;
  readonly pidFile: string;
  /** Read where it is there. */
  readonly configFile: string;
  /** Where its standard error goes. */
  readonly logFile: string;
}

/** A daemon that was started ends after so long without clients and work, in seconds. */
const IDLE_SECONDS = 30;
/** How long one may take to listen, and how often it is looked, in milliseconds. */
const START_MS = 60_000;
const LOOK_MS = 10;
/** One that ended may have met another that is still starting: so long that is waited for, in milliseconds. */
const OTHER_MS = 5_000;
/** As much of its last words as goes into an error, in bytes. */
const WORDS = 1024;
/** Of this process alone. */
const NOT_PASSED = ["NODE_OPTIONS", "NODE_CHANNEL_FD", "NOTIFY_SOCKET", "LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES"];

/** The way to a helper daemon, which is started where it does not run and outlives whoever has started it. */
export class HelperDoor {
  readonly #address: HelperAddress;
  #starting: Promise<void> | undefined;

  constructor(address: HelperAddress) {
    this.#address = address;
  }

  /** Whether this door starts the daemon. */
  get starts(): boolean {
    return this.#address.start !== undefined;
  }

  /** A new connection. Fails with `SYSTEM_ERROR`: nobody listens, or the daemon cannot be started. */
  async connect(): Promise<RpcClient> {
    const { socket, start } = this.#address;
    try {
      return await RpcClient.connect(socket);
    } catch (error) {
      if (start === undefined || !isUnserved(error)) throw error;
      this.#starting ??= startDaemon(socket, start).finally(() => {
        this.#starting = undefined;
      });
    }
    await this.#starting;
    return RpcClient.connect(socket);
  }
}

function isUnserved(error: unknown): boolean {
  const { code } = ((error as Error).cause ?? {}) as NodeJS.ErrnoException;
  return code === "ENOENT" || code === "ECONNREFUSED";
}

/** Resolves when somebody listens: the daemon that was started here, or one that somebody else started meanwhile. */
async function startDaemon(socket: string, start: HelperStart): Promise<void> {
  const end = performance.now() + START_MS;
  for (;;) {
    const { child, wordsFrom } = await launchDaemon(socket, start);
    const fate = fateOf(child);
    if (await becomesServed(socket, fate, end)) return;
    // It was made to end before it could serve anybody.
    if (fate.status === 0 && performance.now() < end) continue;
    const words = (await lastWords(start.logFile, wordsFrom)) || fate.words;
    throw new VirtError("SYSTEM_ERROR", `Cannot start ${fileURLToPath(start.program)}: ${words}`, {
      hint: `its log is ${start.logFile}`,
    });
  }
}

/** What came of a process that was started: 0 where somebody ended it, `undefined` while it runs. */
interface Fate {
  status?: number;
  /** When it ended. */
  at: number;
  words: string;
}

function fateOf(child: ChildProcess): Fate {
  const fate: Fate = { at: Number.POSITIVE_INFINITY, words: "it does not listen" };
  const ended = (status: number, words: string) => Object.assign(fate, { status, words, at: performance.now() });
  child.once("error", (error) => ended(-1, error.message));
  child.once("exit", (code) => ended(code ?? 0, `it ended with status ${code}`));
  return fate;
}

/** False when there is no hope any more: one that ended by itself may have met another that is still starting. */
async function becomesServed(socket: string, fate: Fate, end: number): Promise<boolean> {
  while (!(await isServed(socket))) {
    const now = performance.now();
    if (now > end || fate.status === 0 || now > fate.at + OTHER_MS) return false;
    await delay(LOOK_MS);
  }
  return true;
}

async function launchDaemon(
  socket: string,
  { program, pidFile, configFile, logFile }: HelperStart,
): Promise<{ readonly child: ChildProcess; readonly wordsFrom: number }> {
  const configured = await access(configFile).then(
    () => ["--config", configFile],
    () => [],
  );
  await makeFolders(dirname(logFile), 0o700);
  const log = await open(logFile, "a", 0o600);
  try {
    const wordsFrom = (await log.stat()).size;
    keepDescriptorsFromChildren();
    const places = ["--socket", socket, "--pid-file", pidFile, "--timeout", String(IDLE_SECONDS)];
    const child = spawn(process.execPath, [fileURLToPath(program), ...places, ...configured], {
      cwd: "/",
      env: Object.fromEntries(Object.entries(process.env).filter(([name]) => !NOT_PASSED.includes(name))),
      detached: true,
      stdio: ["ignore", "ignore", log.fd],
    });
    child.unref();
    return { child, wordsFrom };
  } finally {
    await log.close();
  }
}

async function isServed(socket: string): Promise<boolean> {
  if (
    !(await stat(socket)
      .then((found) => found.isSocket())
      .catch(() => false))
  )
    return false;
  try {
    await (await RpcClient.connect(socket)).close();
    return true;
  } catch {
    return false;
  }
}

async function lastWords(logFile: string, from: number): Promise<string> {
  const text = await readFile(logFile).catch(() => Buffer.alloc(0));
  return text.subarray(from).subarray(-WORDS).toString().trim();
}

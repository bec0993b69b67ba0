import { renameSync, writeFileSync } from "node:fs";
import { readFile, unlink } from "node:fs/promises";
import { runHelper } from "../process/helper.js";
import { readProcessStat } from "../process/procfs.js";
import { StartError } from "../process/start-error.js";
import type { SavedServer } from "./server.js";

/** What one program of a process tells the next. */
export interface SavedDaemon {
  readonly server: SavedServer;
  /** The descriptor that holds the lock of the pid file. */
  readonly claim: number;
  /** Whether a service manager made the socket: then its path is not ours to remove. */
  readonly activated: boolean;
  /** What the daemon's own part told. */
  readonly service: unknown;
}

interface RestartFile extends SavedDaemon {
  readonly pid: number;
  readonly startTime: string;
}

/** How long the new program may take to tell its version, in milliseconds. */
const TRY_MS = 60_000;

/** Whether what is installed now can run at all: a program that cannot would take everything along that this one keeps. */
export async function canRun(command: readonly [string, ...string[]]): Promise<boolean> {
  const result = await runHelper([...command, "--version"], { deadline: TRY_MS }).catch(() => undefined);
  return result?.status === 0;
}

/** Called as the last thing that this program does: what a client sends from here on is the next one's, so nothing waits. */
export function writeRestartFile(path: string, saved: SavedDaemon): void {
  const text = JSON.stringify({ ...identity(), ...saved } satisfies RestartFile);
  writeFileSync(`${path}.new`, text, { mode: 0o600 });
  renameSync(`${path}.new`, path);
}

/** What the program before told in this same process; `undefined` where there was none. Asked once, at the start. */
export async function takeRestartFile(path: string): Promise<SavedDaemon | undefined> {
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw new StartError(`what the program before told cannot be read: ${(error as Error).message}`);
  }
  await unlink(path);
  const file = JSON.parse(text) as RestartFile;
  const { pid, startTime } = identity();
  // Another process may have left it, which was killed in that moment.
  return file.pid === pid && file.startTime === startTime ? file : undefined;
}

function identity(): Pick<RestartFile, "pid" | "startTime"> {
  return { pid: process.pid, startTime: String(readProcessStat(process.pid)?.startTime) };
}

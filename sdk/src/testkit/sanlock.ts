import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, rm, statfs } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { accepts, withinReason } from "./listening.js";
import type { SystemHost } from "./system-host.js";

/** sanlock's real daemon, without a watchdog. */
export interface PrivateSanlock {
  /** The folder of its socket. */
  readonly runDir: string;
  readonly pid: number;
  kill(signal: NodeJS.Signals): void;
  /** What its command line says: everything is in the words, its exit status is always 0. */
  ask(...words: string[]): Promise<string>;
  /** Kills the daemon. Guests stay. */
  stop(): Promise<void>;
}

export interface SanlockOptions {
  /** Another one on the same machine needs another name: hosts are told apart by it. */
  readonly name: string;
  /** Where it stands at the path that every client takes; else in `folder`. */
  readonly host?: SystemHost;
  readonly folder?: string;
  /** How long a guest whose lease is lost may take to go by itself, in seconds. */
  readonly grace?: number;
}

const PROGRAM = "/usr/sbin/sanlock";

export function hasSanlock(): boolean {
  return existsSync(PROGRAM);
}

/** A folder on a disk: sanlock reads past the cache, which files in memory may not know. */
export async function makeDiskFolder(): Promise<string> {
  const MEMORY = 0x01021994;
  const isInMemory = (await statfs(tmpdir())).type === MEMORY;
  return mkdtemp(join(isInMemory ? "/var/tmp" : tmpdir(), "leases-"));
}

export async function startSanlock({ name, host, folder, grace = 40 }: SanlockOptions): Promise<PrivateSanlock> {
  const place = host === undefined ? join(folder ?? tmpdir(), `sanlock-${name}`) : "/run/sanlock";
  const runDir = host?.path(place) ?? place;
  await mkdir(runDir, { recursive: true, mode: 0o755 });
  const env = { SANLOCK_PRIVILEGED: "0", SANLOCK_RUN_DIR: place };
  const options = ["-D", "-w", "0", "-U", "root", "-G", "root", "-h", "0", "-l", "0", "-e", name, "-g", String(grace)];
  const argv = [PROGRAM, "daemon", ...options] as const;
  const daemon = host === undefined ? spawnHere(argv, env) : await host.run([...argv], { env });
  await withinReason("sanlock accepts clients", () => accepts(join(runDir, "sanlock.sock")));
  return {
    runDir,
    pid: daemon.pid,
    kill: (signal) => daemon.kill(signal),
    ask: (...words) => output([PROGRAM, "client", ...words], { SANLOCK_RUN_DIR: runDir }),
    async stop() {
      daemon.kill("SIGKILL");
      await daemon.ended;
      await rm(runDir, { recursive: true, force: true });
    },
  };
}

/** It goes with the process of the test, however that ends. */
function spawnHere(argv: readonly [string, ...string[]], env: Readonly<Record<string, string>>) {
  const child = spawn("setpriv", ["--pdeathsig", "KILL", ...argv], { env, stdio: "ignore", detached: true });
  return { pid: child.pid ?? 0, ended: once(child, "exit"), kill: (signal: NodeJS.Signals) => void child.kill(signal) };
}

async function output([program, ...args]: readonly [string, ...string[]], env: Readonly<Record<string, string>>) {
  const child = spawn(program, args, { env, stdio: ["ignore", "pipe", "pipe"] });
  let said = "";
  for (const stream of [child.stdout, child.stderr])
    stream.on("data", (bytes: Buffer) => {
      said += bytes.toString();
    });
  await once(child, "close");
  return said;
}

import { type ChildProcess, spawn } from "node:child_process";
import { access, mkdtemp, open, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { lockByte } from "@polyvisor/sdk/process";
import { type TestDaemon, withinReason } from "./daemons.js";

/** Which byte of a file says who uses its content, and which who changes what is known of it. */
export const BYTE = { CONTENT: 0, METADATA: 2 } as const;

/** A folder with files to lock, and processes to hold the locks. */
export class TestHost {
  readonly folder: string;
  readonly #processes: ChildProcess[] = [];

  private constructor(folder: string) {
    this.folder = folder;
  }

  static async open(): Promise<TestHost> {
    return new TestHost(await mkdtemp(join(tmpdir(), "lockd-")));
  }

  async newFile(name: string): Promise<string> {
    const path = join(this.folder, name);
    await writeFile(path, "");
    return path;
  }

  /** The process is killed at the end. */
  adopt(child: ChildProcess): ChildProcess {
    this.#processes.push(child);
    return child;
  }

  /** A process that stands for a guest. */
  startGuest(): { readonly pid: number; end(): void } {
    const child = this.adopt(spawn("sleep", ["1000"]));
    return { pid: child.pid ?? 0, end: () => void child.kill("SIGKILL") };
  }

  /** The keepers of daemons below the folder. */
  async keepers(): Promise<number[]> {
    const pids: number[] = [];
    for (const name of await readdir("/proc")) {
      const line = await readFile(`/proc/${name}/cmdline`, "utf8").catch(() => "");
      if (line.includes("keeper.js") && line.includes(this.folder)) pids.push(Number(name));
    }
    return pids;
  }

  /** Ends what holds locks, then the daemon. Its keeper has seen by then that nobody lives for whom it keeps anything. */
  async close({ process, socket }: TestDaemon): Promise<void> {
    for (const child of this.#processes) child.kill("SIGKILL");
    process.kill("SIGTERM");
    await withinReason("the keeper has ended", () => isGone(`${socket}-keeper`));
    await rm(this.folder, { recursive: true, force: true });
  }
}

function isGone(path: string): Promise<boolean> {
  return access(path).then(
    () => false,
    () => true,
  );
}

/** Whether a program that knows nothing of the daemon finds a byte locked, as another host would that shares the file. */
export async function isLocked(path: string, byte: number = BYTE.CONTENT): Promise<boolean> {
  const file = await open(path, "r+");
  try {
    return !lockByte(file.fd, byte, "exclusive");
  } finally {
    await file.close();
  }
}

/** A resource of the default lockspace. */
export function fileLock(name: string, flags = 0): { path: string; name: string; flags: number } {
  return { path: "", name, flags };
}

import { readdir, readFile } from "node:fs/promises";
import { setTimeout as delay } from "node:timers/promises";

/** Whether a process runs. One that has ended and waits for its parent to look does not. */
export async function isRunning(pid: number): Promise<boolean> {
  const stat = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => undefined);
  return stat !== undefined && !/\) [ZX]/.test(stat);
}

/** The processes whose command line or environment names a folder: guests started below it, and daemons. */
export async function processesNaming(folder: string): Promise<number[]> {
  const pids = (await readdir("/proc")).filter((name) => /^\d+$/.test(name)).map(Number);
  const read = (pid: number, file: string) => readFile(`/proc/${pid}/${file}`, "utf8").catch(() => "");
  const names = await Promise.all(
    pids.map(
      async (pid) => (await read(pid, "cmdline")).includes(folder) || (await read(pid, "environ")).includes(folder),
    ),
  );
  return pids.filter((pid, index) => pid !== process.pid && names[index]);
}

/** Ends what still runs below a test's own folder, so that a failed test leaves no guest behind. */
export async function endProcessesNaming(folder: string): Promise<void> {
  for (const pid of await processesNaming(folder)) {
    try {
      process.kill(pid, "SIGKILL");
    } catch {
      // It has ended by itself.
    }
  }
}

/** Polls until a condition holds; throws what it waited for after the time in milliseconds. */
export async function until(
  what: string,
  condition: () => Promise<boolean> | boolean,
  timeout = 120_000,
  interval = 25,
): Promise<void> {
  const deadline = Date.now() + timeout;
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error(`after ${timeout} ms still not: ${what}`);
    await delay(interval);
  }
}

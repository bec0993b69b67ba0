import { readdir, readFile } from "node:fs/promises";

/**
 * Kills the engine of a container whose shim was killed, and tells whether there was one: it may be about to make the container,
 * of which nothing is in the group yet. It is known by its words.
 */
export async function killEngine(folder: string): Promise<boolean> {
  const pids = (await readdir("/proc")).filter((name) => /^\d+$/.test(name));
  const isEngine = await Promise.all(pids.map((pid) => hasBundle(pid, folder)));
  const engines = pids.filter((_, index) => isEngine[index]);
  for (const pid of engines) kill(Number(pid));
  return engines.length > 0;
}

/** One that has ended, and waits for its parent to look, has no words. */
async function hasBundle(pid: string, folder: string): Promise<boolean> {
  const words = (await readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "")).split("\0");
  const bundle = words.indexOf("--bundle");
  return bundle > 0 && words.includes("run") && words[bundle + 1] === folder;
}

function kill(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // It has ended meanwhile.
  }
}

import { readFile } from "node:fs/promises";

/** The host's free memory in bytes, without what it would give back if asked. */
export async function freeMemory(): Promise<number> {
  return Number(/^MemFree:\s*(\d+) kB/m.exec(await readFile("/proc/meminfo", "utf8"))?.[1] ?? 0) * 1024;
}

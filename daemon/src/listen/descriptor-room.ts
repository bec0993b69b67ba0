import { readFile } from "node:fs/promises";

/** What is kept for everything but clients of the sockets: plugins' code, guests, helpers, the log, the operator. */
const KEPT = 256;

/**
 * The highest number that a client's descriptor may have. The kernel gives the lowest that is free, so a higher one tells that
 * as many are open.
 */
export async function lastDescriptorOfClients(): Promise<number> {
  const limits = await readFile("/proc/self/limits", "utf8").catch(() => "");
  const most = Number(/^Max open files +(\d+)/m.exec(limits)?.[1] ?? Number.POSITIVE_INFINITY);
  return most - Math.min(KEPT, Math.ceil(most / 4));
}

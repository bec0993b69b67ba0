import { output } from "../scripts/lib/run.mjs";

const BUDGET = new URL("budget.mjs", import.meta.url).pathname;
const MEMORY = new URL("memory.mjs", import.meta.url).pathname;

/** The layers that follow each other in every call. The policy's part is asked only where one is set. */
export const LAYERS = ["frame", "dispatch", "check", "handler", "reply"];

/**
 * Microseconds by layer for some calls, in a process of its own so that nothing else is in the compiler's way.
 * @returns {Promise<readonly ({ call: string, policy: number, whole: number } & Record<string, number>)[]>}
 */
export async function measureBudget() {
  return JSON.parse(await output(process.execPath, [BUDGET]));
}

/**
 * What the daemon's parts add to the memory of a bare Node, in megabytes.
 * @returns {Promise<readonly { part: string, resident: number, heap: number }[]>}
 */
export async function measureMemory() {
  return JSON.parse(await output(process.execPath, ["--expose-gc", MEMORY]));
}

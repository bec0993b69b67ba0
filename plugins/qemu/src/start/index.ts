import type { startDomain as start } from "./start.js";

/** `startDomain` of start.ts. Its code is loaded with the first start: a daemon that starts does not wait for it. */
export const startDomain: typeof start = async (...args) => (await import("./start.js")).startDomain(...args);

import type { Log } from "../contracts/context.js";

/** A log that keeps nothing: the default for embedders that bring none. */
export const silentLog: Log = { debug() {}, info() {}, warn() {}, error() {}, child: () => silentLog };

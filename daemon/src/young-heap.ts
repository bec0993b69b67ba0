import { setFlagsFromString } from "node:v8";

/** After so many messages a daemon is one that much is asked of. */
const BUSY_MESSAGES = 20_000;

/** Messages until V8's heap may grow as it likes. */
let left = 0;

/**
 * Keeps V8's space for new objects as small as it begins, until much is asked of the daemon. It would grow to 16 MB while
 * the program's code is loaded, because nothing of that dies young, and V8 hardly ever gives it back. Called before the rest
 * of the program is loaded; what a process of somebody else's embeds is not touched.
 */
export function keepYoungHeapSmall(): void {
  left = BUSY_MESSAGES;
  setFlagsFromString("--semi-space-growth-factor=1");
}

/** A message of a client is worked on. Where many come, too small a space would be cleaned too often. */
export function countMessage(): void {
  if (left > 0 && --left === 0) setFlagsFromString("--semi-space-growth-factor=2");
}

import { setFlagsFromString } from "node:v8";

/** After so many messages a daemon is one that much is asked of. */
const BUSY_MESSAGES = 20_000;

/**
 * V8 compiles for speed from so many messages on, or so many milliseconds after the first one: most of the code that clients
 * need is loaded then.
 */
const WARM_MESSAGES = 10_000;
const WARM_MS = 1500;

const COMPILERS = ["opt", "sparkplug"];

/** Whoever starts Node may have said himself how it compiles. */
const OWN_CHOICE = /--(?:no-?)?(?:jitless|lite|opt|turbofan|sparkplug)/;

/** Messages until V8's heap may grow as it likes. */
let left = 0;

/** Whether V8 may not compile yet. */
let compilesLater = false;

/**
 * Keeps V8 small until much is asked of the daemon. Its space for new objects would grow to 16 MB while the program's code is
 * loaded, because nothing of that dies young, and V8 hardly ever gives it back. Its compilers would make the loading of modules
 * fast, which is soon over, and leave 8 MB behind. Called before the rest of the program is loaded; what a process of somebody
 * else's embeds is not touched.
 */
export function startSmall(): void {
  left = BUSY_MESSAGES;
  setFlagsFromString("--semi-space-growth-factor=1");
  if ([...process.execArgv, process.env.NODE_OPTIONS ?? ""].some((option) => OWN_CHOICE.test(option))) return;
  compilesLater = true;
  for (const compiler of COMPILERS) setFlagsFromString(`--no-${compiler}`);
}

/** A message of a client is worked on. Where many come, too small a space would be cleaned too often. */
export function countMessage(): void {
  if (left === 0) return;
  if (compilesLater && left === BUSY_MESSAGES) setTimeout(compile, WARM_MS).unref();
  left--;
  if (compilesLater && left === BUSY_MESSAGES - WARM_MESSAGES) compile();
  if (left === 0) setFlagsFromString("--semi-space-growth-factor=2");
}

function compile(): void {
  compilesLater = false;
  for (const compiler of COMPILERS) setFlagsFromString(`--${compiler}`);
}

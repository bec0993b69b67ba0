import { setFlagsFromString } from "node:v8";

/** After so many messages a daemon is one that much is asked of. */
const BUSY_MESSAGES = 20_000;

/** After so many messages, or so much work since the first one in microseconds, it pays to compile. */
const WARM_MESSAGES = 10_000;
const WARM_WORK = 1_500_000;

/** How often one looks at the work that messages make, in milliseconds, and what of that time is none worth a further look. */
const LOOK_MS = 250;
const LITTLE_WORK = 25_000;

const COMPILERS = ["opt", "sparkplug"];

/** Whoever starts Node may have said himself how it compiles. */
const OWN_CHOICE = /--(?:no-?)?(?:jitless|lite|opt|turbofan|sparkplug)/;

/** Messages until V8's heap may grow as it likes. */
let left = 0;

/** Whether V8 may not compile yet. */
let compilesLater = false;

/** The work that had been done when the first message came. */
let before: number | undefined;
let isLooking = false;

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
  left--;
  if (compilesLater) {
    if (BUSY_MESSAGES - left >= WARM_MESSAGES) compile();
    else lookLater();
  }
  if (left === 0) setFlagsFromString("--semi-space-growth-factor=2");
}

function compile(): void {
  compilesLater = false;
  for (const compiler of COMPILERS) setFlagsFromString(`--${compiler}`);
}

/** One message may make much work: one looks as long as there is some. */
function lookLater(): void {
  if (isLooking) return;
  isLooking = true;
  const now = work();
  before ??= now;
  setTimeout(look, LOOK_MS, now, before).unref();
}

function look(last: number, first: number): void {
  isLooking = false;
  if (!compilesLater) return;
  const now = work();
  if (now - first >= WARM_WORK) compile();
  else if (now - last >= LITTLE_WORK) lookLater();
}

/** In microseconds of a processor. */
function work(): number {
  const { user, system } = process.cpuUsage();
  return user + system;
}

import { type Context, createContext, Script } from "node:vm";
import { checkFlags, type MonitorEventFilter, QEMU_MONITOR_EVENT_FLAG, VirtError } from "@polyvisor/core";

/** No name of an event needs more to describe it; compiling takes time that everybody waits for. */
const EXPRESSION_MAX = 1024;
/** How long an expression may take for one name, in milliseconds: a client may send one that never ends. */
const MATCH_MS = 100;
/** How often it is tried again where the time went by without work, because the machine did something else. */
const TRIES = 20;
/** Names that are remembered; an emulator says some forty. */
const NAMES_MAX = 256;

const SCRIPT = new Script("expression.test(name)");
const sandbox = { expression: /never/, name: "" };
/** Made when the first expression comes: only code in a context of its own can be stopped. */
let context: Context | undefined;

/** Whether an event of that name is wanted. */
export type NameFilter = (name: string) => boolean;

/** Throws `INVALID_ARG` for flags that are not known and for what is no regular expression. */
export function nameFilter({ event, flags }: MonitorEventFilter): NameFilter {
  const { REGEX, NOCASE } = QEMU_MONITOR_EVENT_FLAG;
  checkFlags(flags, REGEX | NOCASE, "virDomainQemuMonitorEventStateRegisterID", "NONE");
  if (event === undefined) return () => true;
  const ignoresCase = (flags & NOCASE) !== 0;
  if ((flags & REGEX) !== 0) return expressionFilter(event, ignoresCase);
  if (!ignoresCase) return (name) => name === event;
  const lower = event.toLowerCase();
  return (name) => name.toLowerCase() === lower;
}

/** An expression that takes too long once fits nothing from then on. */
function expressionFilter(event: string, ignoresCase: boolean): NameFilter {
  const expression = compile(event, ignoresCase);
  const known = new Map<string, boolean>();
  let isHopeless = false;
  return (name) => {
    if (isHopeless) return false;
    const remembered = known.get(name);
    if (remembered !== undefined) return remembered;
    const fits = match(expression, name);
    isHopeless = fits === undefined;
    if (known.size < NAMES_MAX) known.set(name, fits === true);
    return fits === true;
  };
}

/** `undefined` where it cannot be found out in the time that there is. */
function match(expression: RegExp, name: string): boolean | undefined {
  Object.assign(sandbox, { expression, name });
  context ??= createContext(sandbox);
  for (let tries = 0; tries < TRIES; tries++) {
    const before = process.cpuUsage();
    try {
      return SCRIPT.runInContext(context, { timeout: MATCH_MS }) === true;
    } catch {
      const { user, system } = process.cpuUsage(before);
      if ((user + system) / 1000 > MATCH_MS / 2) return undefined;
    }
  }
  return undefined;
}

function compile(event: string, ignoresCase: boolean): RegExp {
  const fail = (reason: string) =>
    new VirtError("INVALID_ARG", `failed to compile regex '${event.slice(0, EXPRESSION_MAX)}': ${reason}`, {
      hint: "it is written as in JavaScript",
    });
  if (event.length > EXPRESSION_MAX) throw fail(`it has more than ${EXPRESSION_MAX} characters`);
  try {
    return new RegExp(event, ignoresCase ? "i" : "");
  } catch (error) {
    throw fail((error as Error).message.replace(/^Invalid regular expression: /, ""));
  }
}

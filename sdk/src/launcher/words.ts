import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";
import { libc } from "../process/libc.js";

/** The most bytes of one word: a contract's words have fewer than 65536. */
const WORD_MAX = 60_000;

/**
 * What Node changes when it begins is told to it, to be put back: descriptors become close-on-exec, signals get their default,
 * and the limit of open files is raised. Every word after the first is for program.cts.
 */
const PRELUDE = [
  // Shells make one. A guest has none: the shell at the gate sees to that.
  "unset PWD",
  "polyvisor_fds=",
  'for polyvisor_fd in /proc/self/fd/*; do [ -h "$polyvisor_fd" ] && polyvisor_fds="$polyvisor_fds $polyvisor_fd"; done',
  "read -r polyvisor_stat </proc/self/stat",
  'exec "$0" --v8-pool-size=0 "$1" "$polyvisor_fds" "$polyvisor_stat" "$(ulimit -Sn)" "$@"',
].join("\n");

const PROGRAM = fileURLToPath(new URL("program.cjs", import.meta.url));

export interface LauncherOptions<Plan> {
  /** The file with the plugin's `LauncherSteps`: CommonJS, because a graph of ES modules takes 5 ms longer to load. */
  readonly steps: URL;
  /** What the steps are told: data that survives JSON. */
  readonly plan: Plan;
  /** How long all of it may take, in milliseconds. A peer that has not answered by then makes the start fail. */
  readonly deadline: number;
}

/**
 * The words to put before a guest's command line (`guestWrapper` of `lock.v1`): a process that does a plugin's steps and
 * then becomes what follows, with the same pid, descriptors, signals, limits, environment and folder as without them, and
 * the connections that the steps made. What refuses is told as `wrapperRefusal` expects it.
 */
export function launcherWords<Plan>({ steps, plan, deadline }: LauncherOptions<Plan>): string[] {
  const parts = inWords(ascii(JSON.stringify(plan)));
  const told = { koffi: koffiBinary(), steps: fileURLToPath(steps), deadline, words: parts.length };
  return ["/bin/sh", "-c", PRELUDE, process.execPath, PROGRAM, JSON.stringify(told), ...parts];
}

/** JSON in letters that every process passes on unchanged. */
function ascii(json: string): string {
  return json.replace(/[^\x20-\x7e]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

function inWords(text: string): string[] {
  const words: string[] = [];
  for (let at = 0; at < text.length; at += WORD_MAX) words.push(text.slice(at, at + WORD_MAX));
  return words;
}

let known: string | undefined;

/** koffi's JavaScript takes 6 ms to find its binary and load it; this process knows where that is. */
function koffiBinary(): string | null {
  libc();
  known ??= Object.keys(createRequire(import.meta.url).cache).find((path) => path.endsWith("/koffi.node"));
  return known ?? null;
}

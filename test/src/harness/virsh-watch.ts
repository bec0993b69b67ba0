import { type CommandOptions, type Outcome, runCommand } from "./command.js";

/** Commands that virsh leaves to a thread, for whose end it then waits; it waits for ever where the thread was faster. */
const WATCHES = /^(save|managedsave|dump|migrate)(?![\w-])/;

export function isWatching(command: string): boolean {
  return WATCHES.test(command);
}

let words: Promise<readonly string[]> | undefined;

/** What to put before virsh so that its threads run one after the other, each until it waits; not everybody may ask for that. */
function inOrder(): Promise<readonly string[]> {
  const alone = ["taskset", "-c", "0", "chrt", "--fifo", "1"];
  words ??= runCommand("taskset", [...alone.slice(1), "true"]).then(
    ({ code }) => (code === 0 ? alone : []),
    () => [],
  );
  return words;
}

/** Runs what gives `commands` to virsh. Where it watches one of them, and the host lets us, it does not hang. */
export async function runVirsh(
  commands: readonly string[],
  argv: readonly string[],
  options: CommandOptions = {},
): Promise<Outcome> {
  const before = commands.some(isWatching) ? await inOrder() : [];
  const [program = "", ...args] = [...before, ...argv];
  return runCommand(program, args, options);
}

/** Of them the last has 32 seconds: a virsh that does not end in any hangs for another reason. */
const ATTEMPTS = 14;

/**
 * What changes nothing, or begins anew, is asked again where virsh hangs or has not said all, and given more time from
 * once to once.
 */
export async function askedAgain(
  run: (timeout: number) => Promise<Outcome>,
  saysAll: (outcome: Outcome) => boolean,
): Promise<Outcome> {
  for (let attempt = 0; ; attempt++) {
    const outcome = await run(2000 * 2 ** Math.floor(attempt / 3));
    if (attempt >= ATTEMPTS || (outcome.code < 128 && saysAll(outcome))) return outcome;
  }
}

/** After half a second virsh asks how the job is, and where it is told nothing forgets why the command itself failed. */
export function forgetsWhy(command: string, says: string): boolean {
  return isWatching(command) && /^(error: Failed to [^\n]*)?$/.test(says.trim());
}

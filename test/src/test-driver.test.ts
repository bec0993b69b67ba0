import test, { type ExecutionContext } from "ava";
import { EXPLAINED_COMMANDS, NOT_WALKED } from "./harness/explained-commands.js";
import { program, testWith } from "./harness/needs.js";
import { type Polyvisord, startPolyvisord } from "./harness/polyvisord.js";
import { SCRIPTS } from "./harness/test-driver-scripts.js";
import { WALK } from "./harness/test-driver-walk.js";
import { virshCommands, withEachOption } from "./harness/virsh-options.js";
import { type VirshTranscript, virshTranscript } from "./harness/virsh-transcript.js";

const VIRSH = [await program("virsh")];
/** So many commands to a virsh. */
const BATCH = 40;
const rowsOf = (script: string) => script.trim().split("\n");
const TOPICS = { ...SCRIPTS, ...WALK };
const used = new Set<number>();

/** One daemon for all topics: its driver is fresh again whenever a virsh has gone. */
let daemon: Promise<Polyvisord> | undefined;
test.after.always(async () => (await daemon)?.dispose());

function ours(commands: readonly string[]): Promise<VirshTranscript> {
  daemon ??= startPolyvisord();
  return daemon.then((running) => virshTranscript(running.uri("test"), commands));
}

/** Both run a script, each with a fresh driver; all that virsh prints is the same, and how it ends. */
async function compare(t: ExecutionContext, commands: readonly string[]): Promise<VirshTranscript> {
  const [right, given] = await Promise.all([virshTranscript("test:///default", commands), ours(commands)]);
  const isExplained = given.commands.map(({ command, says }, at) => explains(command, right.commands[at]?.says, says));
  const compared = ({ commands: all }: VirshTranscript) =>
    all.map(({ command, says }, at) => (isExplained[at] ? command : `${command}\n${says}`));
  t.deepEqual(compared(given), compared(right));
  if (isExplained.at(-1) !== true) t.is(given.status, right.status, "exit status");
  return right;
}

for (const [topic, script] of Object.entries(TOPICS)) {
  testWith(`virsh hears the same of libvirt's test driver and ours: ${topic}`, VIRSH, async (t) => {
    noteSilent(await compare(t, rowsOf(script)));
  });
}

testWith("virsh hears the same of libvirt's test driver and ours: each option of each command", VIRSH, async (t) => {
  const commands = await withEachOption(Object.values(TOPICS).flatMap(rowsOf));
  t.true(commands.length > 400, `${commands.length} commands`);
  for (let at = 0; at < commands.length; at += BATCH) await compare(t, commands.slice(at, at + BATCH));
  t.log(`${commands.length} commands`);
});

function explains(command: string, theirs: string | undefined, ours: string): boolean {
  if (theirs === ours) return false;
  const at = EXPLAINED_COMMANDS.findIndex((each) => each.command.test(command) && each.theirs.test(theirs ?? ""));
  if (at >= 0) used.add(at);
  return at >= 0;
}

/** What virsh prints tells whether a command failed. Of those that print nothing, one of each name is watched as it ends. */
const silent = new Map<string, readonly string[]>();

function noteSilent({ commands }: VirshTranscript): void {
  for (const [at, { command, says }] of commands.entries()) {
    const name = command.split(" ")[0] ?? "";
    const isShorter = at < (silent.get(name)?.length ?? Number.POSITIVE_INFINITY) - 1;
    if (!isShorter || says !== "") continue;
    const script = commands.slice(0, at + 1).map((each) => each.command);
    silent.set(name, script);
  }
}

testWith("commands of virsh that print nothing end with the same status", VIRSH, async (t) => {
  for (const [name, commands] of silent) {
    const [right, given] = await Promise.all([virshTranscript("test:///default", commands), ours(commands)]);
    t.is(given.status, right.status, name);
  }
  t.true(silent.size > 0);
});

testWith("every explanation of what virsh hears otherwise is needed", VIRSH, (t) => {
  const stale = EXPLAINED_COMMANDS.filter((_, at) => !used.has(at)).map(({ row, command }) => `${row}: ${command}`);
  t.deepEqual(stale, []);
});

testWith("every command of virsh is walked, or it is said why not", VIRSH, async (t) => {
  const all = await virshCommands();
  t.true(all.length > 250, `${all.length} commands`);
  const walked = new Set(Object.values(TOPICS).flatMap((script) => rowsOf(script).map((row) => row.split(" ")[0])));
  t.deepEqual(
    all.filter((command) => !walked.has(command) && !(command in NOT_WALKED)),
    [],
  );
  t.deepEqual(
    Object.keys(NOT_WALKED).filter((command) => walked.has(command) || !all.includes(command)),
    [],
  );
});

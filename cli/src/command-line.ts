import { type CAC, cac } from "cac";
import type { Command, OptionValues } from "./command.js";
import { consoleCommand } from "./commands/console.js";
import { define, dumpxml, undefine } from "./commands/documents.js";
import { events } from "./commands/events.js";
import { cancelJob, jobs } from "./commands/jobs.js";
import { reboot, resume, start, stop, suspend } from "./commands/lifecycle.js";
import { list } from "./commands/list.js";
import { pluginDisable, pluginEnable, pluginReplace, plugins } from "./commands/plugins.js";
import { record } from "./commands/record.js";
import { replayCommand } from "./commands/replay.js";
import { trace } from "./commands/trace.js";
import { version } from "./commands/version.js";
import { UsageError } from "./errors.js";
import type { Place } from "./uri.js";

const COMMANDS: readonly Command[] = [
  list,
  start,
  stop,
  suspend,
  resume,
  reboot,
  define,
  undefine,
  dumpxml,
  consoleCommand,
  events,
  jobs,
  cancelJob,
  plugins,
  pluginEnable,
  pluginDisable,
  pluginReplace,
  record,
  replayCommand,
  trace,
  version,
];

/** A command line, read. */
export interface Chosen {
  readonly command: Command;
  readonly args: readonly string[];
  readonly options: OptionValues;
  readonly place: Place;
}

/** Reads `process.argv`. `undefined` where help or the version was asked for and has been printed. Throws a `UsageError`. */
export function readCommandLine(argv: readonly string[], programVersion: string): Chosen | undefined {
  let chosen: Chosen | undefined;
  const cli = build((command, args, options) => {
    chosen = { command, args, options, place: placeOf(options) };
  }, programVersion);
  try {
    cli.parse(dashLast(argv), { run: false });
    if (cli.options.help === true || (cli.options.version === true && cli.matchedCommand === undefined))
      return undefined;
    if (cli.matchedCommand === undefined)
      throw new UsageError(cli.args.length === 0 ? "a command is missing" : `unknown command ${cli.args[0]}`);
    cli.args = [...cli.args, ...(cli.options["--"] as string[])];
    cli.runMatchedCommand();
  } catch (error) {
    throw error instanceof UsageError ? error : new UsageError((error as Error).message);
  }
  return chosen;
}

/** cac drops a lone dash, which stands for standard input; behind `--` it stays a word. */
function dashLast(argv: readonly string[]): string[] {
  return argv.includes("-") && !argv.includes("--") ? [...argv.filter((word) => word !== "-"), "--", "-"] : [...argv];
}

function build(choose: (command: Command, args: string[], options: OptionValues) => void, programVersion: string): CAC {
  const cli = cac("polyvisor");
  cli.option("-c, --connect <uri>", "What to manage (else POLYVISOR_URI, LIBVIRT_DEFAULT_URI, the daemon's choice)");
  cli.option("-r, --readonly", "Look, but change nothing");
  cli.option("--root <dir>", "The daemon that was started with this --root; it picks what to manage without -c");
  for (const command of COMMANDS) {
    const added = cli.command(command.usage, command.description);
    for (const [flags, description] of command.options ?? []) added.option(flags, description);
    added.action((...given: unknown[]) => {
      const options = given.pop() as Record<string, unknown>;
      const args = given.flat().filter((word) => word !== undefined);
      choose(command, args.map(String), normal(options));
    });
  }
  cli.help((sections) => sections.filter(({ title }) => !title?.startsWith("For more info")));
  cli.version(programVersion);
  return cli;
}

/** The last of repeated values counts; a value that looks like a number is text all the same. */
function normal(options: Record<string, unknown>): OptionValues {
  const entries = Object.entries(options).map(([name, value]) => {
    const last: unknown = Array.isArray(value) ? value.at(-1) : value;
    return [name, last === true ? true : last === undefined || last === false ? undefined : String(last)] as const;
  });
  return Object.fromEntries(entries);
}

function placeOf({ connect, readonly: readOnly, root }: OptionValues): Place {
  return {
    connect: typeof connect === "string" ? connect : undefined,
    root: typeof root === "string" ? root : undefined,
    readOnly: readOnly === true,
  };
}

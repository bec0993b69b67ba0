import { writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { Outcome } from "./command.js";
import { printedBy, scriptOf } from "./marked-script.js";
import { DOCUMENTS } from "./test-driver-documents.js";
import { askedAgain, forgetsWhy, runVirsh } from "./virsh-watch.js";
import { withFiles } from "./with-peer.js";

/** What one command of virsh printed. */
export interface ToldCommand {
  readonly command: string;
  /** Errors included. */
  readonly says: string;
}

export interface VirshTranscript {
  readonly commands: readonly ToldCommand[];
  /** That of the last command, as a script that ends sees it. */
  readonly status: number;
}

const ENDS = new Set(["exit", "quit"]);

/** `virshOn` with the documents of test-driver-documents.ts. */
export function virshTranscript(uri: string, commands: readonly string[]): Promise<VirshTranscript> {
  return withFiles(DOCUMENTS, (paths) => virshOn(uri, commands, paths));
}

/**
 * All that virsh prints on one connection, command by command. One process runs them all: libvirt's driver lives in it.
 * `<NAME>` in a command stands for the path of that name, `FOLDER` for the folder of the paths.
 */
export async function virshOn(
  uri: string,
  commands: readonly string[],
  paths: Readonly<Record<string, string>>,
): Promise<VirshTranscript> {
  const folder = dirname(Object.values(paths)[0] ?? "");
  const filled = commands.map((command) =>
    command.replaceAll("FOLDER", folder).replace(/<(\w+)>/g, (whole, name: string) => paths[name] ?? whole),
  );
  const script = join(folder, "script");
  await writeFile(script, scriptOf(filled));
  const run = 'exec virsh -c "$0" "$(cat "$1")" 2>&1';
  const env = { ...process.env, EDITOR: `sh ${paths.editor}`, VISUAL: undefined };
  const virsh = (timeout: number) => runVirsh(commands, ["sh", "-c", run, uri, script], { timeout, env });
  const outcome = await ended(virsh, commands);
  const parts = printedBy(outcome.stdout);
  return {
    commands: commands.map((command, at) => ({
      command,
      says: normalised((parts[at] ?? "virsh ended before").replaceAll(folder, "FOLDER"), uri),
    })),
    status: outcome.code,
  };
}

/** A virsh that was through with all commands. */
async function ended(run: (timeout: number) => Promise<Outcome>, commands: readonly string[]): Promise<Outcome> {
  const outcome = await askedAgain(
    run,
    (each) => !printedBy(each.stdout).some((says, at) => forgetsWhy(commands[at] ?? "", says)),
  );
  // The mark behind the last command tells that this one, too, came to its end; virsh itself may end before it.
  const count = ENDS.has(commands.at(-1) ?? "") ? commands.length : commands.length + 1;
  if (printedBy(outcome.stdout).length === count && outcome.code < 128) return outcome;
  throw new Error(`virsh ends with ${outcome.code} before all is done: ${outcome.stdout}`);
}

/** Without what differs from run to run: times, what is named after them, and the way to the driver. */
function normalised(text: string, uri: string): string {
  return text
    .trimEnd()
    .replaceAll(uri, "test:///default")
    .replace(/^CPU time:.*$/gm, "CPU time: N")
    .replace(/\b1[789]\d{8}\b/g, "SECONDS")
    .replace(/\b20\d\d-\d\d-\d\d \d\d:\d\d:\d\d\b/g, "DATE")
    .replace(/((rx|tx)_\w+|number of \w+ \w+:|error count:) +\d{6,}$/gm, "$1 N");
}

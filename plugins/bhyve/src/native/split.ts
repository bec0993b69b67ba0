import { bhyveError } from "../errors.js";

/** The commands of one guest: a loader, if it has one, and bhyve. */
export interface Commands {
  readonly loader?: readonly [program: string, ...args: string[]] | undefined;
  readonly bhyve: readonly [program: string, ...args: string[]];
}

/** Finds both in lines of a shell script; backslashes continue lines. Of each kind the first counts. */
export function splitCommands(text: string): Commands {
  const lines = text
    .replace(/\\(?:\r\n?|\n)/g, "")
    .split(/[\r\n]+/)
    .map(splitWords)
    .filter(isCommand);
  const bhyve = lines.find(([program]) => isProgram(program, "bhyve"));
  if (bhyve === undefined) {
    throw bhyveError(
      "INTERNAL_ERROR",
      "Failed to convert the command string to argv-lists",
      "give a line that starts with /usr/sbin/bhyve",
    );
  }
  return { bhyve, loader: lines.find((line) => !isProgram(line[0], "bhyve")) };
}

export function isProgram(path: string, name: string): boolean {
  return path === name || path.endsWith(`/${name}`);
}

function isCommand(words: string[]): words is [string, ...string[]] {
  return words.length > 0;
}

/** A quote at the start of a word ends it where it comes again. */
function splitWords(line: string): string[] {
  const words = line.matchAll(/'(?<single>[^']*)'?|"(?<double>[^"]*)"?|(?<plain>[^\s]+)/g);
  return [...words].map(({ groups }) => groups?.single ?? groups?.double ?? groups?.plain ?? "");
}

import { outputOf } from "./command.js";
import { printedBy, scriptOf } from "./marked-script.js";

/** Commands that wait, leave virsh or its connection, or are about virsh. */
const LEFT_OUT = new Set(["event", "qemu-monitor-event", "exit", "quit", "connect", "cd", "help"]);
/** Options that wait, need a terminal, an editor or a library of the host, or are about virsh. */
const WITHOUT = /^--(loop|console|wait|timeout|verbose|async|no-pkttyagent|validate|edit|print-xml|help|percent)$/;
/** Names that mean nobody: commands about them end before their options matter. */
const NOBODY = /nobody|nothing|nowhere/;

/** The commands that `virsh help` lists. */
export async function virshCommands(): Promise<readonly string[]> {
  const lines = (await outputOf("virsh", ["help"])).split("\n").filter((line) => /^ {4}\S/.test(line));
  return lines.map((line) => line.trim().split(/\s+/)[0] ?? "");
}

/** The shortest of the rows of each command, once with each of the options without value that it lacks. */
export async function withEachOption(rows: readonly string[]): Promise<readonly string[]> {
  const names = (await virshCommands()).filter((name) => !LEFT_OUT.has(name));
  const help = await outputOf("virsh", [scriptOf(names.map((name) => `help ${name}`))]);
  const texts = printedBy(help);
  return names.flatMap((name, at) => {
    const usual = rows.filter((row) => row.split(" ")[0] === name && !NOBODY.test(row));
    const shortest = usual.sort((one, other) => one.length - other.length)[0];
    if (shortest === undefined) return [];
    const options = [...(texts[at] ?? "").matchAll(/^ {4}(--[\w-]+) {2,}\S/gm)].map(([, option]) => option ?? "");
    const lacking = options.filter((option) => !WITHOUT.test(option) && !shortest.includes(option));
    return lacking.map((option) => `${shortest} ${option}`);
  });
}

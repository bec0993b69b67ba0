import { hostname, release } from "node:os";

/** Now, as lines of a guest's log have it: `2026-11-21 04:46:04.157+0000`. */
export function timestamp(now = new Date()): string {
  return now.toISOString().replace("T", " ").replace("Z", "+0000");
}

/** What is written of a start before the emulator says anything. */
export interface StartNote {
  readonly version: string;
  readonly qemuVersion: string;
  readonly env: Readonly<Record<string, string>>;
  readonly argv: readonly string[];
}

/** How much of what an emulator has said is looked through for its last words, in bytes. */
export const READ_BYTES = 65_536;
/** As much of them as an error message takes, in characters. */
const TAIL = 1024;

/** The end of what an emulator said, from the begin of a line on, without the lines that QEMU writes in every start. */
export function emulatorWords(text: string): string {
  const words = text
    .split("\n")
    .filter((line) => !line.includes("char device redirected to"))
    .join("\n")
    .trimEnd();
  if (words.length <= TAIL) return words;
  const end = words.slice(-TAIL);
  const cut = words.at(-TAIL - 1) === "\n" ? -1 : end.indexOf("\n");
  return end.slice(cut + 1);
}

/** The lines of a start. */
export function formatNote({ version, qemuVersion, env, argv }: StartNote): string {
  const facts = `polyvisor version: ${version}, qemu version: ${qemuVersion}, kernel: ${release()}, hostname: ${hostname()}`;
  const settings = Object.entries(env).map(([name, value]) => `${name}=${quote(value)}`);
  return `${timestamp()}: starting up ${facts}\n${[...settings, ...optionLines(argv)].join(" \\\n")}\n`;
}

/** One option with its value to a line. */
function optionLines(argv: readonly string[]): string[] {
  const lines: string[] = [];
  for (const word of argv.map(quote)) {
    const last = lines.at(-1);
    if (last === undefined || word.startsWith("-") || !/^-[^ ]*$/.test(last)) lines.push(word);
    else lines[lines.length - 1] = `${last} ${word}`;
  }
  return lines;
}

function quote(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}

import { type FileHandle, mkdir, open } from "node:fs/promises";
import { hostname, release } from "node:os";
import { dirname } from "node:path";
import { systemError } from "../errors.js";

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

/** As much of the emulator's last words as an error message takes, in bytes. */
const TAIL = 1024;

/** A guest's log during its start: the emulator writes to the same file, after our note. */
export class GuestLog {
  readonly #file: FileHandle;
  readonly #path: string;
  /** Where the emulator's own words begin. */
  #begin = 0;

  private constructor(file: FileHandle, path: string) {
    this.#file = file;
    this.#path = path;
  }

  static async open(path: string): Promise<GuestLog> {
    try {
      await mkdir(dirname(path), { recursive: true, mode: 0o700 });
      return new GuestLog(await open(path, "a", 0o600), path);
    } catch (error) {
      throw systemError(`failed to create logfile ${path}`, error);
    }
  }

  /** For the emulator's standard output and error. */
  get fd(): number {
    return this.#file.fd;
  }

  async note(start: StartNote): Promise<void> {
    await this.#file.appendFile(formatNote(start)).catch((error: unknown) => {
      throw systemError(`cannot write logfile ${this.#path}`, error);
    });
    this.#begin = (await this.#file.stat()).size;
  }

  /** The end of what the emulator has said so far. */
  async lastWords(): Promise<string> {
    const { size } = await this.#file.stat();
    const from = Math.max(this.#begin, size - TAIL);
    const buffer = Buffer.alloc(Math.max(0, size - from));
    // The emulator inherits a descriptor that only writes, so reading takes another.
    const reader = await open(this.#path, "r");
    try {
      await reader.read(buffer, 0, buffer.length, from);
    } finally {
      await reader.close();
    }
    return emulatorWords(buffer.toString());
  }

  close(): Promise<void> {
    return this.#file.close();
  }

  toString(): string {
    return this.#path;
  }
}

/** Without the lines that QEMU writes in every start. */
function emulatorWords(text: string): string {
  return text
    .split("\n")
    .filter((line) => !line.startsWith("char device redirected to "))
    .join("\n")
    .trimEnd();
}

function formatNote({ version, qemuVersion, env, argv }: StartNote): string {
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

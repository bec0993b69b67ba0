import { appendFileSync, readFileSync, rmSync } from "node:fs";
import { codeOf } from "./opened.js";

/**
 * What one guest has, told in a file before and after each change: whoever puts it back finds out what was done, also
 * where a helper was killed between two calls of the system. Lives as long as this boot of the host.
 */
export interface JournalEntry {
  readonly path: string;
  /** The call by which it was labelled. */
  readonly turn: string;
  readonly identity: string;
  readonly label: string;
  /** What it was before this guest; `null` where it had no label. */
  readonly was: string | null;
  /** How many others were counted on the file before this guest was; `null` where nothing is remembered there. */
  readonly others: number | null;
  /** It is not put back by what `was` says. */
  readonly stays: boolean;
  /** It was done to the end. */
  readonly isDone?: boolean;
  /** How many were counted when this guest began to be taken off. */
  readonly leaving?: number;
}

type Line =
  | { readonly boot: number }
  | { readonly set: JournalEntry }
  | { readonly done: string }
  | { readonly leaving: string; readonly count: number }
  | { readonly gone: string };

export class Journal {
  readonly #file: string;
  readonly #bootTime: number;
  readonly #entries = new Map<string, JournalEntry>();

  /** One of an earlier boot is as good as none. */
  constructor(file: string, bootTime: number) {
    this.#file = file;
    const lines = readLines(file);
    const boot = lines.find((line) => "boot" in line);
    if (boot !== undefined && Math.abs(boot.boot - bootTime) > 2) rmSync(file, { force: true });
    else for (const line of lines) this.#apply(line);
    if (this.#entries.size === 0) rmSync(file, { force: true });
    this.#bootTime = bootTime;
  }

  get(path: string): JournalEntry | undefined {
    return this.#entries.get(path);
  }

  /** Newest first. */
  get entries(): readonly JournalEntry[] {
    return [...this.#entries.values()].reverse();
  }

  begin(entry: JournalEntry): void {
    if (this.#entries.size === 0) this.#write({ boot: this.#bootTime });
    this.#write({ set: entry });
  }

  done(path: string): void {
    this.#write({ done: path });
  }

  leaving(path: string, count: number): void {
    this.#write({ leaving: path, count });
  }

  gone(path: string): void {
    if (this.#entries.size > 1) this.#write({ gone: path });
    else {
      this.#entries.delete(path);
      rmSync(this.#file, { force: true });
    }
  }

  #write(line: Line): void {
    appendFileSync(this.#file, `${JSON.stringify(line)}\n`, { mode: 0o600 });
    this.#apply(line);
  }

  #apply(line: Line): void {
    if ("set" in line) this.#entries.set(line.set.path, line.set);
    else if ("done" in line) this.#change(line.done, { isDone: true });
    else if ("leaving" in line) this.#change(line.leaving, { leaving: line.count });
    else if ("gone" in line) this.#entries.delete(line.gone);
  }

  #change(path: string, part: Partial<JournalEntry>): void {
    const entry = this.#entries.get(path);
    if (entry !== undefined) this.#entries.set(path, { ...entry, ...part });
  }
}

/** A line that was cut off by a crash is no line. */
function readLines(file: string): Line[] {
  return readText(file)
    .split("\n")
    .flatMap((line) => {
      try {
        return [JSON.parse(line) as Line];
      } catch {
        return [];
      }
    });
}

function readText(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    if (codeOf(error) === "ENOENT") return "";
    throw error;
  }
}

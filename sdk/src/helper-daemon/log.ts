import { open } from "node:fs/promises";
import type { Log } from "@polyvisor/core";
import { StartError } from "../process/start-error.js";

/** libvirt counts from 1 (debug) to 4 (errors). */
export type LogLevel = 1 | 2 | 3 | 4;

const NAMES = { 1: "debug", 2: "info", 3: "warning", 4: "error" } as const;

interface Output {
  readonly level: LogLevel;
  readonly stream: Pick<NodeJS.WritableStream, "write">;
}

/** What libvirt's settings say of a log. */
export interface LogSettings {
  readonly level: LogLevel;
  /** Such as `1:file:/var/log/libvirt/virtlockd.log 3:stderr`; without any the log goes to standard error. */
  readonly outputs?: string | undefined;
}

/** The log of a small daemon: one line for each event, its fields as JSON behind the words. Throws a `StartError`. */
export async function openLog({ level, outputs = "" }: LogSettings): Promise<Log> {
  const words = outputs.split(/\s+/).filter((word) => word !== "");
  const opened = words.length === 0 ? [standardError(level)] : await Promise.all(words.map(openOutput));
  return new LineLog(opened, level, {});
}

/** A full disk, or nobody who reads, costs lines of the log and not the daemon. */
function surviving<Stream extends NodeJS.WritableStream>(stream: Stream): Stream {
  stream.on("error", () => {});
  return stream;
}

function standardError(level: LogLevel): Output {
  return { level, stream: surviving(process.stderr) };
}

async function openOutput(word: string): Promise<Output> {
  const match = /^([1-4]):(?:(stderr)|file:(.+))$/.exec(word);
  if (match === null)
    throw new StartError(
      `log_outputs: ${word} is no output that is known here`,
      'outputs are such as "3:stderr" or "1:file:/var/log/libvirt/virtlockd.log"',
    );
  const level = Number(match[1]) as LogLevel;
  if (match[2] !== undefined) return standardError(level);
  try {
    const file = await open(match[3] as string, "a", 0o600);
    return { level, stream: surviving(file.createWriteStream()) };
  } catch (error) {
    throw new StartError(`log_outputs: ${(error as Error).message}`);
  }
}

class LineLog implements Log {
  readonly #outputs: readonly Output[];
  readonly #level: LogLevel;
  readonly #fields: Readonly<Record<string, unknown>>;

  constructor(outputs: readonly Output[], level: LogLevel, fields: Readonly<Record<string, unknown>>) {
    this.#outputs = outputs;
    this.#level = level;
    this.#fields = fields;
  }

  debug(fields: object, message: string): void {
    this.#write(1, fields, message);
  }

  info(fields: object, message: string): void {
    this.#write(2, fields, message);
  }

  warn(fields: object, message: string): void {
    this.#write(3, fields, message);
  }

  error(fields: object, message: string): void {
    this.#write(4, fields, message);
  }

  child(fields: Record<string, unknown>): Log {
    return new LineLog(this.#outputs, this.#level, { ...this.#fields, ...fields });
  }

  #write(level: LogLevel, fields: object, message: string): void {
    if (level < this.#level) return;
    const outputs = this.#outputs.filter((output) => level >= output.level);
    if (outputs.length === 0) return;
    const more = JSON.stringify({ ...this.#fields, ...fields }, plain);
    const line = `${new Date().toISOString()} ${NAMES[level]}: ${message}${more === "{}" ? "" : ` ${more}`}\n`;
    for (const { stream } of outputs) stream.write(line);
  }
}

function plain(_name: string, value: unknown): unknown {
  if (typeof value === "bigint") return String(value);
  return value instanceof Error ? value.message : value;
}

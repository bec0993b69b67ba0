import { close, open } from "node:fs";
import { getSystemErrorMap, promisify } from "node:util";
import { VirtError } from "@polyvisor/core";
import { type Level, pino } from "pino";
import type { LogLevel, LogOutput } from "./settings.js";

type Destination = ReturnType<typeof pino.destination>;

/** Outputs that lines are written to. */
export interface OpenOutputs {
  readonly outputs: readonly LogOutput[];
  readonly pino: pino.Logger;
  /** Writes what is still to be written and closes the files. */
  end(): void;
}

/** What a file that cannot be written may make us keep, in bytes; lines beyond are lost. */
const KEPT_BYTES = 1048576;

const STDERR = 2;

const LEVELS: Readonly<Record<LogLevel, Level>> = { 1: "debug", 2: "info", 3: "warn", 4: "error" };

/** Opens all, or none: throws where one cannot be opened. */
export async function openOutputs(outputs: readonly LogOutput[]): Promise<OpenOutputs> {
  const files = await openFiles(outputs);
  const streams = outputs.map((output) => ({
    level: LEVELS[output.level],
    stream: output.to === "file" ? fileStream(files.get(output.path) as number) : stderrStream(),
  }));
  return {
    outputs,
    pino: pino({ level: "debug", base: null }, pino.multistream(streams)),
    end: () => {
      for (const [index, { stream }] of streams.entries()) if (outputs[index]?.to === "file") stream.end();
    },
  };
}

async function openFiles(outputs: readonly LogOutput[]): Promise<ReadonlyMap<string, number>> {
  const files = new Map<string, number>();
  try {
    for (const output of outputs) {
      if (output.to !== "file") continue;
      files.set(output.path, await promisify(open)(output.path, "a", 0o644));
    }
  } catch (error) {
    for (const descriptor of files.values()) close(descriptor, () => {});
    const { path = "the log", errno } = error as NodeJS.ErrnoException;
    throw new VirtError("SYSTEM_ERROR", `failed to open ${path}: ${systemWords(errno, error)}`, { domain: "ADMIN" });
  }
  return files;
}

/** The system's words for an error, as libvirt spells them. */
function systemWords(errno: number | undefined, error: unknown): string {
  const [, words = (error as Error).message] = getSystemErrorMap().get(errno ?? 0) ?? [];
  return `${words.charAt(0).toUpperCase()}${words.slice(1)}`;
}

function fileStream(descriptor: number): Destination {
  return surviving(pino.destination({ dest: descriptor, sync: false, maxLength: KEPT_BYTES }));
}

function stderrStream(): Destination {
  return surviving(pino.destination({ dest: STDERR, sync: true }));
}

/** A full disk costs lines of the log and not the daemon. */
function surviving(stream: Destination): Destination {
  return stream.on("error", () => {});
}

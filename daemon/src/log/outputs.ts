import { close, open } from "node:fs";
import { createRequire } from "node:module";
import { dirname } from "node:path";
import { promisify } from "node:util";
import { VirtError } from "@polyvisor/core";
import { makeFolders } from "@polyvisor/sdk/store";
import type { Level, Logger, pino } from "pino";
import { systemWords } from "../system-words.js";
import type { LogLevel, LogOutput } from "./settings.js";

type Destination = ReturnType<typeof pino.destination>;

/** Outputs that lines are written to. */
export interface OpenOutputs {
  readonly outputs: readonly LogOutput[];
  /** Made with the first line: a daemon that has nothing to tell does without the library. */
  readonly pino: Logger;
  /** Writes what is still to be written and closes the files. */
  end(): void;
}

/** What a file that cannot be written may make us keep, in bytes; lines beyond are lost. */
const KEPT_BYTES = 1048576;

const STDERR = 2;

const LEVELS: Readonly<Record<LogLevel, Level>> = { 1: "debug", 2: "info", 3: "warn", 4: "error" };

/** Opens all, or none: throws where one cannot be opened. `withFolders` makes the folders that files need. */
export async function openOutputs(outputs: readonly LogOutput[], withFolders = false): Promise<OpenOutputs> {
  const files = await openFiles(outputs, withFolders);
  let writer: Writer | undefined;
  return {
    outputs,
    get pino() {
      writer ??= writerTo(outputs, files);
      return writer.pino;
    },
    end: () => {
      if (writer !== undefined) writer.end();
      else closeAll(files);
    },
  };
}

interface Writer {
  readonly pino: Logger;
  end(): void;
}

function writerTo(outputs: readonly LogOutput[], files: ReadonlyMap<string, number>): Writer {
  const { pino } = createRequire(import.meta.url)("pino") as typeof import("pino");
  const surviving = (options: Parameters<typeof pino.destination>[0]): Destination =>
    // A full disk costs lines of the log and not the daemon.
    pino.destination(options).on("error", () => {});
  const streams = outputs.map((output) => ({
    level: LEVELS[output.level],
    stream:
      output.to === "file"
        ? surviving({ dest: files.get(output.path) as number, sync: false, maxLength: KEPT_BYTES })
        : surviving({ dest: STDERR, sync: true }),
  }));
  return {
    pino: pino({ level: "debug", base: null }, pino.multistream(streams)),
    end: () => {
      for (const [index, { stream }] of streams.entries()) if (outputs[index]?.to === "file") stream.end();
    },
  };
}

function closeAll(files: ReadonlyMap<string, number>): void {
  for (const descriptor of files.values()) close(descriptor, () => {});
}

async function openFiles(outputs: readonly LogOutput[], withFolders: boolean): Promise<ReadonlyMap<string, number>> {
  const files = new Map<string, number>();
  for (const output of outputs) {
    if (output.to !== "file") continue;
    try {
      if (withFolders) await makeFolders(dirname(output.path));
      files.set(output.path, await promisify(open)(output.path, "a", 0o644));
    } catch (error) {
      closeAll(files);
      throw new VirtError("SYSTEM_ERROR", `failed to open ${output.path}: ${systemWords(error)}`, { domain: "ADMIN" });
    }
  }
  return files;
}

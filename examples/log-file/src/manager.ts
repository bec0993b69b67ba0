import { open as openCallback } from "node:fs";
import { appendFile, mkdir, stat, truncate } from "node:fs/promises";
import { dirname, isAbsolute } from "node:path";
import { promisify } from "node:util";
import { Descriptor, type LogManager, PLUGIN_CONFIG, VirtError } from "@polyvisor/core";
import { inject, injectable } from "tsyringe";
import { readFrom, rollOver } from "./files.js";

const open = promisify(openCallback);

/** What the operator may set in `plugins/log-file.conf`. */
export interface LogFileConfig {
  /** Bytes; a file that is larger is rolled over before the next guest writes to it. */
  readonly max_size: number;
  /** How many files of earlier runs are kept: `NAME.log.0` is the latest. */
  readonly max_backups: number;
}

type OpenArgs = Parameters<NonNullable<LogManager["openLogFile"]>>[0];
type AppendArgs = Parameters<NonNullable<LogManager["appendLogFile"]>>[0];
type ReadArgs = Parameters<NonNullable<LogManager["readLogFile"]>>[0];

/**
 * Guests write to their log files themselves, so that nothing of ours has to live as long as they do, and what they have
 * written is there at once: no pipe has to be drained before a position is told. A file that is written to cannot be rolled
 * over; that is done when a guest starts.
 */
@injectable()
export class FileLogManager implements LogManager {
  readonly #config: LogFileConfig;

  constructor(@inject(PLUGIN_CONFIG as symbol) config: LogFileConfig) {
    this.#config = config;
  }

  async openLogFile({ path, truncate: empties }: OpenArgs): Promise<Descriptor> {
    return attempt(`Unable to open file: '${path}'`, async () => {
      await prepare(path);
      if (empties !== 0) await truncate(path).catch(ignoreMissing);
      await rollOver(path, this.#config.max_size, this.#config.max_backups);
      return new Descriptor(await open(path, "a", 0o600));
    });
  }

  async getLogFilePosition({ path }: { readonly path: string }) {
    return attempt(`No open log file ${path}`, async () => {
      const { ino, size } = await stat(path, { bigint: true });
      return { inode: ino, offset: size };
    });
  }

  async readLogFile({ path, position, maxBytes }: ReadArgs): Promise<string> {
    return attempt(`Unable to read file '${path}'`, () =>
      readFrom(path, position, Number(maxBytes), this.#config.max_backups),
    );
  }

  async appendLogFile({ path, message }: AppendArgs): Promise<void> {
    await attempt(`Unable to write file '${path}'`, async () => {
      await prepare(path);
      await appendFile(path, message, { mode: 0o600 });
    });
  }
}

async function prepare(path: string): Promise<void> {
  if (!isAbsolute(path)) throw new VirtError("INVALID_ARG", `the path '${path}' of a log is not absolute`);
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
}

async function attempt<T>(what: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof VirtError) throw error;
    throw new VirtError("SYSTEM_ERROR", `${what}: ${(error as Error).message}`, { cause: error });
  }
}

function ignoreMissing(error: NodeJS.ErrnoException): void {
  if (error.code !== "ENOENT") throw error;
}

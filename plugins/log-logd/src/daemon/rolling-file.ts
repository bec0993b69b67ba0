import { constants } from "node:fs";
import { type FileHandle, open, rename, stat, unlink } from "node:fs/promises";
import { VirtError } from "@polyvisor/core";
import { systemFailure } from "./failures.js";
import type { Source } from "./sources.js";
import { nextStep } from "./where-to-cut.js";

/** When a file makes room for the next one. */
export interface Limits {
  /** Bytes of a file at most; 0 means without end. */
  readonly maxSize: number;
  /** How many older files are kept: `PATH.0` is the latest. */
  readonly maxBackups: number;
}

/** Where a log stands: in which file, and how far, in bytes. */
export interface Position {
  readonly inode: bigint;
  readonly offset: number;
}

const MODE = 0o600;
/** As many older files as libvirt allows. */
const BACKUPS_MAX = 32;
/** A named pipe without a reader is refused instead of being waited for. */
const FLAGS = constants.O_CREAT | constants.O_WRONLY | constants.O_NONBLOCK;

interface Opened {
  readonly file: FileHandle;
  readonly inode: bigint;
  /** Devices neither grow nor are replaced. */
  readonly isRegular: boolean;
}

/** A file to which is written at its end, and which makes room for a new one when it is full. One thing at a time. */
export class RollingFile {
  readonly #path: string;
  readonly #limits: Limits;
  #opened: Opened;
  #offset: number;

  private constructor(path: string, limits: Limits, opened: Opened, offset: number) {
    this.#path = path;
    this.#limits = limits;
    this.#opened = opened;
    this.#offset = offset;
  }

  /** `empty`: what the file and its older ones held is gone. */
  static async open(path: string, limits: Limits, { empty = false } = {}): Promise<RollingFile> {
    checkBackups(limits);
    if (empty) await remove(path, limits);
    const { size, ...opened } = await openAtEnd(path);
    return new RollingFile(path, limits, opened, size);
  }

  get position(): Position {
    return { inode: this.#opened.inode, offset: this.#offset };
  }

  /** Writes all of it. Where that fails, what is left of the source is the caller's to deal with. */
  async take(source: Source): Promise<void> {
    if (source.length > 0) await this.#findEnd();
    const maxSize = this.#opened.isRegular ? this.#limits.maxSize : 0;
    while (source.length > 0) {
      const step = nextStep({ offset: this.#offset, maxSize }, source.length, (length) => source.peek(length));
      await this.#write(source, step.bytes);
      if (step.rollsOver) await this.#rollOver();
    }
  }

  async close(): Promise<void> {
    await this.#opened.file.close().catch(() => {});
  }

  /** Others may have cut the file (logrotate does) or written to it: we are at its end all the same. */
  async #findEnd(): Promise<void> {
    if (!this.#opened.isRegular) return;
    const { size } = await this.#opened.file.stat().catch((error: unknown) => {
      throw systemFailure(`Unable to determine current file offset: ${this.#path}`, error);
    });
    this.#offset = size;
  }

  async #write(source: Source, bytes: number): Promise<void> {
    try {
      for (let left = bytes; left > 0 && source.length > 0; ) {
        const written = await source.moveTo(this.#opened.file, this.#offset, left);
        left -= written;
        this.#offset += written;
      }
    } catch (error) {
      throw systemFailure(`Unable to write to file ${this.#path}`, error);
    }
  }

  async #rollOver(): Promise<void> {
    await this.#moveBackups();
    const { size, ...opened } = await openAtEnd(this.#path);
    await this.close();
    this.#opened = opened;
    this.#offset = size;
  }

  async #moveBackups(): Promise<void> {
    const names = [this.#path, ...backupsOf(this.#path, this.#limits)];
    if (names.length === 1) await removeFile(this.#path, `Unable to remove ${this.#path}`);
    for (let index = names.length - 2; index >= 0; index--) {
      const [from = "", to = ""] = names.slice(index, index + 2);
      await rename(from, to).catch((error: unknown) => {
        if (!isMissing(error)) throw systemFailure(`Unable to rename ${from} to ${to}`, error);
      });
    }
  }
}

/** Throws in libvirt's words where more older files are asked for than libvirt keeps. */
export function checkBackups({ maxBackups }: Limits): void {
  if (maxBackups <= BACKUPS_MAX) return;
  throw new VirtError("CONFIG_UNSUPPORTED", `Max backup ${maxBackups} must be less than or equal to ${BACKUPS_MAX}`, {
    hint: "set max_backups in virtlogd.conf",
  });
}

/** The names of the older files, the latest first. */
export function backupsOf(path: string, { maxBackups }: Limits): string[] {
  return Array.from({ length: maxBackups }, (_, index) => `${path}.${index}`);
}

export function isMissing(error: unknown): boolean {
  return (error as NodeJS.ErrnoException).code === "ENOENT";
}

async function openAtEnd(path: string): Promise<Opened & { readonly size: number }> {
  const file = await open(path, FLAGS, MODE).catch((error: unknown) => {
    throw systemFailure(`Unable to open file: ${path}`, error);
  });
  try {
    const found = await file.stat({ bigint: true });
    const isRegular = found.isFile();
    return { file, inode: found.ino, isRegular, size: isRegular ? Number(found.size) : 0 };
  } catch (error) {
    await file.close().catch(() => {});
    throw systemFailure(`Unable to determine current file inode: ${path}`, error);
  }
}

async function remove(path: string, limits: Limits): Promise<void> {
  // A device is no file of ours: writing begins anew on it anyway.
  if (await isDevice(path)) return;
  for (const name of [path, ...backupsOf(path, limits)]) await removeFile(name, `Unable to delete file ${name}`);
}

async function removeFile(path: string, otherwise: string): Promise<void> {
  await unlink(path).catch((error: unknown) => {
    if (!isMissing(error)) throw systemFailure(otherwise, error);
  });
}

async function isDevice(path: string): Promise<boolean> {
  const found = await stat(path).catch(() => undefined);
  return found !== undefined && !found.isFile() && !found.isDirectory();
}

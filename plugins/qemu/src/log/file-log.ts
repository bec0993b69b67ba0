import { appendFile, type FileHandle, open } from "node:fs/promises";
import { dirname } from "node:path";
import { makeFolders } from "@polyvisor/sdk/store";
import { systemError } from "../errors.js";
import type { GuestLog } from "./guest-log.js";
import { emulatorWords, formatNote, READ_BYTES, type StartNote } from "./note.js";

/** A guest's log where nobody else keeps it: the emulator writes to the same file, after our note. */
export class FileLog implements GuestLog {
  readonly #file: FileHandle;
  readonly #path: string;
  /** Where the emulator's own words begin. */
  #begin = 0;

  private constructor(file: FileHandle, path: string) {
    this.#file = file;
    this.#path = path;
  }

  static async open(path: string): Promise<FileLog> {
    try {
      await makeFolders(dirname(path), 0o700);
      return new FileLog(await open(path, "a", 0o600), path);
    } catch (error) {
      throw systemError(`failed to create logfile ${path}`, error);
    }
  }

  get fd(): number {
    return this.#file.fd;
  }

  async note(start: StartNote): Promise<void> {
    await this.#file.appendFile(formatNote(start)).catch((error: unknown) => {
      throw systemError(`cannot write logfile ${this.#path}`, error);
    });
    this.#begin = (await this.#file.stat()).size;
  }

  async lastWords(): Promise<string> {
    const { size } = await this.#file.stat();
    const from = Math.max(this.#begin, size - READ_BYTES);
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

/** Writes a line of our own behind what the guest has said. */
export function appendToFile(path: string, line: string): Promise<void> {
  return appendFile(path, line, { mode: 0o600 });
}

import type { FileHandle } from "node:fs/promises";
import { moveToFile, peekIntoPipe, takeFromPipe } from "@polyvisor/sdk/process";

/** Bytes on their way into a file. */
export interface Source {
  /** How many are left. */
  readonly length: number;
  /** The first ones, as many as asked for or fewer. They stay. */
  peek(length: number): Uint8Array;
  /** Writes the first ones into a file, `length` or fewer. Returns how many were written. */
  moveTo(file: FileHandle, offset: number, length: number): Promise<number>;
}

export class BufferSource implements Source {
  #rest: Buffer;

  constructor(bytes: Buffer) {
    this.#rest = bytes;
  }

  get length(): number {
    return this.#rest.length;
  }

  peek(length: number): Buffer {
    return this.#rest.subarray(0, length);
  }

  async moveTo(file: FileHandle, offset: number, length: number): Promise<number> {
    const { bytesWritten } = await file.write(this.#rest, 0, length, offset);
    this.#rest = this.#rest.subarray(bytesWritten);
    return bytesWritten;
  }
}

/** As many bytes of a pipe as were there at a moment: what comes later is another's. */
export class PipeSource implements Source {
  readonly #reader: number;
  #length: number;

  constructor(reader: number, length: number) {
    this.#reader = reader;
    this.#length = length;
  }

  get length(): number {
    return this.#length;
  }

  peek(length: number): Buffer {
    return peekIntoPipe(this.#reader, length);
  }

  async moveTo(file: FileHandle, offset: number, length: number): Promise<number> {
    const moved = await moveToFile(this.#reader, file.fd, offset, length);
    if (moved === undefined || moved === 0) return this.#copyTo(file, offset, length);
    this.#length -= moved;
    return moved;
  }

  /** Takes out what could not be written, so that the guest can write on. Returns how many bytes those were. */
  drop(): number {
    const dropped = this.#length;
    while (this.#length > 0) {
      const { length } = takeFromPipe(this.#reader, Math.min(this.#length, 65_536));
      this.#length = length === 0 ? 0 : this.#length - length;
    }
    return dropped;
  }

  /** For files into which nothing can be moved, such as terminals, and to learn why a write fails. */
  async #copyTo(file: FileHandle, offset: number, length: number): Promise<number> {
    const bytes = takeFromPipe(this.#reader, length);
    this.#length = bytes.length === 0 ? 0 : this.#length - bytes.length;
    for (let at = 0; at < bytes.length; )
      at += (await file.write(bytes, at, bytes.length - at, offset + at)).bytesWritten;
    return bytes.length;
  }
}

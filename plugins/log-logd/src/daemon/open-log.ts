import type { Descriptor, Log } from "@polyvisor/core";
import { bytesInPipe, isAtEnd, PIPE_BYTES } from "@polyvisor/sdk/process";
import type { KeptLog } from "../kept-logs.js";
import type { Position, RollingFile } from "./rolling-file.js";
import { BufferSource, PipeSource } from "./sources.js";

/** How much of a pipe is written before others get their turn, in bytes. */
const TURN_BYTES = 4 * PIPE_BYTES;

/** A log that a guest writes to. Its methods must not run beside each other. */
export class OpenLog {
  readonly kept: KeptLog;
  readonly #reader: Descriptor;
  readonly #file: RollingFile;
  readonly #log: Log;
  #isFailing = false;

  /** Takes the pipe and the file over. */
  constructor(kept: KeptLog, reader: Descriptor, file: RollingFile, log: Log) {
    this.kept = kept;
    this.#reader = reader;
    this.#file = file;
    this.#log = log.child({ path: kept.path, guest: kept.guest.name });
  }

  get reader(): number {
    return this.#reader.fd;
  }

  get position(): Position {
    return this.#file.position;
  }

  /** Whether all is written, and nobody is left who could write more. */
  get isAtEnd(): boolean {
    return isAtEnd(this.reader);
  }

  /**
   * Writes what was in the pipe when this was called, all of it or a turn's worth. What cannot be written is dropped: a guest
   * does not stand still because a disk is full.
   */
  async drain({ turn = false } = {}): Promise<void> {
    const waiting = bytesInPipe(this.reader);
    const source = new PipeSource(this.reader, turn ? Math.min(waiting, TURN_BYTES) : waiting);
    try {
      await this.#file.take(source);
      if (waiting > 0) this.#isFailing = false;
    } catch (error) {
      const bytes = source.drop();
      if (!this.#isFailing) this.#log.error({ err: error, bytes }, "a guest's words cannot be written and are lost");
      this.#isFailing = true;
    }
  }

  /** Writes words of somebody else behind what the guest has said so far. */
  async append(message: string): Promise<void> {
    await this.drain();
    await this.#file.take(new BufferSource(Buffer.from(message)));
  }

  async close(): Promise<void> {
    this.#reader.close();
    await this.#file.close();
  }
}

import { Descriptor, type Log, VirtError } from "@polyvisor/core";
import { makePipe, Readiness } from "@polyvisor/sdk/process";
import { openPipes, pipeOf } from "../find-pipes.js";
import type { KeptLog, KeptLogs } from "../kept-logs.js";
import { errnoFailure } from "./failures.js";
import { OpenLog } from "./open-log.js";
import { PathQueues } from "./path-queues.js";
import { type Place, readLog } from "./read-log.js";
import { type Limits, type Position, RollingFile } from "./rolling-file.js";
import { BufferSource } from "./sources.js";

/** Who writes to a log, and where it is kept. */
export type LogOwner = Omit<KeptLog, "pipe">;

/** A log as one program hands it to the next in the same process. */
export interface HandedLog extends KeptLog {
  readonly descriptor: number;
}

const EBUSY = 16;

/** The logs of a host: who may write what where, and in which order. */
export class Logs {
  readonly #limits: Limits;
  readonly #kept: KeptLogs;
  readonly #log: Log;
  readonly #open = new Map<string, OpenLog>();
  readonly #queues = new PathQueues();
  readonly #readiness = new Readiness();

  constructor(limits: Limits, kept: KeptLogs, log: Log) {
    this.#limits = limits;
    this.#kept = kept;
    this.#log = log;
  }

  /** How many guests' logs are open. */
  get size(): number {
    return this.#open.size;
  }

  /** The end of a pipe that a guest writes to, and where its words will begin. One guest has a path at a time. */
  open(owner: LogOwner, empty: boolean): Promise<{ readonly position: Position; readonly writer: Descriptor }> {
    const { path } = owner;
    return this.#queues.run(path, async () => {
      await this.#refuseBusy(path);
      const { reader, writer } = makePipe();
      try {
        const file = await RollingFile.open(path, this.#limits, { empty });
        const log = new OpenLog({ ...owner, pipe: pipeOf(reader.fd) ?? "" }, reader, file, this.#log);
        await this.#kept.add(log.kept);
        this.#begin(log);
        return { position: log.position, writer };
      } catch (error) {
        reader.close();
        writer.close();
        throw error;
      }
    });
  }

  /** Where a log stands with all that its guest wrote before this call. */
  position(path: string): Promise<Position> {
    return this.#queues.run(path, async () => {
      const log = this.#open.get(path);
      if (log === undefined) throw new VirtError("INTERNAL_ERROR", `No open log file ${path}`, { domain: "LOGGING" });
      await log.drain();
      return log.position;
    });
  }

  read(path: string, place: Place, length: number): Promise<Buffer> {
    return this.#queues.run(path, () => readLog(path, this.#limits, place, length));
  }

  append(path: string, message: string): Promise<void> {
    return this.#queues.run(path, async () => {
      const log = this.#open.get(path);
      if (log !== undefined) return log.append(message);
      const file = await RollingFile.open(path, this.#limits);
      try {
        await file.take(new BufferSource(Buffer.from(message)));
      } finally {
        await file.close();
      }
    });
  }

  /** Goes on with the logs of the program before this one: `handed` is what it gave on, the rest is looked for. */
  async restore(handed: readonly HandedLog[]): Promise<void> {
    const known = await this.#kept.list();
    const given = new Map(handed.map(({ pipe, descriptor }) => [pipe, new Descriptor(descriptor)]));
    const missing = known.filter(({ pipe }) => !given.has(pipe)).map(({ pipe }) => pipe);
    const found = missing.length === 0 ? new Map<string, Descriptor>() : openPipes(new Set(missing));
    for (const kept of known) await this.#resume(kept, given.get(kept.pipe) ?? found.get(kept.pipe));
  }

  /** Begins nothing more, and waits for what has begun. */
  hold(): Promise<void> {
    return this.#queues.hold();
  }

  release(): void {
    this.#queues.release();
  }

  /** What the next program in this process needs. Nothing may run any more. */
  handOver(): HandedLog[] {
    return [...this.#open.values()].map(({ kept, reader }) => ({ ...kept, descriptor: reader }));
  }

  /** Writes what is there. The logs stay known, so that the next daemon goes on with them. */
  async close(): Promise<void> {
    const logs = [...this.#open.values()];
    await Promise.all(logs.map((log) => this.#queues.run(log.kept.path, () => log.drain())));
    this.#readiness.close();
  }

  /** A guest that has ended is no reason to refuse the next one, even where its end has not been noticed yet. */
  async #refuseBusy(path: string): Promise<void> {
    const log = this.#open.get(path);
    if (log === undefined) return;
    await log.drain();
    await this.#closeAtEnd(log);
    if (this.#open.has(path)) throw errnoFailure(`Cannot open log file: '${path}'`, EBUSY, "LOGGING");
  }

  #begin(log: OpenLog): void {
    this.#open.set(log.kept.path, log);
    this.#readiness.add(log.reader, () => void this.#queues.run(log.kept.path, () => this.#turn(log)));
  }

  /** Called when a log has something to be written, or its guest is gone; it may have been dealt with meanwhile. */
  async #turn(log: OpenLog): Promise<void> {
    if (this.#open.get(log.kept.path) !== log) return;
    await log.drain({ turn: true });
    if (!(await this.#closeAtEnd(log))) this.#readiness.arm(log.reader);
  }

  async #closeAtEnd(log: OpenLog): Promise<boolean> {
    if (!log.isAtEnd) return false;
    this.#open.delete(log.kept.path);
    this.#readiness.remove(log.reader);
    await log.close();
    await this.#kept.remove(log.kept);
    return true;
  }

  async #resume(kept: KeptLog, reader: Descriptor | undefined): Promise<void> {
    if (reader === undefined) {
      await this.#kept.remove(kept);
      return;
    }
    try {
      const file = await RollingFile.open(kept.path, this.#limits);
      this.#begin(new OpenLog(kept, reader, file, this.#log));
    } catch (error) {
      // Its guest learns that nobody reads, which costs its words and nothing else.
      reader.close();
      this.#log.error({ err: error, path: kept.path }, "a guest's log cannot be gone on with");
      await this.#kept.remove(kept);
    }
  }
}

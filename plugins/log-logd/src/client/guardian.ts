import { readdir, readFile } from "node:fs/promises";
import { setTimeout as delay } from "node:timers/promises";
import type { Descriptor, Log } from "@polyvisor/core";
import type { HelperDoor } from "@polyvisor/sdk/helper-daemon";
import { openPipes, openToRead, pipeOf } from "../find-pipes.js";
import { KeptLogs } from "../kept-logs.js";
import type { LogdPlaces } from "./places.js";

/** How often it is looked which logs are closed by now, in milliseconds. */
const SWEEP_MS = 2_000;
/** How long is waited before a daemon that cannot be started is tried again, in milliseconds. */
const RETRY_MS = [0, 500, 2_000, 10_000];

/**
 * Watches over the log daemon that this host has started, for as long as guests write to it. It has an end of each pipe that
 * is read by nobody, so that what guests write waits there while no daemon runs, and a new daemon can take the pipe up again
 * even where the guest has ended meanwhile; and it starts that new daemon at once.
 */
export class Guardian {
  readonly #door: HelperDoor;
  readonly #places: NonNullable<LogdPlaces["own"]>;
  readonly #log: Log;
  readonly #kept: KeptLogs;
  readonly #readers = new Map<string, Descriptor>();
  #watching: Promise<void> | undefined;
  #sweeper: NodeJS.Timeout | undefined;
  #isClosed = false;
  #hangUp: () => void = () => {};

  constructor(door: HelperDoor, places: NonNullable<LogdPlaces["own"]>, log: Log) {
    this.#door = door;
    this.#places = places;
    this.#log = log;
    this.#kept = new KeptLogs(places.keptFolder, log);
  }

  /** Called when the manager starts: guests of the one before may run, and their daemon, or nobody who reads their pipes. */
  async adopt(): Promise<void> {
    const logs = await this.#kept.list();
    if (logs.length === 0 || this.#isClosed) return;
    for (const [pipe, reader] of await this.#find(new Set(logs.map(({ pipe }) => pipe)))) this.#add(pipe, reader);
    this.#watch();
  }

  /** Called with the descriptor of each log that a guest is about to write to. */
  keep(writer: number): void {
    const pipe = pipeOf(writer);
    const reader = openToRead(`/proc/self/fd/${writer}`);
    if (pipe !== undefined && reader !== undefined) this.#add(pipe, reader);
    else reader?.close();
    this.#watch();
  }

  close(): void {
    this.#isClosed = true;
    this.#hangUp();
    this.#letGo([...this.#readers.keys()]);
  }

  /** The daemon has them all, unless it has just begun: then the guests have them, or the manager before this one. */
  async #find(wanted: ReadonlySet<string>): Promise<Map<string, Descriptor>> {
    const pid = (await readFile(this.#places.pidFile, "utf8").catch(() => "")).trim();
    const found = openPipes(wanted, pid === "" ? [] : [pid]);
    const missing = new Set([...wanted].filter((pipe) => !found.has(pipe)));
    return missing.size === 0 ? found : new Map([...found, ...openPipes(missing)]);
  }

  #add(pipe: string, reader: Descriptor): void {
    if (this.#isClosed || this.#readers.has(pipe)) {
      reader.close();
      return;
    }
    this.#readers.set(pipe, reader);
    this.#sweeper ??= setInterval(() => void this.#sweep(), SWEEP_MS).unref();
  }

  #letGo(pipes: readonly string[]): void {
    for (const pipe of pipes) {
      this.#readers.get(pipe)?.close();
      this.#readers.delete(pipe);
    }
    if (this.#readers.size > 0) return;
    clearInterval(this.#sweeper);
    this.#sweeper = undefined;
  }

  /** A log whose guest has ended is not known to the daemon any more. */
  async #sweep(): Promise<void> {
    const held = [...this.#readers.keys()];
    const names = new Set(await readdir(this.#places.keptFolder).catch(() => []));
    this.#letGo(held.filter((pipe) => !names.has(`${pipe}.json`)));
  }

  #watch(): void {
    this.#watching ??= this.#standBy().finally(() => {
      this.#watching = undefined;
    });
  }

  /** A connection on which nothing is asked tells when the daemon ends. */
  async #standBy(): Promise<void> {
    for (let failures = 0; !this.#isClosed; ) {
      await delay(RETRY_MS[failures], undefined, { ref: false });
      try {
        const client = await this.#door.connect();
        failures = 0;
        this.#hangUp = () => void client.close();
        if (this.#isClosed) this.#hangUp();
        await client.closed;
        await this.#sweep();
        if (this.#readers.size === 0) return;
        if (!this.#isClosed) this.#log.warn({}, "the log daemon has ended and is started again: guests write to it");
      } catch (error) {
        failures++;
        if (failures < RETRY_MS.length) continue;
        this.#log.error({ err: error }, "no log daemon can be started: what guests write from now on is lost");
        this.#letGo([...this.#readers.keys()]);
        return;
      }
    }
  }
}

import { open, stat } from "node:fs/promises";
import { isAbsolute } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import {
  type Descriptor,
  HOST_INFO,
  type HostInfo,
  LOG,
  type Log,
  type LogManager,
  PLUGIN_CONFIG,
  VirtError,
} from "@polyvisor/core";
import { HelperDoor } from "@polyvisor/sdk/helper-daemon";
import { inject, injectable } from "tsyringe";
import { ConnectionLost, Connections, type LogDaemon } from "./client/connections.js";
import { Guardian } from "./client/guardian.js";
import { type LogdConfig, placesOf } from "./client/places.js";

type Handler<N extends keyof LogManager> = NonNullable<LogManager[N]>;
type Args<N extends keyof LogManager> = Parameters<Handler<N>>[0];

const TRUNCATE = 1;
/** The most that one answer carries, in bytes. */
const READ_BYTES_MAX = 1 << 20;
/** How often a call is made anew whose daemon went. */
const ATTEMPTS = 3;
/** How long a log may be busy that was somebody's a moment ago, and how often it is tried, in milliseconds. */
const BUSY_MS = 2_000;
const BUSY_LOOK_MS = 10;

/** Guests' logs at a log daemon: polyvisor-logd, which is started where it does not run, or another's. */
@injectable()
export class LogdManager implements LogManager {
  readonly #connections: Connections;
  readonly #guardian: Guardian | undefined;

  constructor(
    @inject(HOST_INFO as symbol) info: HostInfo,
    @inject(PLUGIN_CONFIG as symbol) config: LogdConfig,
    @inject(LOG as symbol) log: Log,
  ) {
    const { address, own } = placesOf(info, config);
    const door = new HelperDoor(address);
    this.#connections = new Connections(door);
    this.#guardian = own === undefined ? undefined : new Guardian(door, own, log);
    this.#guardian?.adopt().catch((error: unknown) => {
      log.error({ err: error }, "the logs of guests that run cannot be watched over");
    });
  }

  async openLogFile({ driver, guest, path, truncate }: Args<"openLogFile">): Promise<Descriptor> {
    checkPath(path);
    const flags = truncate === 0 ? 0 : TRUNCATE;
    const open = () =>
      this.#call((daemon, signal) => daemon.domainOpenLogFile({ driver, dom: guest, path, flags }, { signal }));
    const { descriptor } = await patiently(open, isBusy);
    this.#guardian?.keep(descriptor.fd);
    return descriptor;
  }

  async getLogFilePosition({ path }: Args<"getLogFilePosition">) {
    checkPath(path);
    try {
      return await this.#call((daemon, signal) => daemon.domainGetLogFilePosition({ path, flags: 0 }, { signal }));
    } catch (error) {
      // The daemon forgets a log when its guest has ended, and all that the guest said is written by then.
      const end = isNotOpen(error) ? await endOf(path) : undefined;
      if (end === undefined) throw error;
      return end;
    }
  }

  async readLogFile({ path, position, maxBytes }: Args<"readLogFile">): Promise<string> {
    checkPath(path);
    const maxlen = Math.min(Number(maxBytes), READ_BYTES_MAX);
    return this.#call((daemon, signal) =>
      daemon.domainReadLogFile({ path, pos: position, maxlen, flags: 0 }, { signal }),
    );
  }

  async appendLogFile({ driver, guest, path, message }: Args<"appendLogFile">): Promise<void> {
    checkPath(path);
    let isAgain = false;
    await this.#call(async (daemon, signal) => {
      // The daemon may have written it and been killed before it could say so.
      if (isAgain && (await endsWith(path, message))) return;
      isAgain = true;
      await daemon.domainAppendLogFile({ driver, dom: guest, path, message, flags: 0 }, { signal });
    });
  }

  /** Called by the container that made it. */
  dispose(): void {
    this.#guardian?.close();
    this.#connections.close();
  }

  async #call<T>(work: (daemon: LogDaemon, signal: AbortSignal) => Promise<T>): Promise<T> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.#connections.call(work);
      } catch (error) {
        if (!(error instanceof ConnectionLost)) throw error;
        if (attempt === ATTEMPTS) throw error.cause;
      }
    }
  }
}

/** Tries again for a moment: the end of a guest is not noticed before the last process has closed what it wrote to. */
async function patiently<T>(work: () => Promise<T>, mayPass: (error: unknown) => boolean): Promise<T> {
  const end = performance.now() + BUSY_MS;
  for (;;) {
    try {
      return await work();
    } catch (error) {
      if (!mayPass(error) || performance.now() > end) throw error;
      await delay(BUSY_LOOK_MS);
    }
  }
}

function isBusy(error: unknown): boolean {
  return (
    error instanceof VirtError && error.code === "SYSTEM_ERROR" && error.message.endsWith(": Device or resource busy")
  );
}

function checkPath(path: string): void {
  if (!isAbsolute(path)) throw new VirtError("INVALID_ARG", `the path '${path}' of a log is not absolute`);
}

function isNotOpen(error: unknown): boolean {
  return error instanceof VirtError && error.code === "INTERNAL_ERROR" && error.message.includes("No open log file");
}

async function endOf(path: string): Promise<{ inode: bigint; offset: bigint } | undefined> {
  const found = await stat(path, { bigint: true }).catch(() => undefined);
  return found && { inode: found.ino, offset: found.size };
}

/** Whether a log ends with these words, as far as anyone can tell. */
async function endsWith(path: string, words: string): Promise<boolean> {
  const wanted = Buffer.from(words);
  try {
    const file = await open(path, "r");
    try {
      const { size } = await file.stat();
      const end = Buffer.alloc(wanted.length);
      await file.read(end, 0, end.length, size - end.length);
      return size >= wanted.length && end.equals(wanted);
    } finally {
      await file.close();
    }
  } catch {
    return false;
  }
}

import type { Socket } from "node:net";
import { type Descriptor, VirtError } from "@polyvisor/core";
import { isObject, type Json, type JsonObject, objectOf, textOf } from "../capabilities/json.js";
import { LineReader } from "./line-reader.js";
import { parseLine } from "./parse-line.js";
import { passDescriptor } from "./pass-descriptor.js";
import { monitorError, QmpError } from "./qmp-error.js";
import { TokenBucket } from "./token-bucket.js";

/** What the emulator tells by itself. */
export interface QmpEvent {
  readonly name: string;
  readonly data: JsonObject;
  /** All that was said, as it was written. */
  readonly line: string;
}

export interface QmpLimits {
  /** The longest line in bytes; a longer one ends the monitor. */
  readonly maxLine: number;
  /** The most characters of a message that nobody asked for; a longer one ends the monitor. */
  readonly maxUnasked: number;
  /** Messages that nobody asked for, or KiB of them, each second and at once; beyond that the emulator waits, and nothing is lost. */
  readonly eventsPerSecond: number;
  readonly eventBurst: number;
  /** Milliseconds until a command without a deadline of its own fails. */
  readonly deadline: number;
}

export const QMP_LIMITS: QmpLimits = {
  maxLine: 10 << 20,
  maxUnasked: 1 << 20,
  eventsPerSecond: 1000,
  eventBurst: 2000,
  deadline: 30_000,
};

/** How the ids of commands begin that somebody else has written. */
const FOREIGN = "libvirt-";

interface Pending {
  /** Takes the answer, as it is understood and as it was written. */
  readonly answer: (message: JsonObject, line: string) => void;
  readonly reject: (error: Error) => void;
  /** Ends the wait's timer, and its look-out for whoever may give it up. */
  readonly forget: () => void;
}

export interface QmpWait {
  /** Milliseconds. */
  readonly deadline?: number | undefined;
  /** Gives the wait up when it fires, with its reason. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * One emulator's monitor. Commands may be sent at any time, also before the greeting; they are answered by their ids.
 *
 * The emulator is not trusted: whatever it sends, the worst is that this monitor ends and every command fails.
 */
export class QmpClient {
  /** Resolves with the reason when the monitor has ended, whoever ended it. */
  readonly closed: Promise<VirtError>;
  readonly #socket: Socket;
  readonly #limits: QmpLimits;
  readonly #lines: LineReader;
  readonly #bucket: TokenBucket;
  readonly #onEvent: (event: QmpEvent) => void;
  readonly #pending = new Map<number, Pending>();
  #lastId = 0;
  #greeted = false;
  #end: VirtError | undefined;
  #tellClosed: (reason: VirtError) => void = () => {};

  /** The socket is connected or connecting. `onEvent` must not throw. */
  constructor(socket: Socket, onEvent: (event: QmpEvent) => void, limits: Partial<QmpLimits> = {}) {
    this.#socket = socket;
    this.#limits = { ...QMP_LIMITS, ...limits };
    this.#lines = new LineReader(this.#limits.maxLine);
    this.#bucket = new TokenBucket(this.#limits.eventsPerSecond, this.#limits.eventBurst);
    this.#onEvent = onEvent;
    this.closed = new Promise((resolve) => {
      this.#tellClosed = resolve;
    });
    socket.on("data", (chunk: Buffer) => this.#read(chunk));
    socket.on("error", (error: NodeJS.ErrnoException) => this.close(endOf(error)));
    socket.on("close", () => this.close(endOf()));
    if (socket.destroyed) this.close(endOf());
  }

  get isOpen(): boolean {
    return this.#end === undefined;
  }

  /** Commands that wait for their answer. */
  get pending(): number {
    return this.#pending.size;
  }

  /**
   * Sends a command. Fails with `QmpError` where the emulator refuses it, `OPERATION_TIMEOUT` where it is silent for
   * `deadline` milliseconds, with the signal's reason, and with the monitor's end.
   */
  execute(command: string, args?: JsonObject, wait: QmpWait = {}): Promise<Json> {
    return new Promise((resolve, reject) => {
      const id = ++this.#lastId;
      const answer = (message: JsonObject) => {
        const error = objectOf(message, "error");
        if (error !== undefined) reject(errorOf(command, error));
        else resolve(message.return ?? {});
      };
      this.#send(id, JSON.stringify({ execute: command, arguments: args, id }), { command, answer, reject }, wait);
    });
  }

  /**
   * Sends a command that somebody else has written, and resolves with the answer as the emulator wrote it, be it an error.
   * `request` is an object in compact JSON and has no id: it gets one in libvirt's form. Fails as `execute` does.
   */
  converse(request: string, wait: QmpWait = {}): Promise<string> {
    return new Promise((resolve, reject) => {
      const id = ++this.#lastId;
      const comma = request === "{}" ? "" : ",";
      const line = `${request.slice(0, -1)}${comma}"id":"${FOREIGN}${id}"}`;
      this.#send(id, line, { command: request, answer: (_, answer) => resolve(answer), reject }, wait);
    });
  }

  /** Sends a copy of a descriptor for the command that comes next (`getfd`, `add-fd`). Fails with the monitor's end. */
  async passDescriptor(descriptor: Descriptor): Promise<void> {
    if (this.#end !== undefined) throw this.#end;
    await passDescriptor(this.#socket, descriptor);
  }

  #send(
    id: number,
    line: string,
    pending: Omit<Pending, "forget"> & { readonly command: string },
    wait: QmpWait,
  ): void {
    const { deadline = this.#limits.deadline, signal } = wait;
    const { command, answer, reject } = pending;
    if (this.#end !== undefined) reject(this.#end);
    else if (signal?.aborted) reject(signal.reason);
    else {
      const timer = setTimeout(() => this.#giveUp(id, silent(command, deadline)), deadline);
      const onAbort = () => this.#giveUp(id, signal?.reason);
      signal?.addEventListener("abort", onAbort, { once: true });
      const forget = () => {
        clearTimeout(timer);
        signal?.removeEventListener("abort", onAbort);
      };
      this.#pending.set(id, { answer, reject, forget });
      this.#socket.write(`${line}\n`);
    }
  }

  /** Ends the monitor: every command that waits fails with the reason. The emulator goes on. */
  close(reason: VirtError = monitorError("QEMU monitor was closed")): void {
    if (this.#end !== undefined) return;
    this.#end = reason;
    this.#socket.destroy();
    for (const { reject, forget } of this.#pending.values()) {
      forget();
      reject(reason);
    }
    this.#pending.clear();
    this.#tellClosed(reason);
  }

  #read(chunk: Buffer): void {
    try {
      for (const line of this.#lines.feed(chunk)) {
        if (this.#end !== undefined) return;
        if (!this.#message(line)) this.#unasked(line.length);
      }
    } catch (error) {
      this.close(monitorError(`cannot read what QEMU sent: ${(error as Error).message}`));
      return;
    }
    const wait = this.#bucket.wait();
    if (wait === 0) return;
    this.#socket.pause();
    setTimeout(() => this.#socket.resume(), wait).unref();
  }

  /** Whether it was the answer to a command. Everything else counts against the rate. */
  #message(line: string): boolean {
    const message = parseLine(line);
    if (!isObject(message)) throw new Error("a message is not an object");
    if (!this.#greeted) {
      if (!isObject(message.QMP)) throw new Error("there was no QMP greeting");
      this.#greeted = true;
      return true;
    }
    if (typeof message.event === "string") {
      this.#onEvent({ name: message.event, data: objectOf(message, "data") ?? {}, line });
      return false;
    }
    return this.#answer(message, line);
  }

  #unasked(length: number): void {
    if (length > this.#limits.maxUnasked) throw new Error(`${length} characters came that nobody asked for`);
    this.#bucket.take(1 + Math.floor(length / 1024));
  }

  #answer(message: JsonObject, line: string): boolean {
    const id = idOf(message.id);
    const pending = this.#pending.get(id);
    if (pending === undefined) return false;
    this.#pending.delete(id);
    pending.forget();
    pending.answer(message, line);
    return true;
  }

  /** The command may still be carried out: its answer, should it come, is not awaited any more. */
  #giveUp(id: number, reason: Error): void {
    const pending = this.#pending.get(id);
    if (pending === undefined) return;
    this.#pending.delete(id);
    pending.forget();
    pending.reject(reason);
  }
}

/** The id of a command, whoever wrote it; -1, which is none, for what is not ours. */
function idOf(id: Json | undefined): number {
  if (typeof id === "number") return id;
  return typeof id === "string" && id.startsWith(FOREIGN) ? Number(id.slice(FOREIGN.length)) : -1;
}

function silent(command: string, deadline: number): VirtError {
  return new VirtError("OPERATION_TIMEOUT", `QEMU did not answer '${command}' within ${deadline / 1000} s`, {
    domain: "QEMU",
    hint: "its storage may hang; destroy the domain if it stays so",
  });
}

/** An emulator that ends with commands unread resets the connection: that is an end like any other. */
function endOf(error?: NodeJS.ErrnoException): VirtError {
  const isEnd = error === undefined || error.code === "ECONNRESET" || error.code === "EPIPE";
  return monitorError(isEnd ? "End of file from qemu monitor" : `unable to read from QEMU monitor: ${error.message}`);
}

function errorOf(command: string, error: JsonObject): QmpError {
  return new QmpError(command, textOf(error, "class") ?? "GenericError", textOf(error, "desc") ?? "unknown error");
}

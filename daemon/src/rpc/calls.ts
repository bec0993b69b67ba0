import { type ByteStream, VirtError } from "@polyvisor/core";
import { MESSAGE_TYPE } from "@polyvisor/sdk/rpc";
import { SessionCallContext } from "./context.js";
import { perform } from "./dispatch.js";
import { answerTo, writeError, writeReply } from "./messages.js";
import type { Session } from "./session.js";
import type { Args, Entry } from "./table.js";

interface WaitingCall {
  readonly entry: Entry;
  readonly args: Args;
  readonly serial: number;
}

/**
 * The calls of one client. Slow ones are limited, and those over the limit wait; a call of high priority runs at once
 * whatever the slow ones do.
 */
export class ClientCalls {
  readonly #session: Session;
  readonly #max: number;
  readonly #running = new Set<SessionCallContext>();
  readonly #waiting: WaitingCall[] = [];
  #slow = 0;
  #over = false;
  #idle: (() => void) | undefined;

  constructor(session: Session, max: number) {
    this.#session = session;
    this.#max = max;
  }

  /** So many calls wait that the client should not be read any further. */
  get full(): boolean {
    return this.#waiting.length >= this.#max;
  }

  submit(entry: Entry, args: Args, serial: number): void {
    if (this.#mustWait(entry)) this.#waiting.push({ entry, args, serial });
    else this.#run(entry, args, serial);
  }

  /** The client is gone: calls that wait are dropped, calls that run are told. Resolves once none runs any more. */
  async end(): Promise<void> {
    this.#over = true;
    this.#waiting.length = 0;
    for (const context of this.#running) context.abort();
    if (this.#running.size === 0) return;
    await new Promise<void>((resolve) => {
      this.#idle = resolve;
    });
  }

  #mustWait(entry: Entry): boolean {
    if (entry.call.priority === "high") return this.#running.size >= 2 * this.#max;
    return this.#slow >= this.#max || this.#waiting.length > 0;
  }

  #run(entry: Entry, args: Args, serial: number): void {
    const context = new SessionCallContext(this.#session, entry.name, serial);
    let result: unknown;
    try {
      result = perform(entry, this.#session, args, context);
    } catch (error) {
      this.#fail(entry, serial, error);
      return;
    }
    if (result instanceof Promise) void this.#late(entry, args, serial, context, result);
    else this.#answer(entry, args, serial, result);
  }

  async #late(
    entry: Entry,
    args: Args,
    serial: number,
    context: SessionCallContext,
    result: Promise<unknown>,
  ): Promise<void> {
    const slow = entry.call.priority === "low" ? 1 : 0;
    this.#running.add(context);
    this.#slow += slow;
    try {
      this.#answer(entry, args, serial, await result);
    } catch (error) {
      this.#fail(entry, serial, error);
    }
    this.#running.delete(context);
    this.#slow -= slow;
    this.#next();
  }

  #next(): void {
    if (this.#over) {
      if (this.#running.size === 0) this.#idle?.();
      return;
    }
    while (this.#waiting.length > 0 && this.#slow < this.#max && this.#running.size < 2 * this.#max) {
      const { entry, args, serial } = this.#waiting.shift() as WaitingCall;
      this.#run(entry, args, serial);
    }
    if (!this.full) this.#session.callsReady();
  }

  #answer(entry: Entry, args: Args, serial: number, result: unknown): void {
    if (entry.call.stream !== undefined) this.#answerWithStream(entry, args, serial, result as ByteStream);
    else if (!this.#over) writeReply(this.#session.outbox, entry, serial, args, result);
  }

  #answerWithStream(entry: Entry, args: Args, serial: number, bytes: ByteStream): void {
    if (this.#over) {
      bytes.on("error", () => {});
      bytes.destroy();
      return;
    }
    writeReply(this.#session.outbox, entry, serial, args, undefined);
    this.#session.openStream(answerTo(entry, serial), bytes);
  }

  #fail(entry: Entry, serial: number, thrown: unknown): void {
    if (!(thrown instanceof VirtError))
      this.#session.log.error(
        { call: entry.name, err: thrown },
        "a call failed in a way that its driver did not foresee",
      );
    if (this.#over) return;
    writeError(this.#session.outbox, answerTo(entry, serial), MESSAGE_TYPE.REPLY, VirtError.from(thrown));
  }
}

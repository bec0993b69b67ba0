import { type ByteStream, closeAll, descriptorsAndReply, streamAndReply, VirtError } from "@polyvisor/core";
import { MESSAGE_TYPE } from "@polyvisor/sdk/rpc/wire";
import { namedIn } from "../access/subject.js";
import { SessionCallContext } from "./context.js";
import { dropDescriptors, performWithDescriptors } from "./descriptors.js";
import { perform } from "./dispatch.js";
import { answerTo, writeError, writeReply } from "./messages.js";
import type { CallMeter } from "./meter.js";
import type { PlaceSeeker, Places } from "./places.js";
import { isQuiet } from "./quiet-errors.js";
import type { Session } from "./session.js";
import type { StreamDirection } from "./stream.js";
import type { Args, Entry } from "./table.js";
import { shownArgs, type Trace } from "./trace.js";

/** What the calls of all clients share. */
export interface CallServices {
  live(): { readonly maxClientRequests: number };
  readonly trace: Trace;
  readonly meter?: CallMeter;
  readonly places: Places;
}

/** How many calls of a client are under way. */
export interface CallLoad {
  /** Slow ones that run. */
  readonly slow: number;
  /** Those of high priority that run. */
  readonly high: number;
  readonly waiting: number;
}

interface WaitingCall {
  readonly entry: Entry;
  readonly args: Args;
  readonly serial: number;
  /** When it came, of `performance.now()`; 0 where nobody measures. */
  readonly started: number;
}

/**
 * The calls of one client. Slow ones are limited, for this client and for all together, and those over a limit wait; a call
 * of high priority runs at once whatever the slow ones do.
 */
export class ClientCalls implements PlaceSeeker {
  readonly #session: Session;
  readonly #services: CallServices;
  readonly #running = new Set<SessionCallContext>();
  readonly #waiting: WaitingCall[] = [];
  #slow = 0;
  #over = false;
  #saidFull = false;
  #idle: (() => void) | undefined;

  constructor(session: Session, services: CallServices) {
    this.#session = session;
    this.#services = services;
  }

  get load(): CallLoad {
    return { slow: this.#slow, high: this.#running.size - this.#slow, waiting: this.#waiting.length };
  }

  /** So many calls wait that the client should not be read any further. */
  get full(): boolean {
    return this.#waiting.length >= this.#max;
  }

  get #max(): number {
    return this.#services.live().maxClientRequests;
  }

  submit(entry: Entry, args: Args, serial: number): void {
    const started = this.#services.meter === undefined ? 0 : performance.now();
    if (this.#mustWait(entry)) {
      this.#waiting.push({ entry, args, serial, started });
      this.#seekPlace();
      if (this.full) this.#sayFull();
    } else this.#run(entry, args, serial, started);
  }

  /** The client is gone: calls that wait are dropped, calls that run are told. Resolves once none runs any more. */
  async end(): Promise<void> {
    this.#over = true;
    for (const { entry, args } of this.#waiting.splice(0)) dropDescriptors(entry, args);
    this.#services.places.forget(this);
    for (const context of this.#running) context.abort();
    if (this.#running.size === 0) return;
    await new Promise<void>((resolve) => {
      this.#idle = resolve;
    });
  }

  placeFree(): void {
    this.#next();
  }

  /** Slow calls keep their order: one does not pass others that wait. */
  #mustWait(entry: Entry): boolean {
    return !this.#canRun(entry) || (entry.call.priority === "low" && this.#waiting.length > 0);
  }

  #canRun({ call }: Entry): boolean {
    if (this.#running.size >= 2 * this.#max) return false;
    return call.priority === "high" || (this.#slow < this.#max && !this.#services.places.full);
  }

  /** What waits for others of this client goes on when those are done; what waits for a place is to be told of one. */
  #seekPlace(): void {
    if (this.#waiting.length > 0 && this.#services.places.full) this.#services.places.wait(this);
  }

  /** Told once of each client: one that is slowed down sends no fewer calls for it. */
  #sayFull(): void {
    if (this.#saidFull) return;
    this.#saidFull = true;
    const { slow, waiting } = this.load;
    this.#session.log.warn(
      { slow, waiting, max_client_requests: this.#max },
      "the client has more calls under way than it may; it is read again when some are done",
    );
  }

  #run(entry: Entry, args: Args, serial: number, started: number): void {
    const context = new SessionCallContext(this.#session, entry.name, serial);
    if (this.#services.trace.on) context.log.debug({ args: shownArgs(args) }, "a call has come");
    let result: unknown;
    try {
      const carryOut = entry.call.descriptors === undefined ? perform : performWithDescriptors;
      result = carryOut(entry, this.#session, args, context);
    } catch (error) {
      this.#fail(entry, args, context, started, error);
      return;
    }
    if (result instanceof Promise) void this.#late(entry, args, context, started, result);
    else this.#answer(entry, args, context, started, result);
  }

  async #late(
    entry: Entry,
    args: Args,
    context: SessionCallContext,
    started: number,
    result: Promise<unknown>,
  ): Promise<void> {
    const slow = entry.call.priority === "low" ? 1 : 0;
    this.#running.add(context);
    this.#slow += slow;
    if (slow > 0) this.#services.places.take();
    try {
      this.#answer(entry, args, context, started, await result);
    } catch (error) {
      this.#fail(entry, args, context, started, error);
    }
    this.#running.delete(context);
    this.#slow -= slow;
    if (slow > 0) this.#services.places.leave();
    this.#next();
  }

  #next(): void {
    if (this.#over) {
      if (this.#running.size === 0) this.#idle?.();
      return;
    }
    for (;;) {
      const index = this.#waiting.findIndex(({ entry }) => this.#canRun(entry));
      const [next] = index < 0 ? [] : this.#waiting.splice(index, 1);
      if (next === undefined) break;
      this.#run(next.entry, next.args, next.serial, next.started);
    }
    this.#seekPlace();
    if (!this.full) this.#session.callsReady();
  }

  #answer(entry: Entry, args: Args, context: SessionCallContext, started: number, result: unknown): void {
    const { serial } = context;
    const { stream } = entry.call;
    if (stream !== undefined) this.#answerWithStream(entry, stream, args, serial, result);
    else if (givesDescriptors(entry.call)) this.#answerWithDescriptors(entry, args, serial, result);
    else if (!this.#over) writeReply(this.#session.outbox, entry, serial, args, result);
    this.#services.meter?.answered(entry, started, undefined);
    if (this.#services.trace.on) context.log.debug({}, "the call is answered");
  }

  #answerWithStream(entry: Entry, direction: StreamDirection, args: Args, serial: number, result: unknown): void {
    const { stream, reply } = streamAndReply(entry.call, result);
    if (this.#over || !writeReply(this.#session.outbox, entry, serial, args, reply)) discard(stream);
    else this.#session.streams.open(answerTo(entry, serial), stream, direction);
  }

  #answerWithDescriptors(entry: Entry, args: Args, serial: number, result: unknown): void {
    const { descriptors, reply } = descriptorsAndReply(entry.call, result);
    if (this.#over) closeAll(descriptors);
    else writeReply(this.#session.outbox, entry, serial, args, reply, descriptors);
  }

  #fail(entry: Entry, args: Args, context: SessionCallContext, started: number, thrown: unknown): void {
    const error = VirtError.from(thrown);
    if (error !== thrown) context.log.error({ err: thrown }, "a call failed in a way that its driver did not foresee");
    else if (error.code === "OPERATION_DENIED")
      context.log.warn({ reason: error.message, object: namedIn(entry.call, args) }, "a client was refused a call");
    else if (!this.#over && !isQuiet(error.code))
      context.log.warn(
        { code: error.code, object: namedIn(entry.call, args), hint: error.hint },
        `the call failed: ${error.message}`,
      );
    else if (this.#services.trace.on) context.log.debug({ code: error.code }, `the call failed: ${error.message}`);
    this.#services.meter?.answered(entry, started, error.code);
    if (this.#over) return;
    writeError(this.#session.outbox, answerTo(entry, context.serial), MESSAGE_TYPE.REPLY, error);
  }
}

function givesDescriptors({ descriptors }: Entry["call"]): boolean {
  return descriptors === "given" || descriptors === "several";
}

/** Nobody is there who would read it. */
function discard(stream: ByteStream): void {
  stream.on("error", () => {});
  stream.destroy();
}

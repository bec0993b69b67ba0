import { randomBytes, randomUUID } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import { inspect, isDeepStrictEqual } from "node:util";
import { type ErrorName, VirtError } from "@polyvisor/core";
import type { Profile } from "./case.js";

/** The subject does not do what the case asks. */
export class Deviation extends Error {
  override readonly name = "Deviation";
}

/** The case finds out as it runs that it has nothing to ask of this subject. */
export class LeftOut extends Error {
  override readonly name = "LeftOut";
}

/** How long a case waits for what has to happen by itself, such as an event, in milliseconds. */
const EVENTUALLY_MS = 30_000;
const LOOK_AGAIN_MS = 20;

/** What a case has at hand while it runs: assertions, names that nobody else has, and what is to be done in the end. */
export class Check {
  /** Fires when the case's deadline has passed: whatever still waits is to give up. */
  readonly signal: AbortSignal;
  readonly profile: Profile;
  readonly #prefix: string;
  readonly #cleanups: (() => unknown)[] = [];
  #names = 0;

  /** @param prefix stands before all names of one run, so that runs against one daemon do not meet */
  constructor(prefix: string, signal: AbortSignal, profile: Profile) {
    this.profile = profile;
    this.#prefix = `${prefix}-${randomBytes(3).toString("hex")}`;
    this.signal = signal;
  }

  /** A name for an object of this case alone. */
  newName(): string {
    this.#names += 1;
    return `${this.#prefix}-${this.#names}`;
  }

  newUuid(): string {
    return randomUUID();
  }

  claims(call: string): boolean {
    return this.profile.calls.includes(call);
  }

  /** A fixture of the profile with `{word}` replaced by the value of that name. The case needs it, so it is there. */
  fixture(name: string, values: Readonly<Record<string, string>> = {}): string {
    const text = this.profile.fixtures[name];
    if (text === undefined) throw new LeftOut(`the profile has no fixture ${name}`);
    return text.replaceAll(/\{(\w+)\}/g, (whole, word: string) => values[word] ?? whole);
  }

  /** Done once the case has ended, however it did, the last one first. What it throws is ignored: the object may be gone. */
  cleanup(undo: () => unknown): void {
    this.#cleanups.push(undo);
  }

  /** Called by the runner once the case has ended. */
  async cleanUp(): Promise<void> {
    for (let undo = this.#cleanups.pop(); undo !== undefined; undo = this.#cleanups.pop()) {
      try {
        await undo();
      } catch {}
    }
  }

  equal<T>(actual: T, expected: T, what: string): void {
    if (isDeepStrictEqual(actual, expected)) return;
    throw new Deviation(`${what}: ${brief(expected)} is right, ${brief(actual)} came`);
  }

  ok(holds: unknown, what: string): void {
    if (!holds) throw new Deviation(what);
  }

  /** The value, which must be there. */
  present<T>(value: T | undefined | null, what: string): T {
    if (value === undefined || value === null) throw new Deviation(`${what}: it is not there`);
    return value;
  }

  fail(what: string): never {
    throw new Deviation(what);
  }

  /** The case ends here without a verdict, because the subject has nothing of what it is about. */
  leaveOut(why: string): never {
    throw new LeftOut(why);
  }

  /** The call must be refused, with one of these codes where some are given; returns the error. */
  async refused(answer: Promise<unknown>, codes: ErrorName | readonly ErrorName[] | undefined, what: string) {
    const error = await answer.then(
      (value: unknown) => this.fail(`${what}: an error is right, ${brief(value)} came`),
      (thrown: unknown) => thrown,
    );
    if (error instanceof Deviation) throw error;
    if (!(error instanceof VirtError))
      throw new Deviation(`${what}: an error of the API is right, ${brief(error)} came`);
    const wanted = typeof codes === "string" ? [codes] : codes;
    if (wanted !== undefined && !wanted.includes(error.code))
      throw new Deviation(`${what}: ${wanted.join(" or ")} is right, ${error.code} came (${error.message})`);
    return error;
  }

  /** Looks again and again until there is an answer that is neither `undefined` nor `false`, and returns it. */
  async eventually<T>(
    what: string,
    look: () => T | Promise<T>,
    limit = EVENTUALLY_MS,
  ): Promise<Exclude<T, undefined | false>> {
    const end = Date.now() + limit;
    for (;;) {
      const seen = await look();
      if (seen !== undefined && seen !== false) return seen as Exclude<T, undefined | false>;
      if (Date.now() > end) throw new Deviation(`${what}: not after ${limit / 1000} s`);
      await delay(LOOK_AGAIN_MS, undefined, { signal: this.signal });
    }
  }

  /** What the promise gives, or a deviation where it is not settled in time. */
  async within<T>(what: string, promise: Promise<T>, limit = EVENTUALLY_MS): Promise<T> {
    const timer = new AbortController();
    const late = delay(limit, undefined, { signal: timer.signal }).then(
      () => {
        throw new Deviation(`${what}: not after ${limit / 1000} s`);
      },
      () => new Promise<never>(() => {}),
    );
    try {
      return await Promise.race([promise, late]);
    } finally {
      timer.abort();
    }
  }
}

/** A value on one line. */
export function brief(value: unknown): string {
  if (value instanceof VirtError) return `${value.code} (${value.message})`;
  if (value instanceof Error) return `${value.name}: ${value.message}`;
  const text = inspect(value, { depth: 4, breakLength: Number.POSITIVE_INFINITY, maxStringLength: 400 });
  return text.length > 600 ? `${text.slice(0, 600)}...` : text;
}

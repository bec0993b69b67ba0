import { type ErrorName, qemuProgram } from "@polyvisor/core";
import type { Entry } from "./table.js";

/** Upper ends of the classes of durations, in seconds. What took longer is in one more class. */
export const DURATION_BOUNDS: readonly number[] = [0.0001, 0.0005, 0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 30];

/** What is known of one call's history. */
export interface CallFigures {
  readonly entry: Entry;
  succeeded: number;
  readonly failed: Map<ErrorName, number>;
  /** Of all answers together, in seconds. */
  seconds: number;
  /** Answers by duration: one for each of `DURATION_BOUNDS`, and one for what took longer. Not cumulative. */
  readonly durations: number[];
}

/** Who hears of each call and event of a server: it is told on the way of every call, so it must be quick and never throw. */
export interface CallMeter {
  /** A call has been answered. `started` is of `performance.now()`; `error` is the name of the error that it was answered with. */
  answered(entry: { readonly name: string }, started: number, error: ErrorName | undefined): void;
  /** An event has been sent to a client. */
  sentEvent(program: number, procedure: number): void;
}

/** Counts the calls and events of a server. To count one takes some additions; whoever reads does all other work. */
export class Meter {
  readonly #calls: (CallFigures | undefined)[] = [];
  readonly #events: number[] = [];
  #monitorEvents = 0;

  /** A call has been answered. `started` is of `performance.now()`. */
  answered(entry: Entry, started: number, error: ErrorName | undefined): void {
    const seconds = (performance.now() - started) / 1000;
    this.#calls[entry.slot] ??= newFigures(entry);
    const figures = this.#calls[entry.slot] as CallFigures;
    figures.seconds += seconds;
    let at = 0;
    while (at < DURATION_BOUNDS.length && seconds > (DURATION_BOUNDS[at] as number)) at++;
    figures.durations[at] = (figures.durations[at] as number) + 1;
    if (error === undefined) figures.succeeded++;
    else figures.failed.set(error, (figures.failed.get(error) ?? 0) + 1);
  }

  /** An event has been sent to a client. */
  sentEvent(program: number, procedure: number): void {
    if (program === qemuProgram.number) this.#monitorEvents++;
    else this.#events[procedure] = (this.#events[procedure] ?? 0) + 1;
  }

  /** Calls that have been made at all. */
  get calls(): readonly CallFigures[] {
    return this.#calls.filter((figures) => figures !== undefined);
  }

  /** Events of hypervisors' monitors that have been sent. */
  get monitorEvents(): number {
    return this.#monitorEvents;
  }

  /** Events that have been sent, by procedure number. */
  get events(): readonly (readonly [procedure: number, count: number])[] {
    return this.#events.flatMap((count, procedure) => (count === undefined ? [] : [[procedure, count] as const]));
  }
}

function newFigures(entry: Entry): CallFigures {
  return {
    entry,
    succeeded: 0,
    failed: new Map(),
    seconds: 0,
    durations: new Array<number>(DURATION_BOUNDS.length + 1).fill(0),
  };
}

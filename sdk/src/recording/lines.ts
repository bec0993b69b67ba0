import type { HypervisorCallName } from "@polyvisor/core";

/** The version of the format that this code writes and reads. */
export const RECORDING_VERSION = 1;

/** The first line of a recording: where it was made. */
export interface RecordingHead {
  readonly recording: number;
  /** What was opened where the program named nothing of its own. */
  readonly uri: string;
  readonly started: string;
}

/** What every other line says first: milliseconds since the start, and the connection that it belongs to, counted from 1. */
interface Where {
  readonly at: number;
  readonly client: number;
}

/** A call. `args` is what the wire carried, by the names of the API table; `problem` says why it could not be read. */
export interface RecordedCall extends Where {
  readonly serial: number;
  readonly call: HypervisorCallName;
  readonly args?: Plain;
  readonly problem?: string;
}

export interface RecordedAnswer extends Where {
  readonly serial: number;
  readonly answer: Plain;
}

export interface RecordedError extends Where {
  readonly serial: number;
  readonly error: { readonly code: string; readonly message: string };
}

/** An event or another message that the daemon sent unasked. */
export interface RecordedEvent extends Where {
  readonly event: string;
  readonly body: Plain;
}

export interface RecordedEnd extends Where {
  readonly closed: true;
}

export type RecordedLine = RecordedCall | RecordedAnswer | RecordedError | RecordedEvent | RecordedEnd;

export interface Recording {
  readonly head: RecordingHead;
  readonly lines: readonly RecordedLine[];
}

/** What JSON can hold. */
export type Plain = null | boolean | number | string | readonly Plain[] | { readonly [name: string]: Plain };

/** A decoded value as JSON: integers that a number cannot hold become `{$integer}`, bytes `{$bytes}` in base64. */
export function toPlain(value: unknown): Plain {
  if (typeof value === "bigint") {
    const number = Number(value);
    return Number.isSafeInteger(number) ? number : { $integer: value.toString() };
  }
  if (value instanceof Uint8Array) return { $bytes: Buffer.from(value).toString("base64") };
  if (Array.isArray(value)) return value.map(toPlain);
  if (typeof value === "object" && value !== null)
    return Object.fromEntries(Object.entries(value).map(([name, entry]) => [name, toPlain(entry)]));
  return (value ?? null) as Plain;
}

/** The value that `toPlain` was given. */
export function fromPlain(plain: Plain): unknown {
  if (typeof plain !== "object" || plain === null) return plain;
  if (isList(plain)) return plain.map(fromPlain);
  if (typeof plain.$integer === "string") return BigInt(plain.$integer);
  if (typeof plain.$bytes === "string") return Buffer.from(plain.$bytes, "base64");
  return Object.fromEntries(Object.entries(plain).map(([name, entry]) => [name, fromPlain(entry)]));
}

export function isList(plain: Plain): plain is readonly Plain[] {
  return Array.isArray(plain);
}

/** Reads a recording. Throws an `Error` that names the line where it is none. */
export function parseRecording(text: string): Recording {
  const [head, ...lines] = text
    .split("\n")
    .filter((line) => line !== "")
    .map(parseLine);
  if ((head as Partial<RecordingHead> | undefined)?.recording !== RECORDING_VERSION)
    throw new Error(`this is no recording of version ${RECORDING_VERSION}: its first line says otherwise`);
  return { head: head as RecordingHead, lines: lines as RecordedLine[] };
}

function parseLine(line: string, index: number): unknown {
  try {
    return JSON.parse(line);
  } catch {
    throw new Error(`line ${index + 1} of the recording is no JSON`);
  }
}

import type { Log } from "@polyvisor/core";

/** The levels of a log, by the names of its methods. */
export const LEVELS = ["debug", "info", "warn", "error"] as const;
export type Level = (typeof LEVELS)[number];

/** Fields of a line as text: errors with what they say, 64-bit numbers as text. */
export function fieldsToText(fields: object): string {
  return JSON.stringify(fields, (_, value: unknown) => {
    if (typeof value === "bigint") return String(value);
    return value instanceof Error ? { ...value, isError: true, ...told(value) } : value;
  });
}

function told({ name, message, stack, cause }: Error): object {
  return { name, message, stack, ...(cause === undefined ? {} : { cause }) };
}

/** The fields again: what was an error is one, so that a log shows it as one. */
export function fieldsFromText(text: string): object {
  return JSON.parse(text, (_, value: unknown) => {
    if (typeof value !== "object" || value === null || !("isError" in value)) return value;
    const { isError: _mark, message, ...rest } = value as { isError: true; message: string };
    return Object.assign(new Error(message), rest);
  }) as object;
}

/** A log whose lines go to `write`. */
export function logTo(write: (level: Level, fields: object, message: string) => void, bound: object = {}): Log {
  const at = (level: Level) => (fields: object, message: string) => write(level, { ...bound, ...fields }, message);
  return {
    debug: at("debug"),
    info: at("info"),
    warn: at("warn"),
    error: at("error"),
    child: (fields) => logTo(write, { ...bound, ...fields }),
  };
}

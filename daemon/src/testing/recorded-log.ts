import type { Log } from "@polyvisor/core";

/** A line as it was logged: the fields of the log that it went to, its own, its level and its words. */
export interface RecordedLine {
  readonly level: "debug" | "info" | "warn" | "error";
  readonly message: string;
  readonly [field: string]: unknown;
}

/** A log that keeps all lines, those of its children too. */
export class RecordedLog implements Log {
  readonly lines: RecordedLine[];
  readonly #fields: Readonly<Record<string, unknown>>;

  constructor(lines: RecordedLine[] = [], fields: Readonly<Record<string, unknown>> = {}) {
    this.lines = lines;
    this.#fields = fields;
  }

  debug(fields: object, message: string): void {
    this.#add("debug", fields, message);
  }

  info(fields: object, message: string): void {
    this.#add("info", fields, message);
  }

  warn(fields: object, message: string): void {
    this.#add("warn", fields, message);
  }

  error(fields: object, message: string): void {
    this.#add("error", fields, message);
  }

  child(fields: Record<string, unknown>): Log {
    return new RecordedLog(this.lines, { ...this.#fields, ...fields });
  }

  #add(level: RecordedLine["level"], fields: object, message: string): void {
    this.lines.push({ ...this.#fields, ...fields, level, message });
  }
}

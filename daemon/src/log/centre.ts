import type { Log } from "@polyvisor/core";
import { type OpenOutputs, openOutputs } from "./outputs.js";
import type { LogFilter, LogLevel, LogOutput } from "./settings.js";

/** How the log is set. Without outputs it goes to stderr. */
export interface LogSettings {
  readonly level: LogLevel;
  readonly outputs: readonly LogOutput[];
  readonly filters: readonly LogFilter[];
}

type Fields = Readonly<Record<string, unknown>>;
type Method = "debug" | "info" | "warn" | "error";

/** The fields of a line that say where it comes from: filters look at them. */
const SOURCE_FIELDS = ["part", "plugin", "uri", "call"] as const;

/** The daemon's log, whose level, outputs and filters may change at any time, for every log made of it too. */
export class LogCentre {
  readonly log: Log;
  /** Asked at every call whether it leaves a line, so it is worked out beforehand. */
  readonly trace = { on: false };
  #open: OpenOutputs;
  #level: LogLevel;
  #filters: readonly LogFilter[];
  #patterns: readonly { readonly level: LogLevel; readonly pattern: RegExp }[] = [];
  #generation = 0;

  private constructor(open: OpenOutputs, { level, filters }: LogSettings) {
    this.#open = open;
    this.#level = level;
    this.#filters = filters;
    this.log = new CentralLog(this, {});
    this.#changed();
  }

  /** Makes the folders that files need. Throws where an output cannot be opened. */
  static async open(settings: LogSettings): Promise<LogCentre> {
    return new LogCentre(await openOutputs(orDefault(settings), true), settings);
  }

  get outputs(): readonly LogOutput[] {
    return this.#open.outputs;
  }

  get filters(): readonly LogFilter[] {
    return this.#filters;
  }

  /** Changes with every setting: what was worked out from them before counts no more. */
  get generation(): number {
    return this.#generation;
  }

  get pino(): OpenOutputs["pino"] {
    return this.#open.pino;
  }

  /** Files are opened anew even where the outputs stay the same. Changes nothing where an output cannot be opened. */
  async set(changes: Partial<LogSettings>): Promise<void> {
    const level = changes.level ?? this.#level;
    if (changes.outputs !== undefined) {
      const opened = await openOutputs(orDefault({ level, outputs: changes.outputs }));
      this.#open.end();
      this.#open = opened;
    }
    this.#level = level;
    this.#filters = changes.filters ?? this.#filters;
    this.#changed();
  }

  /** The least level that a line with these fields needs. Of several filters that match the first counts. */
  levelFor(fields: Fields): LogLevel {
    if (this.#patterns.length === 0) return this.#level;
    const source = SOURCE_FIELDS.flatMap((name) => (fields[name] === undefined ? [] : [String(fields[name])])).join(
      " ",
    );
    return this.#patterns.find(({ pattern }) => pattern.test(source))?.level ?? this.#level;
  }

  #changed(): void {
    this.#generation++;
    this.#patterns = this.#filters.map(({ level, match }) => ({ level, pattern: patternOf(match) }));
    const wantsAll = this.#level === 1 || this.#filters.some(({ level }) => level === 1);
    this.trace.on = wantsAll && this.outputs.some(({ level }) => level === 1);
  }
}

/** One log among all that the centre has given out. It works out what it needs when it is first written to. */
class CentralLog implements Log {
  readonly #centre: LogCentre;
  readonly #fields: Fields;
  #generation = -1;
  #level: LogLevel = 4;
  #pino: OpenOutputs["pino"] | undefined;

  constructor(centre: LogCentre, fields: Fields) {
    this.#centre = centre;
    this.#fields = fields;
  }

  debug(fields: object, message: string): void {
    this.#write(1, "debug", fields, message);
  }

  info(fields: object, message: string): void {
    this.#write(2, "info", fields, message);
  }

  warn(fields: object, message: string): void {
    this.#write(3, "warn", fields, message);
  }

  error(fields: object, message: string): void {
    this.#write(4, "error", fields, message);
  }

  child(fields: Record<string, unknown>): Log {
    return new CentralLog(this.#centre, { ...this.#fields, ...fields });
  }

  #write(level: LogLevel, method: Method, fields: object, message: string): void {
    const centre = this.#centre;
    if (this.#generation !== centre.generation) {
      this.#generation = centre.generation;
      this.#level = centre.levelFor(this.#fields);
      this.#pino = undefined;
    }
    if (level < this.#level) return;
    this.#pino ??= centre.pino.child(this.#fields);
    this.#pino[method](fields, message);
  }
}

function orDefault({ level, outputs }: Pick<LogSettings, "level" | "outputs">): readonly LogOutput[] {
  return outputs.length > 0 ? outputs : [{ level, to: "stderr" }];
}

function patternOf(match: string): RegExp {
  const literal = match.split("*").map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"));
  return new RegExp(`^${literal.join(".*")}$`);
}

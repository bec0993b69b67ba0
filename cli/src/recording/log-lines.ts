/** A line of the daemon's log, as JSON. */
interface LogLine {
  readonly time: number;
  readonly level: number;
  readonly msg: string;
  readonly [field: string]: unknown;
}

/** Fields that the line of the call's begin has said, or that the columns show. */
const SHOWN = new Set(["time", "level", "msg", "request", "call", "uri", "client", "pid", "uid", "args", "err"]);

const INDENT = " ".repeat(11);

/** Levels from which a line says how grave it is. */
const GRAVE: readonly (readonly [level: number, word: string])[] = [
  [50, "error: "],
  [40, "warning: "],
];

/** The daemon's log for people who follow calls: one line for each, with the time since the call has come. */
export class LogReader {
  readonly #came = new Map<string, number>();

  /** What is to be shown of a line of the log; `undefined` where it is none. */
  read(text: string): string | undefined {
    const line = parse(text);
    if (line === undefined) return undefined;
    const { request, call, args, plugin } = line;
    if (typeof request !== "string") return `${column("-")} ${wordsOf(line)}`;
    // A plugin in a process of its own counts clients and calls for itself.
    if (plugin !== undefined) return `${column("-")}   in ${plugin}, ${call} ${request}: ${wordsOf(line)}`;
    if (args !== undefined) {
      this.#came.set(request, line.time);
      return `${column(request)} ${call} ${args} ${whoOf(line)}`;
    }
    const came = this.#came.get(request);
    const since = came === undefined ? "" : `+${line.time - came} ms `;
    if (isLast(line)) this.#came.delete(request);
    return `${column(request)}   ${since}${wordsOf(line)}`;
  }
}

const isLast = ({ msg }: LogLine) => msg === "the call is answered" || msg.startsWith("the call failed");

function parse(text: string): LogLine | undefined {
  try {
    const line = JSON.parse(text) as Partial<LogLine> | null;
    return typeof line?.msg === "string" && typeof line.time === "number" ? (line as LogLine) : undefined;
  } catch {
    return undefined;
  }
}

function column(request: string): string {
  return request.padEnd(8);
}

function whoOf({ uri, pid, uid }: LogLine): string {
  const who = [pid === undefined ? "" : `pid ${pid}`, uid === undefined ? "" : `uid ${uid}`, uri ?? ""];
  return `(${who.filter((word) => word !== "").join(", ")})`;
}

function wordsOf(line: LogLine): string {
  const grave = GRAVE.find(([level]) => line.level >= level)?.[1] ?? "";
  const others = Object.entries(line).filter(([name]) => !SHOWN.has(name));
  const fields = others.length === 0 ? "" : ` ${JSON.stringify(Object.fromEntries(others))}`;
  return `${grave}${line.msg}${fields}${stackOf(line)}`;
}

/** On lines of its own. */
function stackOf({ err }: LogLine): string {
  const { stack } = (err ?? {}) as { readonly stack?: unknown };
  return typeof stack === "string" ? `\n${stack.replace(/^/gm, INDENT)}` : "";
}

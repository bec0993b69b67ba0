/** Whether each call leaves a line in the log. It is asked at every call, so it is a field and not a question to the log. */
export interface Trace {
  readonly on: boolean;
}

/** How much of a call's arguments is worth a line, in characters. */
const SHOWN_MAX = 8192;

/** A call's arguments for the log, as JSON on one line: without passwords, and of bytes only how many they are. */
export function shownArgs(args: object): string {
  const text = JSON.stringify(args, (name, value: unknown) => {
    if (/passw/i.test(name)) return "***";
    if (typeof value === "bigint") return String(value);
    if (isBytes(value)) return `${value.data.length} bytes`;
    return typeof value === "string" ? value.replace(/(passwd=)(['"]).*?\2/g, "$1$2***$2") : value;
  });
  return text.length <= SHOWN_MAX ? text : `${text.slice(0, SHOWN_MAX)}…`;
}

/** Buffers turn themselves into this before anyone else is asked. */
function isBytes(value: unknown): value is { readonly data: readonly number[] } {
  const { type, data } = (value ?? {}) as { readonly type?: unknown; readonly data?: unknown };
  return type === "Buffer" && Array.isArray(data);
}

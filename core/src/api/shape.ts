import type { Call } from "./define.js";

type Wire = Record<string, unknown>;

/** What the wire carries, out of what a handler returned. `wireArgs` are the arguments as the client sent them. */
export function resultToWire(call: Call, result: unknown, wireArgs: Wire): Wire {
  const { shape } = call;
  if (shape === undefined) return (result ?? {}) as Wire;
  if ("returns" in shape) return { [shape.returns]: result };
  const entries = result as readonly unknown[];
  if ("list" in shape) return { [shape.list]: wireArgs.needResults === 0 ? [] : entries, ret: entries.length };
  return { [shape.upTo]: entries.slice(0, Math.max(0, wireArgs[shape.limit] as number)) };
}

/** The largest list that a client asks for at once where the wire wants a number. */
const ALL = 16384;

/** What a client sends, out of what its caller gave. */
export function argsToWire(call: Call, args: Wire): Wire {
  const { shape } = call;
  if (shape === undefined || "returns" in shape) return args;
  return "list" in shape ? { ...args, needResults: 1 } : { ...args, [shape.limit]: ALL };
}

/** What a client's caller gets, out of the reply. */
export function resultFromWire(call: Call, wire: Wire): unknown {
  const { shape } = call;
  if (shape !== undefined) return wire["returns" in shape ? shape.returns : "list" in shape ? shape.list : shape.upTo];
  return Object.keys(call.ret.fields).length === 0 ? undefined : wire;
}

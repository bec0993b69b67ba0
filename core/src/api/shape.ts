import type { Descriptor } from "../contracts/descriptor.js";
import type { ByteStream, Call, Shape } from "./define.js";

type Wire = Record<string, unknown>;

/** The other end of a stream out of what a handler gave, and what the reply carries beside it. */
export function streamAndReply(call: Call, result: unknown): { stream: ByteStream; reply: Wire } {
  if (Object.keys(call.ret.fields).length === 0) return { stream: result as ByteStream, reply: {} };
  const { stream, ...reply } = result as Wire & { stream: ByteStream };
  return { stream, reply };
}

/** What a caller gets of a call that opened `stream`. */
export function streamed(call: Call, stream: ByteStream, reply: Wire): unknown {
  return Object.keys(call.ret.fields).length === 0 ? stream : { ...reply, stream };
}

/** The descriptor out of what a handler gave, and what the reply carries beside it. */
export function descriptorAndReply(call: Call, result: unknown): { descriptor: Descriptor; reply: Wire } {
  if (Object.keys(call.ret.fields).length === 0) return { descriptor: result as Descriptor, reply: {} };
  const { descriptor, ...reply } = result as Wire & { descriptor: Descriptor };
  return { descriptor, reply };
}

/** The same of any call that gives descriptors, one or several. */
export function descriptorsAndReply(call: Call, result: unknown): { descriptors: readonly Descriptor[]; reply: Wire } {
  if (call.descriptors === "several") return { descriptors: result as readonly Descriptor[], reply: {} };
  const { descriptor, reply } = descriptorAndReply(call, result);
  return { descriptors: [descriptor], reply };
}

/** What a caller gets of a call whose reply brought `descriptor`. */
export function withDescriptor(call: Call, descriptor: Descriptor, reply: Wire): unknown {
  return Object.keys(call.ret.fields).length === 0 ? descriptor : { ...reply, descriptor };
}

/** What the wire carries, out of what a handler returned. `wireArgs` are the arguments as the client sent them. */
export function resultToWire(call: Call, result: unknown, wireArgs: Wire): Wire {
  const { shape } = call;
  if (shape === undefined) return (result ?? {}) as Wire;
  if ("returns" in shape) return { [shape.returns]: result };
  const entries = result as readonly unknown[];
  if ("list" in shape) return { [shape.list]: wireArgs.needResults === 0 ? [] : entries, ret: entries.length };
  if ("upTo" in shape) return { [shape.upTo]: entries.slice(0, Math.max(0, wireArgs[shape.limit] as number)) };
  const wanted = wireArgs[shape.count] as number;
  if (wanted === 0) return { [shape.sized]: [], [shape.count]: entries.length };
  const sent = entries.slice(0, Math.max(0, wanted));
  return { [shape.sized]: sent, [shape.count]: sent.length };
}

/** The largest list that a client asks for at once where the wire wants a number. */
const ALL = 16384;

/** What a client sends, out of what its caller gave. */
export function argsToWire(call: Call, args: Wire): Wire {
  const { shape } = call;
  if (shape === undefined || "returns" in shape) return args;
  if ("list" in shape) return { ...args, needResults: 1 };
  return "upTo" in shape ? { ...args, [shape.limit]: shape.max ?? ALL } : { ...args, [shape.count]: shape.max };
}

/** What a client's caller gets, out of the reply. */
export function resultFromWire(call: Call, wire: Wire): unknown {
  const { shape } = call;
  if (shape !== undefined) return wire[listOf(shape)];
  return Object.keys(call.ret.fields).length === 0 ? undefined : wire;
}

function listOf(shape: Shape): string {
  if ("returns" in shape) return shape.returns;
  if ("list" in shape) return shape.list;
  return "upTo" in shape ? shape.upTo : shape.sized;
}

import { type Call, type Identity, identity, type Program, xdr } from "@polyvisor/core";

/** What of a call's context crosses into another process. */
export interface Caller {
  readonly identity: Identity;
  readonly readOnly: boolean;
  /** By this number the call is cancelled. */
  readonly id: number;
  /** Which provider of the contract is meant, where there may be several. */
  readonly provider: number;
}

const callerCodec = xdr.struct({ identity, readOnly: xdr.flag, id: xdr.u32, provider: xdr.u32 });

/** The caller among a call's arguments: no name of an argument. */
export const CALLER: unique symbol = Symbol("caller");

export type WithCaller = Record<string, unknown> & { readonly [CALLER]?: Caller };

/** The calls of a table with their caller in front of the arguments, as a program that crosses a process boundary. */
export function programWithCallers(name: string, number: number, api: Readonly<Record<string, Call>>): Program {
  const calls = Object.entries(api).map(([call, entry]) => [call, withCaller(entry)] as const);
  return { name, number, version: 1, calls: Object.fromEntries(calls) };
}

function withCaller(entry: Call): Call {
  const { args } = entry;
  const codec: Call["args"] = {
    fields: args.fields,
    layout: `${callerCodec.layout},${args.layout}`,
    encode(writer, value) {
      callerCodec.encode(writer, (value as WithCaller)[CALLER] as Caller);
      args.encode(writer, value);
    },
    decode(reader) {
      const caller = callerCodec.decode(reader);
      return { ...args.decode(reader), [CALLER]: caller };
    },
  };
  return { ...entry, args: codec };
}

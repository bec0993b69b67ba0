import type { Call, CallContext, ClientOf, Program } from "@polyvisor/core";
import type { RpcClient } from "./client.js";

/** The calls of a program as functions, by the names of its table. A call's context gives its signal. */
export function stubsOf<P extends Program>(client: RpcClient, program: P): ClientOf<P["calls"]> {
  const stub = (entry: Call) => (args: unknown, context?: Partial<CallContext>) =>
    client.call(program, entry, args, context?.signal === undefined ? {} : { signal: context.signal });
  const stubs = Object.entries(program.calls).map(([name, entry]) => [name, stub(entry)]);
  return Object.fromEntries(stubs) as ClientOf<P["calls"]>;
}

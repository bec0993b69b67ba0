import type { Call, CallContext, ClientOf, Program, Shape } from "@polyvisor/core";
import type { CallSettings, RpcClient } from "./client.js";

/** The calls of a program as functions, by the names of its table. A call's context gives its signal. */
export function stubsOf<P extends Program>(client: RpcClient, program: P): ClientOf<P["calls"]> {
  const stub = (entry: Call) => {
    const { shape } = entry;
    const make =
      shape !== undefined && "sized" in shape
        ? (args: unknown, settings: CallSettings) => inTwoSteps(client, program, entry, shape, args, settings)
        : (args: unknown, settings: CallSettings) => client.call(program, entry, args, settings);
    return (args: unknown, context?: Partial<CallContext>) =>
      make(args, context?.signal === undefined ? {} : { signal: context.signal });
  };
  const stubs = Object.entries(program.calls).map(([name, entry]) => [name, stub(entry)]);
  return Object.fromEntries(stubs) as ClientOf<P["calls"]>;
}

type Wire = Record<string, unknown>;

/** Drivers of libvirt insist on the right number of entries, so it is asked for first, as libvirt's own clients do. */
async function inTwoSteps(
  client: RpcClient,
  program: Program,
  entry: Call,
  { sized, count, max }: Extract<Shape, { sized: string }>,
  args: unknown,
  settings: CallSettings,
): Promise<unknown> {
  const unshaped = { ...entry, shape: undefined } as Call<unknown, unknown, Wire, Wire>;
  const ask = (number: number) => client.call(program, unshaped, { ...(args as Wire), [count]: number }, settings);
  const number = Math.min((await ask(0))[count] as number, max);
  return number > 0 ? (await ask(number))[sized] : [];
}

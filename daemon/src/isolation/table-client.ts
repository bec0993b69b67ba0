import type { CallContext, Program } from "@polyvisor/core";
import { type RpcClient, stubsOf } from "@polyvisor/sdk/rpc";
import { CALLER, type Caller } from "./caller.js";
import { errorFromWire } from "./foreign.js";
import { CONTRACT_PROGRAMS } from "./programs.js";
import type { Handlers } from "./table-server.js";

type Stub = (args: object) => Promise<unknown>;
type Stubs = Readonly<Record<string, Stub>>;

/** Calls of contracts, made over a connection at whose other end the providers are. */
export class ContractCalls {
  readonly #client: RpcClient;
  readonly #cancel: (id: number) => void;
  readonly #stubs = new Map<string, Stubs>();
  #lastId = 0;

  /** `cancel` tells the other end that nobody waits for the call with that number any more. */
  constructor(client: RpcClient, cancel: (id: number) => void) {
    this.#client = client;
    this.#cancel = cancel;
  }

  /** Makes a call in the name of whom its context says, of one of the contract's providers. */
  async call(contract: string, name: string, args: object, context: CallContext, provider = 0): Promise<unknown> {
    const stub = this.#stubsOf(contract)[name] as Stub;
    const { signal, identity, readOnly } = context;
    const id = this.#nextId();
    const caller: Caller = { identity, readOnly, id, provider };
    const stop = () => this.#cancel(id);
    signal.addEventListener("abort", stop, { once: true });
    try {
      return await stub({ ...args, [CALLER]: caller });
    } catch (error) {
      throw errorFromWire(error);
    } finally {
      signal.removeEventListener("abort", stop);
    }
  }

  #stubsOf(contract: string): Stubs {
    let stubs = this.#stubs.get(contract);
    if (stubs === undefined) {
      stubs = stubsOf(this.#client, CONTRACT_PROGRAMS.get(contract) as Program) as unknown as Stubs;
      this.#stubs.set(contract, stubs);
    }
    return stubs;
  }

  /** Unique among the calls that run: so many are never made at a time. 0 is no call's. */
  #nextId(): number {
    this.#lastId = (this.#lastId % 0xffffffff) + 1;
    return this.#lastId;
  }
}

/** A handler for every call of a contract's table. */
export function handlersOver(
  contract: string,
  make: (name: string, args: object, context: CallContext) => Promise<unknown>,
): Handlers {
  const { calls } = CONTRACT_PROGRAMS.get(contract) as Program;
  const handlers = Object.keys(calls).map((name) => [
    name,
    (args: object, context: CallContext) => make(name, args, context),
  ]);
  return Object.fromEntries(handlers);
}

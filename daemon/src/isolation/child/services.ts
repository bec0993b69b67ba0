import { setMaxListeners } from "node:events";
import {
  type CallContext,
  CONTRACTS,
  type ContractClient,
  contractId,
  type HostServices,
  type Identity,
  type Log,
  type NamedClient,
  notSupported,
  parseUri,
  type ServedContract,
  SUB_CONTRACTS,
} from "@polyvisor/core";
import { type RpcClient, stubsOf } from "@polyvisor/sdk/rpc";
import { hostProgram } from "../programs.js";
import { ContractCalls } from "../table-client.js";
import { WireClient } from "../wire-client.js";

type Handler = (args: object, context: CallContext) => unknown;

/** What the host that started this process does for the plugin in it. */
export class ServicesOfHost implements HostServices {
  readonly #client: RpcClient;
  readonly #calls: ContractCalls;
  readonly #wire = new WireClient();
  readonly #mode: string;
  readonly #log: Log;

  constructor(client: RpcClient, { mode, log }: { readonly mode: string; readonly log: Log }) {
    this.#client = client;
    this.#calls = new ContractCalls(client, (id) => void this.#host.cancel({ id }).catch(() => {}));
    this.#mode = mode;
    this.#log = log;
  }

  async connect<C extends ServedContract>(contract: C, identity?: Identity): Promise<ContractClient<C> | undefined> {
    const [first] = await this.connectAll(contract, identity);
    return first?.client;
  }

  async connectAll<C extends ServedContract>(contract: C, identity?: Identity): Promise<readonly NamedClient<C>[]> {
    const context = this.#contextOf(identity);
    if ((SUB_CONTRACTS as readonly string[]).includes(contract)) return this.#connectPart(contract, context);
    const providers = await this.#host.providers({ contract });
    return providers.map(({ plugin, id }) => {
      const make = (name: string) => (args: object, of: CallContext) => this.#calls.call(contract, name, args, of, id);
      return { plugin, client: clientOf(contract, context, make) as ContractClient<C> };
    });
  }

  close(): Promise<void> {
    return this.#wire.close();
  }

  get #host() {
    return stubsOf(this.#client, hostProgram);
  }

  /** Connections to sub-drivers have events, so they go over libvirt's own protocol. */
  async #connectPart<C extends ServedContract>(contract: C, context: CallContext): Promise<NamedClient<C>[]> {
    const [provider] = await this.#host.providers({ contract });
    if (provider === undefined) return [];
    const uri = parseUri(`${contract.split(".")[0]}:///${this.#mode}`);
    const wire = await this.#wire.open(await this.#host.socket({}), uri, context);
    const own = wire as unknown as Readonly<Record<string, Handler | undefined>>;
    const calls = clientOf(contract, context, (name) => own[name]?.bind(wire));
    const client = { ...calls, objectEvents: wire.objectEvents, close: () => wire.close() };
    return [{ plugin: provider.plugin, client: client as unknown as ContractClient<C> }];
  }

  #contextOf(identity: Identity | undefined): CallContext {
    const own = { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0, pid: process.pid };
    const { signal } = new AbortController();
    // As many calls of one client as one likes may wait at once.
    setMaxListeners(0, signal);
    return { identity: identity ?? own, readOnly: false, signal, log: this.#log };
  }
}

/** A call for every entry of a contract's table; a call's context is the given one but for what the caller says. */
function clientOf(contract: string, context: CallContext, handlerOf: (name: string) => Handler | undefined): object {
  const { api = {} } = CONTRACTS.find((each) => contractId(each) === contract) ?? {};
  const calls = Object.keys(api).map((name) => {
    const handler = handlerOf(name);
    return [
      name,
      async (args: object, more?: Partial<CallContext>) => {
        if (handler === undefined) throw notSupported(name);
        return handler(args, { ...context, ...more });
      },
    ];
  });
  return Object.fromEntries(calls);
}

import type { Call } from "../api/define.js";
import {
  type CallContext,
  type ContractClient,
  type ContractMap,
  type ContractName,
  type Driver,
  type HostInfo,
  type HostServices,
  type Identity,
  type Log,
  type NamedClient,
  type ServedContract,
  SUB_CONTRACTS,
  type SubConnection,
  type SubContract,
} from "../contracts/index.js";
import { type ErrorName, VirtError } from "../errors/index.js";
import { parseUri } from "../uri.js";
import { watchedPart } from "./answers.js";
import { defaultContext } from "./context.js";
import type { ContractSet } from "./contract-set.js";
import type { Plugin } from "./registry.js";
import { Route } from "./route.js";

/** Which plugin provides a contract, by the contract's name; several where a guest may have several of them. */
export type ProviderChoice = Readonly<Record<string, string | readonly string[]>>;

/** A provider that the operator has chosen is not there. */
export class ChoiceError extends VirtError {
  /** The key of `HostOptions.use` that names it. */
  readonly contract: string;

  constructor(contract: string, detail: string, hint: string) {
    super("CONFIG_UNSUPPORTED", detail, { hint });
    this.contract = contract;
  }
}

export interface ServicesParts {
  readonly plugins: readonly Plugin[];
  readonly contracts: ContractSet;
  readonly use: ProviderChoice;
  readonly useApplicable: ProviderChoice;
  readonly info: HostInfo;
  readonly log: Log;
  /** Resolves once the plugin's driver of that contract has been started, which happens once. */
  started(plugin: Plugin, contract: SubContract): Promise<void>;
  /** Called after each connection to a sub-driver. */
  opened(driver: Driver<unknown>): void;
}

/** Leads those who need a contract to the plugin that provides it. */
export class Services implements HostServices {
  readonly #parts: ServicesParts;
  /** By contract: those of `useApplicable` that turned out to be. */
  readonly #applicable = new Map<string, Promise<readonly Plugin[]>>();

  /** Throws a `ChoiceError` where a plugin is chosen that is not there, or provides something else. */
  constructor(parts: ServicesParts) {
    this.#parts = parts;
    for (const [contract, names] of Object.entries(parts.use)) this.#check(contract, [names].flat());
  }

  /** The plugins that provide a contract here, the most wanted first. */
  providers(contract: string): readonly Plugin[] {
    const names = this.#named(contract, this.#parts.use);
    if (names !== undefined) return this.#ableOf(contract, names);
    return isSub(contract) ? this.#able(contract).slice(0, 1) : [];
  }

  readonly preferred = (contract: string): string | undefined => this.providers(contract)[0]?.name;

  async connect<C extends ServedContract>(contract: C, identity?: Identity): Promise<ContractClient<C> | undefined> {
    const [plugin] = await this.#chosen(contract);
    return plugin && this.#client(plugin, contract, identity);
  }

  async connectAll<C extends ServedContract>(contract: C, identity?: Identity): Promise<readonly NamedClient<C>[]> {
    const plugins = await this.#chosen(contract);
    return Promise.all(
      plugins.map(async (plugin) => ({
        plugin: plugin.name,
        client: await this.#client(plugin, contract, identity),
      })),
    );
  }

  /** A client's way to the provider of a sub-driver; `undefined` where there is none. Opens nothing yet. */
  routeTo(contract: SubContract, context: CallContext): Route | undefined {
    const [plugin] = this.providers(contract);
    return plugin && this.#route(plugin, contract, context);
  }

  /** The URI under which a sub-driver is opened, such as `network:///system`. */
  uriOf(contract: SubContract): string {
    return `${contract.split(".")[0]}:///${this.#parts.info.mode}`;
  }

  #route(plugin: Plugin, contract: SubContract, context: CallContext): Route {
    const uri = parseUri(this.uriOf(contract));
    return new Route(async (asked) => {
      const driver: Driver<SubConnection> = await usable(plugin, contract, "NO_CONNECT");
      await this.#parts.started(plugin, contract);
      const connection = await driver.open(uri, asked);
      this.#parts.opened(driver);
      return watchedPart(connection, plugin.name);
    }, context);
  }

  async #client<C extends ServedContract>(
    plugin: Plugin,
    contract: C,
    identity: Identity | undefined,
  ): Promise<ContractClient<C>> {
    const context = defaultContext(this.#parts.log, identity === undefined ? {} : { identity });
    const api = this.#parts.contracts.get(contract)?.api ?? {};
    if (isSub(contract)) {
      const route = this.#route(plugin, contract, context);
      await route.open();
      const calls = clientOf(api, context, (name) => route.handler(name));
      return Object.assign(calls, { objectEvents: route, close: () => route.close() }) as unknown as ContractClient<C>;
    }
    const provider = (await usable(plugin, contract, "CONFIG_UNSUPPORTED")) as unknown as Readonly<
      Record<string, Handler | undefined>
    >;
    return clientOf(api, context, (name) => {
      const handler = provider[name];
      if (typeof handler === "function") return handler.bind(provider);
      return () => {
        throw new VirtError("NO_SUPPORT", `${name} of ${contract} by the plugin ${plugin.name}`);
      };
    }) as unknown as ContractClient<C>;
  }

  /** The providers of a contract where it may have to be found out first who can be one here. */
  async #chosen(contract: string): Promise<readonly Plugin[]> {
    const usual = this.#named(contract, this.#parts.useApplicable);
    if (usual === undefined || this.#named(contract, this.#parts.use) !== undefined) return this.providers(contract);
    let found = this.#applicable.get(contract);
    if (found === undefined) {
      found = this.#findApplicable(contract, usual);
      this.#applicable.set(contract, found);
    }
    return (await found).filter((plugin) => plugin.enabled);
  }

  /** Found out once: one that fails later must not be passed over as if it had never been wanted. */
  async #findApplicable(contract: string, names: readonly string[]): Promise<readonly Plugin[]> {
    const { log } = this.#parts;
    const asked = this.#ableOf(contract, names);
    await Promise.all(asked.map((plugin) => plugin.get(contract as ContractName).catch(() => {})));
    const found = asked.filter(({ status }) => status.state === "enabled");
    const refusals = asked
      .filter((plugin) => !found.includes(plugin))
      .map(({ name, status }) => [name, status.message]);
    const facts = { contract, plugins: found.map(({ name }) => name), without: Object.fromEntries(refusals) };
    if (found.length === 0) log.warn(facts, `nothing provides ${contract}: no plugin for it can be used on this host`);
    else log.info(facts, `${contract} is provided by what this host can use`);
    return found;
  }

  #named(contract: string, choice: ProviderChoice): readonly string[] | undefined {
    const names = this.#majors(contract)
      .map((id) => choice[id])
      .find((each) => each !== undefined);
    return names === undefined ? undefined : [names].flat();
  }

  #ableOf(contract: string, names: readonly string[]): Plugin[] {
    const able = this.#able(contract);
    return names.flatMap((name) => able.find((plugin) => plugin.name === name) ?? []);
  }

  /** The ids under which an operator may speak of a contract: it, and its other major. */
  #majors(contract: string): string[] {
    return this.#parts.contracts.sources(contract).map(({ id }) => id);
  }

  #able(contract: string): Plugin[] {
    return this.#parts.plugins.filter((plugin) => plugin.enabled && plugin.provides(contract as ContractName));
  }

  #check(contract: string, names: readonly string[]): void {
    const { contracts } = this.#parts;
    if (contracts.get(contract) === undefined)
      throw new ChoiceError(contract, `there is no contract ${contract}`, `there are ${contracts.ids.join(", ")}`);
    const able = this.#able(contract).map(({ name }) => name);
    for (const name of names) {
      if (able.includes(name)) continue;
      const hint = able.length === 0 ? `no plugin here provides ${contract}` : `these do: ${able.join(", ")}`;
      throw new ChoiceError(contract, `no plugin ${name} provides ${contract}`, hint);
    }
  }
}

type Handler = (args: unknown, context: CallContext) => unknown;

/** What a plugin provides; where it cannot be used, an error that clients are told. */
async function usable<C extends ContractName>(plugin: Plugin, contract: C, code: ErrorName): Promise<ContractMap[C]> {
  try {
    return await plugin.get(contract);
  } catch (error) {
    throw new VirtError(code, `${contract}: ${(error as Error).message}`, {
      hint: "polyvisord --plugins shows every plugin's state",
      cause: error,
    });
  }
}

function isSub(contract: string): contract is SubContract {
  return (SUB_CONTRACTS as readonly string[]).includes(contract);
}

function clientOf(
  api: Readonly<Record<string, Call>>,
  context: CallContext,
  handlerOf: (name: string) => Handler,
): Record<string, (args: unknown, more?: Partial<CallContext>) => Promise<unknown>> {
  return Object.fromEntries(
    Object.keys(api).map((name) => {
      const handler = handlerOf(name);
      return [name, async (args: unknown, more?: Partial<CallContext>) => handler(args, { ...context, ...more })];
    }),
  );
}

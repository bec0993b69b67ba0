import {
  type CallContext,
  type ContractClient,
  type IsolationHost,
  type Log,
  type NamedClient,
  type ServedContract,
  SUB_CONTRACTS,
  type SubContract,
  type Uri,
  VirtError,
} from "@polyvisor/core";
import { DriverServer } from "./driver-server.js";
import { fieldsFromText, LEVELS } from "./log-lines.js";
import { privateSocket } from "./private-socket.js";
import { CONTRACT_PROGRAMS, type HostHandlers, hostProgram } from "./programs.js";
import type { Handlers, ServedTable } from "./table-server.js";

interface Provider extends NamedClient<ServedContract> {
  readonly contract: ServedContract;
}

/** What the host does for one isolated plugin, whichever process of it asks. */
export class HostSide {
  readonly #host: IsolationHost;
  readonly #log: Log;
  /** Those that the plugin was told of, each at the index that is its number less one. */
  readonly #providers: Provider[] = [];
  #served: Promise<{ readonly server: DriverServer; readonly path: string }> | undefined;

  constructor(host: IsolationHost, log: Log) {
    this.#host = host;
    this.#log = log;
  }

  /** What a process may call here. `cancel` ends the wait of the call with that number. */
  tables(log: Log, cancel: (id: number) => void): ServedTable[] {
    const calls: HostHandlers = {
      log: ({ level, fields, message }) => {
        const known = LEVELS.find((each) => each === level) ?? "info";
        log[known](fieldsFromText(fields), message);
      },
      providers: ({ contract }) => this.#providersOf(contract as ServedContract),
      socket: async () => (await this.#serve()).path,
      cancel: ({ id }) => cancel(id),
    };
    const contracts = [...CONTRACT_PROGRAMS.values()].map((program): ServedTable => {
      return { program, handlersFor: (caller) => this.#provider(caller?.provider ?? 0) };
    });
    return [{ program: hostProgram, handlersFor: () => calls as Handlers }, ...contracts];
  }

  async close(): Promise<void> {
    await (await this.#served?.catch(() => undefined))?.server.close();
  }

  async #providersOf(contract: ServedContract): Promise<{ plugin: string; id: number }[]> {
    const clients = await this.#services.connectAll(contract);
    if (isSub(contract)) {
      await Promise.all(clients.map(({ client }) => (client as ContractClient<SubContract>).close()));
      return clients.map(({ plugin }) => ({ plugin, id: 0 }));
    }
    return clients.map(({ plugin, client }) => ({ plugin, id: this.#numberOf({ contract, plugin, client }) }));
  }

  /** A provider keeps its number, and its first client does as well as any later one. */
  #numberOf(provider: Provider): number {
    const { contract, plugin } = provider;
    const index = this.#providers.findIndex((each) => each.contract === contract && each.plugin === plugin);
    return index < 0 ? this.#providers.push(provider) : index + 1;
  }

  #provider(number: number): Handlers {
    const provider = this.#providers[number - 1];
    if (provider === undefined) throw new VirtError("INVALID_ARG", `there is no provider ${number}`);
    return provider.client as unknown as Handlers;
  }

  get #services(): ReturnType<IsolationHost["services"]> {
    return this.#host.services();
  }

  #serve(): Promise<{ readonly server: DriverServer; readonly path: string }> {
    this.#served ??= this.#listen();
    return this.#served;
  }

  async #listen(): Promise<{ server: DriverServer; path: string }> {
    const { info } = this.#host;
    const opener = {
      info,
      openDriver: async (uri: Uri, context: CallContext) => {
        if (isOfSubDriver(uri)) return this.#services.openDriver(uri, context);
        throw new VirtError("OPERATION_DENIED", `a plugin reaches sub-drivers only, not ${uri.scheme}`);
      },
    };
    const server = new DriverServer(opener, this.#log);
    const path = await privateSocket(info.paths.run);
    await server.listen(path);
    return { server, path };
  }
}

function isSub(contract: string): contract is SubContract {
  return (SUB_CONTRACTS as readonly string[]).includes(contract);
}

function isOfSubDriver({ scheme, transport }: Uri): boolean {
  return transport === undefined && SUB_CONTRACTS.some((id) => id.split(".")[0] === scheme);
}

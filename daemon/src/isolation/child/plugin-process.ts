import type { Socket } from "node:net";
import {
  type ClientOf,
  type ContractName,
  createHost,
  type DriverContract,
  type HeldEntries,
  type Host,
  type Log,
  silentLog,
} from "@polyvisor/core";
import { type RpcClient, stubsOf } from "@polyvisor/sdk/rpc";
import { coreVersion } from "../core-version.js";
import { DriverServer } from "../driver-server.js";
import { PLUGIN_EXIT } from "../exit-codes.js";
import { fieldsToText, logTo } from "../log-lines.js";
import { CONTRACT_PROGRAMS, hostProgram, LOADED, PROTOCOL, type ProcessHandlers, processProgram } from "../programs.js";
import { type Handlers, type ServedTable, TableServer } from "../table-server.js";

type Configuration = Parameters<NonNullable<ProcessHandlers["configure"]>>[0];

import { endWith } from "./last-words.js";
import { ServicesOfHost } from "./services.js";

/** A plugin, its one host in this process, and what answers the calls of the host that has started the process. */
export class PluginProcess {
  /** Resolves when the host that started the process is gone. */
  readonly hostGone: Promise<unknown>;
  readonly #toHost: RpcClient;
  readonly #held: HeldEntries | undefined;
  readonly #hostApi: ClientOf<(typeof hostProgram)["calls"]>;
  readonly #server: TableServer;
  #log: Log = silentLog;
  #configured: { readonly host: Host; readonly plugin: string } | undefined;
  #drivers: DriverServer | undefined;
  #services: ServicesOfHost | undefined;

  /** `calls` is where the host calls, `toHost` where it is called; `held` is what the program was bundled with. */
  constructor(calls: Socket, toHost: RpcClient, held?: HeldEntries) {
    this.#toHost = toHost;
    this.#held = held;
    this.#hostApi = stubsOf(toHost, hostProgram);
    const contracts = [...CONTRACT_PROGRAMS].map(([contract, program]): ServedTable => {
      return { program, handlersFor: () => this.#handlersOf(contract as ContractName) };
    });
    const own: ServedTable = { program: processProgram, handlersFor: () => this.#calls() as Handlers };
    this.#server = new TableServer(
      calls,
      [own, ...contracts],
      logTo((...line) => this.#write(...line)),
    );
    this.hostGone = Promise.race([this.#server.closed, toHost.closed]);
  }

  /** Closes the drivers; guests stay as they are. */
  async close(): Promise<void> {
    await this.#drivers?.close();
    await this.#configured?.host.close();
    await this.#services?.close();
  }

  #calls(): ProcessHandlers {
    return {
      configure: (configuration) => this.#configure(configuration),
      load: ({ contract }) => this.#load(contract as ContractName),
      start: async ({ contract }) => {
        const { host, plugin } = this.#ready;
        await host.startDriver(contract as DriverContract, plugin);
      },
      listen: async ({ path }) => {
        const { host } = this.#ready;
        this.#drivers = new DriverServer(
          { info: host.info, openDriver: (uri, context) => host.openDriver(uri, context) },
          this.#log,
        );
        await this.#drivers.listen(path);
      },
      ping: () => {},
      cancel: ({ id }) => this.#server.cancel(id),
      stop: async () => {
        await this.close();
        setImmediate(() => process.exit(PLUGIN_EXIT.STOPPED));
      },
    };
  }

  get #ready(): { readonly host: Host; readonly plugin: string } {
    if (this.#configured === undefined) throw new Error("the process is not configured");
    return this.#configured;
  }

  async #configure(given: Configuration): Promise<{ protocol: number; core: string }> {
    const core = await coreVersion();
    if (given.protocol !== PROTOCOL || given.core !== core)
      refuse(
        `the host is of @polyvisor/core ${given.core} (protocol ${given.protocol}), this is ${core} (${PROTOCOL})`,
      );
    const { plugin, version, folder, mode, paths, uuid, configuration } = given;
    this.#log = this.#logFor(given.debug);
    this.#services = new ServicesOfHost(this.#toHost, { mode, log: this.#log });
    const host = await createHost({
      mode: mode === "session" ? "session" : "system",
      paths,
      log: this.#log,
      ...(uuid === null ? {} : { uuid }),
      plugins: [folder],
      services: this.#services,
      pluginConfiguration: { [plugin]: { file: folder, values: JSON.parse(configuration) as Record<string, unknown> } },
      warmUp: true,
      ...(this.#held && { heldEntries: this.#held }),
    });
    const [found] = host.plugins();
    if (found?.name !== plugin || found?.version !== version)
      refuse(`the host has found plugin ${plugin} ${version}, but ${folder} has ${found?.name} ${found?.version}`);
    this.#configured = { host, plugin };
    return { protocol: PROTOCOL, core };
  }

  async #load(contract: ContractName): Promise<{ loaded: number; words: string }> {
    const { host, plugin } = this.#ready;
    try {
      await host.provider(contract, plugin);
      return { loaded: LOADED.USABLE, words: host.plugins()[0]?.message ?? "" };
    } catch (error) {
      const status = host.plugins()[0];
      const loaded = status?.state === "inapplicable" ? LOADED.INAPPLICABLE : LOADED.BROKEN;
      return { loaded, words: status?.message || (error as Error).message };
    }
  }

  async #handlersOf(contract: ContractName): Promise<Handlers> {
    const { host, plugin } = this.#ready;
    return (await host.provider(contract, plugin)) as unknown as Handlers;
  }

  #logFor(debug: boolean): Log {
    return logTo((level, fields, message) => {
      if (debug || level !== "debug") this.#write(level, fields, message);
    });
  }

  /** Nobody waits for a line to arrive; a host that is gone needs none. */
  #write(level: string, fields: object, message: string): void {
    this.#hostApi.log({ level, fields: fieldsToText(fields), message }).catch(() => {});
  }
}

/** Whoever made the other side wrong, this one cannot do with it. */
function refuse(why: string): never {
  endWith(PLUGIN_EXIT.VERSIONS, why);
}

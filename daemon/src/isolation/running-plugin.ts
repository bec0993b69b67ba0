import { unlink } from "node:fs/promises";
import { setTimeout as delay } from "node:timers/promises";
import type {
  CallContext,
  ContractName,
  HypervisorConnection,
  IsolationHost,
  Log,
  Manifest,
  Uri,
} from "@polyvisor/core";
import { coreVersion } from "./core-version.js";
import { HealthWatch } from "./health.js";
import type { HostSide } from "./host-side.js";
import { type Ending, PluginChild } from "./plugin-child.js";
import { privateSocket } from "./private-socket.js";
import { LOADED, PROTOCOL } from "./programs.js";
import type { IsolationSettings } from "./settings.js";
import type { WireClient } from "./wire-client.js";

/** How long a process may take to end once it was told to, in milliseconds. */
const STOP_MS = 10_000;

/** A plugin's process that would fail so again, however often it were started. */
export class FinalFailure extends Error {}

/** The plugin has nothing to drive on this host. The message says why. */
export class Inapplicable extends Error {}

export interface RunTerms {
  readonly host: IsolationHost;
  readonly side: HostSide;
  readonly settings: IsolationSettings;
  readonly log: Log;
}

/** One process of a plugin that has been told what it is for. */
export class RunningPlugin {
  /** Resolves once the process is gone. */
  readonly ended: Promise<Ending & { readonly isExpected: boolean }>;
  readonly #child: PluginChild;
  readonly #run: string;
  readonly #loaded = new Map<ContractName, Promise<string>>();
  readonly #wires = new Set<HypervisorConnection>();
  #socket: Promise<string> | undefined;
  #isExpected = false;
  #isGone = false;

  /** `run` is the folder for what does not survive a reboot. */
  constructor(child: PluginChild, run: string, health: HealthWatch) {
    this.#child = child;
    this.#run = run;
    this.ended = child.ended.then(async (ending) => {
      this.#isGone = true;
      health.stop();
      await this.#removeSocket();
      return { ...ending, isExpected: this.#isExpected };
    });
  }

  get pid(): number {
    return this.#child.pid;
  }

  /** Whether the process has hung up, or is about to be found gone. */
  get hasHungUp(): boolean {
    return this.#isGone || this.#child.hasHungUp;
  }

  /** Has the plugin's code loaded and probed. Resolves with what it found; rejects with `Inapplicable` or `FinalFailure`. */
  load(contract: ContractName): Promise<string> {
    let loaded = this.#loaded.get(contract);
    if (loaded === undefined) {
      loaded = this.#load(contract);
      this.#loaded.set(contract, loaded);
    }
    return loaded;
  }

  async #load(contract: ContractName): Promise<string> {
    const { loaded, words } = await this.#child.api.load({ contract });
    if (loaded === LOADED.USABLE) return words;
    throw loaded === LOADED.INAPPLICABLE ? new Inapplicable(words) : new FinalFailure(words);
  }

  /** Has a driver find again what ran before. */
  async start(contract: ContractName): Promise<void> {
    await this.load(contract);
    await this.#child.api.start({ contract });
  }

  /** A call of a contract that is no driver's. */
  async call(contract: ContractName, name: string, args: object, context: CallContext): Promise<unknown> {
    await this.load(contract);
    return this.#child.contracts.call(contract, name, args, context);
  }

  async open(client: WireClient, uri: Uri, context: CallContext): Promise<HypervisorConnection> {
    this.#socket ??= this.#listen();
    const wire = await client.open(await this.#socket, uri, context);
    this.#wires.add(wire);
    return { ...wire, close: () => this.#close(wire) };
  }

  /** Closes all connections: what runs on them is cancelled. */
  async cut(): Promise<void> {
    await Promise.all([...this.#wires].map((wire) => this.#close(wire)));
  }

  /** Ends the process: drivers are closed, guests run on. Resolves once it is gone. */
  async stop(): Promise<void> {
    this.#isExpected = true;
    this.#child.api.stop({}).catch(() => {});
    const late = delay(STOP_MS, "late" as const, { ref: false });
    if ((await Promise.race([this.#child.ended, late])) === "late")
      this.#child.kill("it did not end when it was told to");
    await this.ended;
  }

  async #close(wire: HypervisorConnection): Promise<void> {
    if (this.#wires.delete(wire)) await wire.close();
  }

  async #listen(): Promise<string> {
    const path = await privateSocket(this.#run);
    await this.#child.api.listen({ path });
    return path;
  }

  /** One that ended by itself has left it there. */
  async #removeSocket(): Promise<void> {
    const path = await this.#socket?.catch(() => undefined);
    if (path !== undefined) await unlink(path).catch(() => {});
  }
}

/**
 * Starts a process for a plugin and tells it what it is for. Rejects with `FinalFailure` where no further try would help, and
 * else with why it ended.
 */
export async function runPlugin(manifest: Manifest, { host, side, settings, log }: RunTerms): Promise<RunningPlugin> {
  const configuration = await host.configurationOf(manifest).catch((error: Error) => {
    throw new FinalFailure(error.message);
  });
  const { name, version, folder } = manifest;
  const child = await PluginChild.start({ plugin: name, memory: settings.memory, side, log });
  const ping = () => child.api.ping({});
  const kill = (why: string) => child.kill(why);
  const health = new HealthWatch({ pid: child.pid, ping, kill }, settings);
  const { mode, paths, uuid } = host.info;
  const core = await coreVersion();
  const running = new RunningPlugin(child, paths.run, health);
  const told = { plugin: name, version, folder, mode, paths, uuid: uuid ?? null, debug: settings.debug };
  try {
    await child.api.configure({ ...told, protocol: PROTOCOL, core, configuration: JSON.stringify(configuration) });
  } catch (error) {
    await Promise.race([running.ended, delay(STOP_MS, undefined, { ref: false })]);
    child.kill((error as Error).message);
    const { words, isFinal } = await running.ended;
    throw isFinal ? new FinalFailure(words) : new Error(words);
  }
  return running;
}

import { setTimeout as delay } from "node:timers/promises";
import {
  type Applicability,
  type CallContext,
  CONTRACTS,
  type ContractMap,
  type ContractName,
  contractId,
  type IsolationHost,
  type Log,
  type Manifest,
  type PluginProblem,
  type PluginSupervisor,
  pageOf,
  type SupervisorState,
  type SupervisorStatus,
  type Uri,
  type VirtError,
} from "@polyvisor/core";
import { CrashBudget } from "./budget.js";
import { isOfConnection, notRunning, pluginStopped, processGone } from "./errors.js";
import { Gate } from "./gate.js";
import { HostSide } from "./host-side.js";
import { FinalFailure, Inapplicable, type RunningPlugin, type RunTerms, runPlugin } from "./running-plugin.js";
import type { IsolationSettings } from "./settings.js";
import { type Link, StandInDriver } from "./stand-in.js";
import { handlersOver } from "./table-client.js";
import type { WireClient } from "./wire-client.js";

const MS = 1000;

/** How long a connection that hung up is asked for why, in milliseconds: the process's end is told a moment later. */
const WHY_MS = 5000;

export interface SupervisorParts {
  readonly host: IsolationHost;
  readonly settings: IsolationSettings;
  readonly wire: WireClient;
  /** Whether access is checked in front of drivers. */
  readonly resolves: boolean;
}

/** Runs one plugin in a process of its own, and again when the process has ended. */
export class Supervisor implements PluginSupervisor {
  #manifest: Manifest;
  readonly #parts: SupervisorParts;
  readonly #log: Log;
  readonly #budget: CrashBudget;
  readonly #gate = new Gate();
  readonly #side: HostSide;
  readonly #standIns = new Map<ContractName, unknown>();
  /** Contracts whose drivers were told to start: a new process is told so, too. */
  readonly #started = new Set<ContractName>();
  #state: SupervisorState = "stopped";
  #message = "";
  #crashes = 0;
  /** The process that runs or is being started; none is wanted where there is none. */
  #running: Promise<RunningPlugin> | undefined;
  /** The process that is there now, from the moment on in which it can be told to end. */
  #current: RunningPlugin | undefined;
  /** Ends the pause before the next start. */
  #pause = new AbortController();
  /** The operator has stopped it, or the host closes: nobody's use starts it. */
  #isHeld = false;
  /** What operators ask for is done one after the other. */
  #work: Promise<unknown> = Promise.resolve();

  constructor(manifest: Manifest, parts: SupervisorParts) {
    const { host, settings } = parts;
    this.#manifest = manifest;
    this.#parts = parts;
    this.#log = host.log.child({ plugin: manifest.name });
    this.#side = new HostSide(host, this.#log);
    this.#budget = new CrashBudget({ crashes: settings.crashes, period: settings.crashPeriod * MS });
  }

  get status(): SupervisorStatus {
    const { version, folder } = this.#manifest;
    return {
      state: this.#gate.isShut && this.#state === "running" ? "draining" : this.#state,
      version,
      folder,
      pid: this.#current?.pid,
      crashes: this.#crashes,
      message: this.#message,
    };
  }

  async provider<C extends ContractName>(contract: C): Promise<ContractMap[C]> {
    const known = this.#standIns.get(contract);
    if (known !== undefined) return known as ContractMap[C];
    const isDriver = CONTRACTS.find((each) => contractId(each) === contract)?.provider === "driver";
    // Its host probes it next.
    const made = isDriver
      ? new StandInDriver(this.#linkTo(contract))
      : { ...this.#handlersOf(contract), probe: () => this.#probe(contract) };
    this.#standIns.set(contract, made);
    return made as ContractMap[C];
  }

  start(): Promise<void> {
    return this.#inTurn(async () => {
      this.#isHeld = false;
      this.#budget.forget();
      if (this.#state === "broken") this.#running = undefined;
      this.#gate.open();
      await this.#ready();
    });
  }

  drain(deadline?: number): Promise<void> {
    return this.#inTurn(() => this.#drain(deadline));
  }

  stop(deadline?: number): Promise<void> {
    return this.#inTurn(async () => {
      await this.#drain(deadline);
      await this.#end("the operator has stopped it");
      this.#gate.open();
    });
  }

  replace(manifest: Manifest, deadline?: number): Promise<void> {
    return this.#inTurn(async () => {
      await this.#drain(deadline);
      await this.#end("it is being replaced");
      this.#manifest = manifest;
      this.#isHeld = false;
      this.#budget.forget();
      try {
        await this.#ready();
      } finally {
        // What has waited meets the successor, or hears why there is none.
        this.#gate.open();
      }
    });
  }

  close(): Promise<void> {
    return this.#inTurn(async () => {
      await this.#end("the host closes");
      this.#gate.open();
      await this.#side.close();
    });
  }

  #inTurn(work: () => Promise<void>): Promise<void> {
    const done = this.#work.then(work);
    this.#work = done.catch(() => {});
    return done;
  }

  async #drain(deadline = this.#parts.settings.drain * MS): Promise<void> {
    const running = this.#running;
    this.#gate.shut();
    if (await this.#gate.drained(deadline)) return;
    this.#log.warn({ calls: this.#gate.running }, "calls of the plugin did not end in time; they are cancelled");
    await (await running?.catch(() => undefined))?.cut();
  }

  /** Ends the process. Calls that wait fail, and so do later ones, until somebody starts it. */
  async #end(why: string): Promise<void> {
    const running = this.#running;
    this.#hold(why);
    await this.#current?.stop();
    // One that was being started just then hears that it is not wanted.
    await running?.catch(() => {});
  }

  #hold(why: string): void {
    this.#isHeld = true;
    this.#running = undefined;
    this.#state = "stopped";
    this.#message = why;
    this.#pause.abort();
    this.#pause = new AbortController();
  }

  /** The process that runs, once it does. */
  #ready(): Promise<RunningPlugin> {
    const { name } = this.#manifest;
    if (this.#isHeld || this.#state === "broken") return Promise.reject(notRunning(name, this.#message));
    if (this.#running === undefined) this.#launch(0);
    return this.#running as unknown as Promise<RunningPlugin>;
  }

  #launch(pause: number): void {
    const running = this.#untilItRuns(pause);
    // Who waits for it hears; else the log has told.
    running.catch(() => {});
    this.#running = running;
  }

  /** Starts processes until one runs. Rejects where none will. */
  async #untilItRuns(firstPause: number): Promise<RunningPlugin> {
    for (let pause = firstPause; ; ) {
      if (pause > 0) {
        this.#state = "waiting";
        await delay(pause, undefined, { ref: false, signal: this.#pause.signal }).catch(() => {});
      }
      if (this.#isHeld) throw notRunning(this.#manifest.name, this.#message);
      this.#state = "starting";
      try {
        return await this.#run();
      } catch (error) {
        if (this.#isHeld) throw notRunning(this.#manifest.name, this.#message);
        if (error instanceof FinalFailure) throw this.#broken(error.message);
        if (error instanceof Inapplicable) this.#hold(error.message);
        if (error instanceof Inapplicable) throw error;
        pause = this.#crashed((error as Error).message);
      }
    }
  }

  async #run(): Promise<RunningPlugin> {
    const running = await runPlugin(this.#manifest, this.#runTerms());
    this.#current = running;
    void running.ended.then(() => {
      if (this.#current === running) this.#current = undefined;
    });
    await this.#prepare(running);
    this.#state = "running";
    this.#message = "";
    void running.ended.then(({ words, isExpected }) => {
      if (isExpected) return;
      this.#log.error({ pid: running.pid, reason: words }, "the process of a plugin has ended; it is started again");
      try {
        this.#launch(this.#crashed(words));
      } catch {
        // It ended too often: the log and its status have it.
      }
    });
    return running;
  }

  /** Has the plugin loaded, and has it find again what ran: what the process before it was told, too. */
  async #prepare(running: RunningPlugin): Promise<void> {
    try {
      for (const contract of this.#standIns.keys()) await running.load(contract);
      for (const contract of this.#started) await running.start(contract);
    } catch (error) {
      const ending = running.hasHungUp ? await running.ended : undefined;
      await running.stop();
      throw ending === undefined ? error : new Error(ending.words);
    }
  }

  #runTerms(): RunTerms {
    const { host, settings } = this.#parts;
    return { host, side: this.#side, settings, log: this.#log };
  }

  /** One crash more: how long to wait before the next start. Throws where there were too many. */
  #crashed(words: string): number {
    this.#crashes++;
    this.#message = words;
    const pause = this.#budget.crashed(performance.now());
    if (pause === undefined) throw this.#broken(`it ended too often, the last time because: ${words}`);
    return pause;
  }

  #broken(words: string): VirtError {
    this.#state = "broken";
    this.#message = words;
    this.#running = undefined;
    const problem: PluginProblem = "PLUGIN_PROCESS_BROKEN";
    this.#log.error(
      { reason: words, problem, page: pageOf(problem) },
      "a plugin is disabled until an operator starts or replaces it",
    );
    return notRunning(this.#manifest.name, words);
  }

  #linkTo(contract: ContractName): Link {
    return {
      resolves: this.#parts.resolves && contract === "hypervisor.v1",
      probe: () => this.#probe(contract),
      start: async () => {
        const running = await this.#ready();
        this.#started.add(contract);
        await running.start(contract);
      },
      open: async (uri, context) => {
        const running = await this.#gate.pass(() => this.#ready());
        try {
          return await this.#openOn(running, uri, context);
        } catch (error) {
          if (!isOfConnection(error) || !(await this.#isGone(running))) throw error;
          // It ended in that very moment: its successor is there for whoever has said nothing to it yet.
          return this.#openOn(await this.#gate.pass(() => this.#ready()), uri, context);
        }
      },
      pass: (work) => this.#gate.pass(work),
    };
  }

  async #probe(contract: ContractName): Promise<Applicability> {
    try {
      return { usable: true, detail: await (await this.#ready()).load(contract) };
    } catch (error) {
      if (!(error instanceof Inapplicable)) throw error;
      return { usable: false, reason: error.message };
    }
  }

  #handlersOf(contract: ContractName): object {
    return handlersOver(contract, (name, args, context) =>
      this.#gate.pass(async () => {
        const running = await this.#ready();
        try {
          return await running.call(contract, name, args, context as CallContext);
        } catch (error) {
          throw isOfConnection(error) && running.hasHungUp ? await this.#whyGone(running) : error;
        }
      }),
    );
  }

  async #openOn(running: RunningPlugin, uri: Uri, context: CallContext): ReturnType<Link["open"]> {
    const wire = await running.open(this.#parts.wire, uri, context);
    return { wire, whyLost: () => this.#whyGone(running) };
  }

  /** Whether the process is no longer there: that is told a moment after it hung up. */
  async #isGone(running: RunningPlugin): Promise<boolean> {
    const late = delay(WHY_MS, "late" as const, { ref: false });
    return (await Promise.race([running.ended, late])) !== "late";
  }

  async #whyGone(running: RunningPlugin): Promise<VirtError> {
    const { name } = this.#manifest;
    const late = delay(WHY_MS, { words: "it hung up", isExpected: false }, { ref: false });
    const { words, isExpected } = await Promise.race([running.ended, late]);
    return isExpected ? pluginStopped(name) : processGone(name, words);
  }
}

import { isAbsolute } from "node:path";
import type { PluginConfig } from "../contracts/index.js";
import { VirtError } from "../errors/index.js";
import { checkNeeds, isBad, type Manifest, type Offer, PluginError, readManifest } from "../pluggable-loader/index.js";
import type { PluginSupervisor } from "./isolation.js";
import { MANIFEST_RULES } from "./manifest-keys.js";
import type { Plugin, PluginStatus } from "./registry.js";

/**
 * What an operator does to plugins while the host runs. One that runs in a process of its own can be disabled, enabled and
 * replaced at any time; one in this process only until its code is loaded, which cannot be undone. Guests run on in any case.
 */
export interface PluginOperations {
  /**
   * Lets a plugin take part that was disabled, or that is broken and runs in a process of its own: its manifest and its settings
   * are checked again, it is loaded, and finds its guests. Fails with `INVALID_ARG` where there is none of that name, with
   * `OPERATION_FAILED` where it cannot be used, with `OPERATION_UNSUPPORTED` where only a restart of the host helps.
   */
  enable(name: string): Promise<PluginStatus>;
  /** Takes a plugin out: running calls are waited for, connections are lost. Fails as `enable` does. */
  disable(name: string): Promise<PluginStatus>;
  /**
   * Goes on with the plugin in another folder, or with what now is in the same: the version before is drained and stopped, the new
   * one started, which finds the guests. Where it does not run the version before is started again, and the call fails with
   * `OPERATION_FAILED`. Fails with `INVALID_ARG` where the folder holds another plugin, or none, or one that cannot serve here.
   */
  replace(name: string, folder?: string): Promise<PluginStatus>;
}

export interface OperatorParts {
  readonly plugins: readonly Plugin[];
  readonly offer: Offer;
  configurationOf(manifest: Manifest): Promise<PluginConfig>;
  /** Has the drivers of a plugin that keeps state started, and forgets that they were before. */
  startAgain(plugin: Plugin): Promise<void>;
}

/** Operators' commands are done one after the other. */
export class PluginOperator implements PluginOperations {
  readonly #parts: OperatorParts;
  #work: Promise<unknown> = Promise.resolve();

  constructor(parts: OperatorParts) {
    this.#parts = parts;
  }

  enable(name: string): Promise<PluginStatus> {
    return this.#inTurn(name, async (plugin) => {
      const { supervisor } = plugin;
      if (supervisor === undefined && plugin.isLoaded && plugin.status.problem !== undefined)
        throw needsRestart(plugin);
      await asOperation(async () => {
        await plugin.permit();
        await supervisor?.start();
      });
      await this.#use(plugin);
    });
  }

  disable(name: string): Promise<PluginStatus> {
    return this.#inTurn(name, async (plugin) => {
      if (plugin.supervisor === undefined && plugin.isLoaded) throw needsRestart(plugin);
      plugin.forbid();
      await plugin.supervisor?.stop();
    });
  }

  replace(name: string, folder?: string): Promise<PluginStatus> {
    return this.#inTurn(name, async (plugin) => {
      const { supervisor, manifest: before } = plugin;
      if (supervisor === undefined) throw needsRestart(plugin);
      if (!plugin.enabled)
        throw new VirtError("OPERATION_INVALID", `the plugin ${name} is disabled`, { hint: "enable it first" });
      const manifest = await this.#successorIn(folder ?? before.folder, before);
      await orBack(supervisor, manifest, before);
      plugin.succeed(manifest);
      await asOperation(() => plugin.permit());
      await this.#use(plugin);
    });
  }

  #inTurn(name: string, work: (plugin: Plugin) => Promise<void>): Promise<PluginStatus> {
    const done = this.#work.then(async () => {
      const plugin = this.#find(name);
      await work(plugin);
      return plugin.status;
    });
    this.#work = done.catch(() => {});
    return done;
  }

  #find(name: string): Plugin {
    const found = this.#parts.plugins.find((plugin) => plugin.name === name);
    if (found !== undefined) return found;
    const names = this.#parts.plugins.map((plugin) => plugin.name);
    throw new VirtError("INVALID_ARG", `there is no plugin ${name}`, { hint: `the plugins are ${names.join(", ")}` });
  }

  /** Loads what now may be used, so that the operator hears whether it can be. */
  async #use(plugin: Plugin): Promise<void> {
    const { state, message } = await plugin.probe();
    if (state === "broken" || state === "incompatible") throw new VirtError("OPERATION_FAILED", message);
    if (state === "enabled" && plugin.manifest.section.stateful === true) await this.#parts.startAgain(plugin);
  }

  /** The manifest in a folder, where the host can go on with it instead of the one before. */
  async #successorIn(folder: string, before: Manifest): Promise<Manifest> {
    if (!isAbsolute(folder)) throw new VirtError("INVALID_ARG", `${folder} is no absolute path`);
    const manifest = await readManifest(folder, MANIFEST_RULES);
    if (manifest === undefined) throw new VirtError("INVALID_ARG", `there is no plugin in ${folder}`);
    if (isBad(manifest)) throw new VirtError("INVALID_ARG", `${folder}: ${manifest.message}`);
    if (manifest.name !== before.name)
      throw new VirtError("INVALID_ARG", `${folder} holds the plugin ${manifest.name}, not ${before.name}`);
    const missing = before.contracts.filter((contract) => !manifest.contracts.includes(contract));
    if (missing.length > 0)
      throw new VirtError("INVALID_ARG", `${before.name} ${manifest.version} does not provide ${missing.join(", ")}`, {
        hint: `${before.name} ${before.version} does, and may be in use`,
      });
    await asOperation(async () => {
      checkNeeds(manifest, this.#parts.offer);
      await this.#parts.configurationOf(manifest);
    }, "INVALID_ARG");
    return manifest;
  }
}

/** Starts the successor, or again the one before. */
async function orBack(supervisor: PluginSupervisor, manifest: Manifest, before: Manifest): Promise<void> {
  try {
    await supervisor.replace(manifest);
  } catch (error) {
    const why = wordsOf(error);
    const back = await supervisor.replace(before).then(
      () => `${before.version} runs again`,
      (another: unknown) => `nor does ${before.version}, which was to run again: ${wordsOf(another)}`,
    );
    throw new VirtError("OPERATION_FAILED", `${before.name} ${manifest.version} does not run: ${why}; ${back}`, {
      cause: error,
    });
  }
}

/** What is wrong with a plugin, as the answer to an operator's call. */
async function asOperation(
  work: () => Promise<void>,
  code: "OPERATION_FAILED" | "INVALID_ARG" = "OPERATION_FAILED",
): Promise<void> {
  try {
    await work();
  } catch (error) {
    const hint = error instanceof PluginError ? { hint: `see ${error.page}` } : {};
    throw new VirtError(code, wordsOf(error), { ...hint, cause: error });
  }
}

function wordsOf(error: unknown): string {
  if (error instanceof VirtError) return error.detail === "" ? error.message : error.detail;
  return error instanceof Error ? error.message : String(error);
}

function needsRestart({ name }: Plugin): VirtError {
  return new VirtError("OPERATION_UNSUPPORTED", `the plugin ${name} runs in the daemon's own process`, {
    hint: `restart the daemon, with ${name} in disabled_plugins or not; with isolate = [ "${name}" ] no restart is needed again`,
  });
}

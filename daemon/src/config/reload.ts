import type { RulesFile } from "../access/rules/index.js";
import type { LogCentre } from "../log/centre.js";
import type { LiveSettings } from "../rpc/server-settings.js";
import { changesBetween, liveSettings, logFault, logSettings, rulesPath } from "./live.js";
import { inPlace, loadSettings } from "./load.js";
import type { Settings } from "./schema.js";
import { tellWithoutEffect } from "./without-effect.js";

/** What a reload reaches. */
export interface ReloadTargets {
  readonly server: { adjust(changes: LiveSettings): void };
  readonly centre: Pick<LogCentre, "log" | "set">;
  /** Where access is decided by rules. */
  readonly rules: RulesFile | undefined;
}

/** Reads the configuration file again while the daemon runs. */
export class Reloader {
  readonly #path: string;
  readonly #required: boolean;
  readonly #started: Settings;
  readonly #targets: ReloadTargets;
  #current: Settings;
  #last: Promise<void> = Promise.resolve();

  /** `required` tells whether the file must be there; `settings` are those that the daemon has started with. */
  constructor(path: string, required: boolean, settings: Settings, targets: ReloadTargets) {
    this.#path = path;
    this.#required = required;
    this.#started = settings;
    this.#current = settings;
    this.#targets = targets;
  }

  /**
   * The file counts again, whatever was changed since by other ways, and log files are opened anew; so does the file of
   * access rules. A file with a fault changes nothing and is logged with its place. Never rejects; one reload follows the
   * other.
   */
  reload(): Promise<void> {
    this.#last = this.#last.then(() => this.#reload()).then(() => this.#reloadRules());
    return this.#last;
  }

  async #reload(): Promise<void> {
    const { server, centre } = this.#targets;
    try {
      const settings = await loadSettings(this.#path, this.#required);
      await centre.set(logSettings(settings)).catch(logFault);
      server.adjust(liveSettings(settings));
      const { live } = changesBetween(this.#current, settings);
      const { atStart } = changesBetween(this.#started, settings);
      this.#current = settings;
      tellWithoutEffect(settings, centre.log);
      centre.log.info({ changed: live }, "the settings have been read again");
      if (atStart.length > 0)
        centre.log.warn({ settings: atStart }, `restart the daemon to change ${atStart.join(", ")}`);
    } catch (error) {
      const { message, hint } = (await inPlace(error, this.#path)) as Error & { hint?: string };
      centre.log.error({ hint }, `the settings stay as they are: ${message}`);
    }
  }

  /** Calls from now on are judged by the new rules, whoever makes them. */
  async #reloadRules(): Promise<void> {
    const { rules, centre } = this.#targets;
    if (rules === undefined) return;
    const path = rulesPath(this.#current, this.#path);
    try {
      await rules.reload(path);
      centre.log.info({ path }, "the access rules have been read again");
    } catch (error) {
      const { message, hint } = error as Error & { hint?: string };
      centre.log.error({ hint }, `the access rules stay as they are: ${message}`);
    }
  }
}

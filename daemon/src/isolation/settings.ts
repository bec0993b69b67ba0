/** How isolated plugins are run. Times are in seconds. */
export interface IsolationSettings {
  /** Names of plugins that run in processes of their own, beside those that do so by themselves. */
  readonly isolate: readonly string[];
  /** Names of plugins that run in this process although they come from elsewhere than @polyvisor. */
  readonly inProcess: readonly string[];
  /** The most memory that a plugin's process may have resident, in MiB. */
  readonly memory: number;
  /** So much processor time a plugin may use without an answer to a ping; six times as much may pass on the clock. */
  readonly deadline: number;
  /** A plugin that ends by itself more often than this within `crashPeriod` is not started again. */
  readonly crashes: number;
  readonly crashPeriod: number;
  /** How long running calls are waited for before a plugin is stopped or replaced. */
  readonly drain: number;
  /** Whether debug lines of plugins are wanted in the log. */
  readonly debug: boolean;
}

export const ISOLATION_DEFAULTS: IsolationSettings = {
  isolate: [],
  inProcess: [],
  memory: 1024,
  deadline: 10,
  crashes: 5,
  crashPeriod: 600,
  drain: 30,
  debug: false,
};

/** The scope of the packages that come with the daemon. */
const OWN_SCOPE = "@polyvisor/";

/** Whether a plugin runs in a process of its own: what the operator says, else whether it comes from elsewhere. */
export function isIsolated(
  { name, packageName }: { readonly name: string; readonly packageName: string },
  { isolate, inProcess }: Pick<IsolationSettings, "isolate" | "inProcess">,
): boolean {
  if (isolate.includes(name)) return true;
  return !inProcess.includes(name) && !packageName.startsWith(OWN_SCOPE);
}

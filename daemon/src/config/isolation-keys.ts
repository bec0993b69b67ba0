import { ISOLATION_DEFAULTS } from "../isolation/settings.js";
import { atLeast, names } from "./values.js";

/** The least memory in MiB with which a plugin's process can start. */
const MEMORY_MIN = 128;

/** The keys about plugins that run in processes of their own. */
export const isolationKeys = {
  /** Plugins that do, beside those that come from elsewhere than @polyvisor. */
  isolate: names.default([]),
  /** Plugins from elsewhere that run in the daemon's process all the same. */
  in_process: names.default([]),
  /** MiB that such a process may have resident. */
  isolate_memory: atLeast(MEMORY_MIN).default(ISOLATION_DEFAULTS.memory),
  /** Seconds of processor time without an answer after which such a process counts as lost in an endless loop. */
  isolate_deadline: atLeast(1).default(ISOLATION_DEFAULTS.deadline),
  /** A plugin that ends by itself more often than this within the period, in seconds, is not started again. */
  isolate_crashes: atLeast(0).default(ISOLATION_DEFAULTS.crashes),
  isolate_crash_period: atLeast(1).default(ISOLATION_DEFAULTS.crashPeriod),
  /** Seconds that running calls get before their plugin is stopped or replaced. */
  isolate_drain: atLeast(0).default(ISOLATION_DEFAULTS.drain),
};

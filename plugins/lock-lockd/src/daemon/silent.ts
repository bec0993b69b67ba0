import type { Log } from "@polyvisor/core";

/** For processes whose faults the daemon tells. */
export const SILENT: Log = {
  debug: () => {},
  info: () => {},
  warn: () => {},
  error: () => {},
  child: () => SILENT,
};

import type { Host, Isolation, Log } from "@polyvisor/core";
import type { Settings } from "../config/schema.js";
import { createIsolation } from "../isolation/index.js";
import { parseFilters } from "../log/settings.js";

const DEBUG = 1;

/** How the settings have plugins isolated. */
export function isolationOf(settings: Settings): Isolation {
  const filters = parseFilters(settings.log_filters ?? "");
  return createIsolation({
    isolate: settings.isolate,
    inProcess: settings.in_process,
    memory: settings.isolate_memory,
    deadline: settings.isolate_deadline,
    crashes: settings.isolate_crashes,
    crashPeriod: settings.isolate_crash_period,
    drain: settings.isolate_drain,
    debug: settings.log_level === DEBUG || filters.some(({ level }) => level === DEBUG),
    checksAccess: settings.access_drivers.length > 0,
  });
}

/** A name that no plugin has is most often mistyped: then a plugin runs where the operator does not want it. */
export function tellUnknown(settings: Pick<Settings, "isolate" | "in_process">, host: Host, log: Log): void {
  const known = new Set(host.plugins().map(({ name }) => name));
  for (const key of ["isolate", "in_process"] as const)
    for (const plugin of settings[key])
      if (!known.has(plugin)) log.warn({ setting: key, plugin }, `${key} names a plugin ${plugin}, which is not here`);
}

import { dirname, join } from "node:path";
import type { LogSettings } from "../log/centre.js";
import { type LogLevel, parseFilters, parseOutputs } from "../log/settings.js";
import type { LiveSettings } from "../rpc/server-settings.js";
import { SettingError } from "../startup/start-error.js";
import type { Settings } from "./schema.js";

/** The settings that a running daemon takes over. The others are for the start alone. */
const LIVE_KEYS: ReadonlySet<string> = new Set<keyof Settings>([
  "max_clients",
  "max_queued_clients",
  "max_anonymous_clients",
  "login_timeout",
  "max_client_requests",
  "max_workers",
  "keepalive_interval",
  "keepalive_count",
  "uri_default",
  "remote_uris",
  "log_level",
  "log_filters",
  "log_outputs",
  "access_rules",
]);

export function liveSettings(settings: Settings): LiveSettings {
  return {
    keepalive: { interval: settings.keepalive_interval, count: settings.keepalive_count },
    maxClients: settings.max_clients,
    maxQueuedClients: settings.max_queued_clients,
    maxAnonymousClients: settings.max_anonymous_clients,
    loginTimeout: settings.login_timeout,
    maxClientRequests: settings.max_client_requests,
    maxWorkers: settings.max_workers,
    uriDefault: settings.uri_default,
    upstreams: settings.remote_uris,
  };
}

export function logSettings(settings: Settings): LogSettings {
  return {
    level: settings.log_level as LogLevel,
    outputs: parseOutputs(settings.log_outputs ?? ""),
    filters: parseFilters(settings.log_filters ?? ""),
  };
}

/** A log that cannot be opened is a fault of the setting that names it. */
export function logFault(error: unknown): never {
  const { message, detail = message } = error as Error & { detail?: string };
  throw new SettingError("log_outputs", detail, "name a file that can be written, or stderr");
}

/** Where the rules of the access driver "rules" are. */
export function rulesPath(settings: Settings, configFile: string): string {
  return settings.access_rules ?? join(dirname(configFile), "access.rules");
}

/** What differs between two readings of the configuration. */
export interface Changes {
  readonly live: readonly string[];
  /** Settings that count from the next start on. */
  readonly atStart: readonly string[];
}

export function changesBetween(before: Settings, after: Settings): Changes {
  const keys = [...new Set([...Object.keys(before), ...Object.keys(after)])] as (keyof Settings)[];
  const changed = keys.filter((key) => JSON.stringify(before[key]) !== JSON.stringify(after[key]));
  return { live: changed.filter((key) => LIVE_KEYS.has(key)), atStart: changed.filter((key) => !LIVE_KEYS.has(key)) };
}

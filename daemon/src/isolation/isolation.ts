import type { Isolation } from "@polyvisor/core";
import { ISOLATION_DEFAULTS, type IsolationSettings, isIsolated } from "./settings.js";
import { Supervisor } from "./supervisor.js";
import { WireClient } from "./wire-client.js";

export interface IsolationOptions extends Partial<IsolationSettings> {
  /** Whether access is checked in front of the host's drivers, as a daemon does with a policy; by default so. */
  readonly checksAccess?: boolean;
}

/**
 * Runs plugins in processes of their own, for `createHost({ isolation })`: those that are named, and by default those that come
 * from elsewhere than @polyvisor.
 */
export function createIsolation({ checksAccess = true, ...options }: IsolationOptions = {}): Isolation {
  const settings: IsolationSettings = { ...ISOLATION_DEFAULTS, ...options };
  const wire = new WireClient();
  return {
    isolates: (manifest) => isIsolated(manifest, settings),
    supervise: (manifest, host) => new Supervisor(manifest, { host, settings, wire, resolves: checksAccess }),
  };
}

import type { Isolation } from "@polyvisor/core";
import { ISOLATION_DEFAULTS, type IsolationSettings, isIsolated } from "./settings.js";

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
  let parts: ReturnType<typeof loadParts> | undefined;
  return {
    isolates: (manifest) => isIsolated(manifest, settings),
    async supervise(manifest, host) {
      parts ??= loadParts();
      const { Supervisor, wire } = await parts;
      return new Supervisor(manifest, { host, settings, wire, resolves: checksAccess });
    },
  };
}

/** What watches over processes is loaded only where there are any. */
async function loadParts() {
  const [{ Supervisor }, { WireClient }] = await Promise.all([import("./supervisor.js"), import("./wire-client.js")]);
  return { Supervisor, wire: new WireClient() };
}

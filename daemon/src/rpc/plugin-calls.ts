import { CLIENT_TRANSPORT, type PluginRecord, type PluginStatus, VirtError } from "@polyvisor/core";
import type { Session } from "./session.js";

/** A state of a plugin as it goes over the wire. */
export function recordOf(status: PluginStatus): PluginRecord {
  const { name, version, folder, contracts, schemes, state, problem = "", message, notes, isolated } = status;
  const process = isolated && { state: isolated.state, pid: isolated.pid ?? 0, crashes: isolated.crashes };
  return { name, version, folder, contracts, schemes, state, problem, message, notes, process: process ?? null };
}

/**
 * Another plugin's code would run as the daemon's user, so nobody else may say which: as with the admin socket. A client that
 * speaks for somebody else is that somebody.
 */
export function requireOperator(session: Session): void {
  const { transport, identity } = session.client;
  const isOperator = identity.uid === 0 || identity.uid === process.getuid?.();
  if (transport === CLIENT_TRANSPORT.UNIX && isOperator) return;
  throw new VirtError("OPERATION_DENIED", "only the user whom the daemon runs as, and root, may change its plugins", {
    hint: "call as that user on the daemon's own host",
  });
}

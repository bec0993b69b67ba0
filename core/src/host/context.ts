import { setMaxListeners } from "node:events";
import type { CallContext, Log } from "../contracts/context.js";

/** The context of a call made by this process itself. */
export function defaultContext(log: Log, options: Partial<CallContext>): CallContext {
  return {
    identity: options.identity ?? { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0, pid: process.pid },
    readOnly: options.readOnly ?? false,
    signal: options.signal ?? neverAborted(),
    log: options.log ?? log,
  };
}

/** Shared by all calls of a connection, and as many of them as one likes may wait at once. */
function neverAborted(): AbortSignal {
  const { signal } = new AbortController();
  setMaxListeners(0, signal);
  return signal;
}

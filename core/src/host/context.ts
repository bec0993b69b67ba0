import type { CallContext, Log } from "../contracts/context.js";

/** The context of a call made by this process itself. */
export function defaultContext(log: Log, options: Partial<CallContext>): CallContext {
  return {
    identity: options.identity ?? { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0, pid: process.pid },
    readOnly: options.readOnly ?? false,
    signal: options.signal ?? new AbortController().signal,
    log: options.log ?? log,
  };
}

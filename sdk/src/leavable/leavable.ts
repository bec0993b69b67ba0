import type { CallContext, HypervisorHandlers, MaybePromise, VirtError } from "@polyvisor/core";

type Handler = (args: unknown, context: CallContext) => unknown;

/** How a driver of another machine speaks of calls that do not come to their end. */
export interface Leaving {
  /** What who gives up on a call is told; what the server was told goes on there. */
  abandoned(): VirtError;
  /** What a failed call fails with: the error itself, or what it means to who made the call. */
  meaning(error: unknown, args: unknown): MaybePromise<unknown>;
}

/** Handlers that wait for a server: whoever gives up on a call hears so at once. */
export function leavable(handlers: HypervisorHandlers, { abandoned, meaning }: Leaving): HypervisorHandlers {
  const entries = Object.entries(handlers as Readonly<Record<string, Handler>>).map(([name, handler]) => {
    const leaving: Handler = (args, context) =>
      untilLeft(context.signal, abandoned, async () => {
        try {
          return await handler(args, context);
        } catch (error) {
          throw await meaning(error, args);
        }
      });
    return [name, leaving] as const;
  });
  return Object.fromEntries(entries) as HypervisorHandlers;
}

function untilLeft(signal: AbortSignal, left: () => VirtError, work: () => Promise<unknown>): Promise<unknown> {
  if (signal.aborted) throw left();
  return new Promise((resolve, reject) => {
    const onAbort = () => reject(left());
    signal.addEventListener("abort", onAbort, { once: true });
    work()
      .then(resolve, reject)
      .finally(() => signal.removeEventListener("abort", onAbort));
  });
}

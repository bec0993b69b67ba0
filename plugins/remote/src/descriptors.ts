import {
  type Call,
  type CallContext,
  hypervisorApi,
  type RemoteProgramClient,
  type Takes,
  VirtError,
} from "@polyvisor/core";

const FD_PASSING = 8;

type Handlers = Readonly<Record<string, unknown>>;
type Handler = (args: never, context?: Partial<CallContext>) => Promise<unknown>;

/**
 * The handlers, of which those that take or give descriptors ask the daemon before the first time whether it carries any:
 * one that does not would end the connection.
 */
export function askingForDescriptors<T extends object>(api: RemoteProgramClient, handlers: T): T {
  let answer: Promise<number> | undefined;
  const ask = async () => {
    answer ??= api.connectSupportsFeature({ feature: FD_PASSING });
    if ((await answer) === 0) throw notCarried();
  };
  const calls: Readonly<Record<string, Call>> = hypervisorApi;
  const asking = Object.entries(handlers as Handlers)
    .filter(([name]) => calls[name]?.descriptors !== undefined)
    .map(([name, handler]) => [name, asFirst(ask, handler as Handler)]);
  return { ...handlers, ...Object.fromEntries(asking) };
}

function asFirst(ask: () => Promise<void>, handler: Handler): Handler {
  return async (args, context) => {
    // Without descriptors a call that could take some is one like any other.
    const { descriptors } = args as Partial<Takes>;
    if (descriptors === undefined || descriptors.length > 0) await ask();
    return handler(args, context);
  };
}

function notCarried(): VirtError {
  return new VirtError("ARGUMENT_UNSUPPORTED", "fd passing is not supported by this connection", {
    domain: "REMOTE",
    hint: "the daemon must be on this machine, and the connection to it one by its unix socket that may write",
  });
}

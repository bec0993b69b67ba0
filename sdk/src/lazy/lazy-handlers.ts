/** A handler that may answer later than it would by itself: once its code is there. */
type Later<Handler> = Handler extends (...args: infer Args) => infer Answer
  ? (...args: Args) => Answer | Promise<Awaited<Answer>>
  : never;

/** Handlers whose code is loaded when the first of them is called. */
export interface LazyHandlers<H extends object> {
  /** There at once, under all their names: these tell the host what a driver implements. */
  readonly handlers: { readonly [Name in keyof H]: Later<H[Name]> };
  /** Loads the code now, or waits for whoever does; resolves with the handlers themselves. */
  load(): Promise<H>;
}

type Call = (this: unknown, ...args: readonly unknown[]) => unknown;

/**
 * Handlers of a topic that import their file when the first of them is called, for a driver that is to start quickly.
 * `names` are exactly the handlers that `load` resolves with; a test of the driver's should hold them against each other. Calls that come while the file is being loaded go on in the
 * order in which they came; those that come later reach the handler without a promise between. Where the file cannot be
 * loaded the call fails with that error, and the next one tries again.
 */
export function lazyHandlers<H extends object>(
  names: readonly (keyof H & string)[],
  load: () => Promise<H>,
): LazyHandlers<H> {
  let loaded: Record<string, Call> | undefined;
  let loading: Promise<H> | undefined;
  const start = async (): Promise<H> => {
    try {
      const handlers = await load();
      loaded = handlers as Record<string, Call>;
      return handlers;
    } catch (error) {
      loading = undefined;
      throw error;
    }
  };
  const loadOnce = () => {
    loading ??= start();
    return loading;
  };
  const lazy = (name: string): Call =>
    function (...args) {
      if (loaded !== undefined) return call(loaded, name, this, args);
      return loadOnce().then((handlers) => call(handlers as Record<string, Call>, name, this, args));
    };
  const handlers = Object.fromEntries(names.map((name) => [name, lazy(name)]));
  return { handlers: handlers as LazyHandlers<H>["handlers"], load: loadOnce };
}

function call(handlers: Record<string, Call>, name: string, self: unknown, args: readonly unknown[]): unknown {
  const handler = handlers[name];
  if (handler === undefined) throw new TypeError(`what was loaded has no handler ${name}`);
  return Reflect.apply(handler, self, args);
}

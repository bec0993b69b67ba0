import { channel } from "node:diagnostics_channel";
import { type HypervisorCallName, hypervisorApi } from "../api/programs.js";
import type { HypervisorConnection, SubConnection } from "../contracts/index.js";
import { answererOf } from "./compose.js";

/** What subscribers of `ANSWERS` hear: a plugin's driver, or the session in front of it, has answered a call. */
export interface Answer {
  /** The plugin's name in its manifest. */
  readonly plugin: string;
  readonly call: HypervisorCallName;
  /** What the call threw; `undefined` where it succeeded. */
  readonly error: unknown;
}

/**
 * The name of a channel of `node:diagnostics_channel`. Only those count who have subscribed before a URI is opened; while
 * nobody has, answers cost nothing.
 */
export const ANSWERS = "polyvisor.answers";

const answers = channel(ANSWERS);

/** Which plugin a watched connection is of. */
const plugins = new WeakMap<object, string>();

/** Called by the host for each connection that a driver opens: the same connection, with its answers told where anybody listens. */
export function watched(connection: HypervisorConnection, plugin: string): HypervisorConnection {
  if (!answers.hasSubscribers) return connection;
  const seen = seenOf(connection, plugin);
  tell(seen, "connectOpen", undefined);
  return seen;
}

/** The same for a connection to a sub-driver: opening and closing are answered by the hypervisor's driver. */
export function watchedPart(connection: SubConnection, plugin: string): SubConnection {
  return answers.hasSubscribers ? seenOf(connection, plugin) : connection;
}

function seenOf<T extends HypervisorConnection | SubConnection>(connection: T, plugin: string): T {
  const isPart = !("resolveDomain" in connection);
  const seen: T = new Proxy(connection, {
    // The driver is its own `this`, so that it may have private fields.
    get(target, name) {
      const value: unknown = Reflect.get(target, name, target);
      if (typeof value !== "function") return value;
      const method = value.bind(target) as (...args: unknown[]) => unknown;
      const call = name === "close" && !isPart ? "connectClose" : name;
      return typeof call === "string" && call in hypervisorApi
        ? telling(seen, call as HypervisorCallName, method)
        : method;
    },
  });
  plugins.set(seen, plugin);
  return seen;
}

/** Called by a session of the daemon for a call that it has answered itself. */
export function tell(connection: HypervisorConnection | SubConnection, call: HypervisorCallName, error: unknown): void {
  const plugin = plugins.get(answererOf(connection as HypervisorConnection, call));
  if (plugin !== undefined) answers.publish({ plugin, call, error } satisfies Answer);
}

function telling(
  connection: HypervisorConnection | SubConnection,
  call: HypervisorCallName,
  method: (...args: unknown[]) => unknown,
) {
  return (...args: unknown[]): unknown => {
    let result: unknown;
    try {
      result = method(...args);
    } catch (error) {
      tell(connection, call, error);
      throw error;
    }
    if (!(result instanceof Promise)) tell(connection, call, undefined);
    else
      result.then(
        () => tell(connection, call, undefined),
        (error: unknown) => tell(connection, call, error),
      );
    return result;
  };
}

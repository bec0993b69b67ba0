import type { Call, Log, MaybePromise } from "@polyvisor/core";
import type { PeerCredentials } from "../process/native.js";

/** A connection to a helper daemon, as the handlers of calls see it. */
export interface HelperClient<State> {
  /** Counts from 1, also over the lives of programs in one process. */
  readonly id: number;
  /** Who connected: the process that did may have given the connection to another since. */
  readonly credentials: PeerCredentials;
  /** What the handlers know of this connection. It is data, and outlives a change of the program. */
  state: State;
  /** Fires when the connection ends. */
  readonly signal: AbortSignal;
  readonly log: Log;
}

type ArgsOf<C> = C extends Call<infer Args, unknown, unknown, unknown> ? Args : never;
type RetOf<C> = C extends Call<infer _Args, infer Ret, unknown, unknown> ? Ret : never;

/**
 * The calls of a table, each with the connection on which it was made. The calls of one connection are carried out one after
 * the other, those of different ones side by side. An error that is thrown fails the call; the connection stays.
 */
export type HelperHandlers<Api, State> = {
  readonly [K in keyof Api]: (args: ArgsOf<Api[K]>, client: HelperClient<State>) => MaybePromise<RetOf<Api[K]>>;
};

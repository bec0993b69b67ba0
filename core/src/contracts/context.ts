/** Who calls, as far as the transport can tell. */
export interface Identity {
  readonly uid?: number;
  readonly gid?: number;
  readonly pid?: number;
  /** When the process started, in clock ticks since the host's start: given where somebody else tells of the process. */
  readonly startTime?: bigint;
  readonly saslName?: string;
  readonly x509Name?: string;
}

/** A line of the log: fields for machines, words for people. Same shape as pino's loggers. */
export interface Log {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
  child(fields: Record<string, unknown>): Log;
}

/** What goes with every call, from the socket down to the driver. It is passed, never injected. */
export interface CallContext {
  readonly identity: Identity;
  /** The client may look but not change. The dispatch has checked it already; a driver needs it for flags only. */
  readonly readOnly: boolean;
  /** Fires when the client goes away or its deadline passes. */
  readonly signal: AbortSignal;
  /** Carries the request's id. */
  readonly log: Log;
}

export type MaybePromise<T> = T | Promise<T>;

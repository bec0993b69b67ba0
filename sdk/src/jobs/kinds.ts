/** What a normal job does to its domain. At most one runs at a time. */
export type NormalJob = "query" | "destroy" | "suspend" | "modify" | "abort" | "migration-op";

/** A long operation that lets some normal jobs run beside it. At most one runs at a time. */
export type AsyncJob = "migration-out" | "migration-in" | "save" | "dump" | "snapshot" | "start" | "backup";

/** The normal jobs that may run beside an asynchronous one unless it says otherwise; `destroy` always may. */
export const DEFAULT_MASK: readonly NormalJob[] = ["query", "destroy", "abort"];

/** A job as `list` tells of it. */
export interface JobInfo {
  /** Unique in the process; what `cancel` takes. */
  readonly id: number;
  readonly slot: "normal" | "async" | "agent";
  readonly kind: NormalJob | AsyncJob | "agent";
  /** The call that asked for it, such as `domainSuspend`. */
  readonly api: string;
  readonly state: "running" | "waiting";
  /** Milliseconds since it was asked for. */
  readonly age: number;
}

/** What the work of a job is given. */
export interface Job {
  readonly id: number;
  /** Fires when an operator cancels the job, or its caller goes away. */
  readonly signal: AbortSignal;
}

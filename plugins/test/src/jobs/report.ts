import type { TypedParam } from "@polyvisor/core";

/** What kind of job it is or was (`virDomainJobType`). */
export const JOB_TYPE = { NONE: 0, BOUNDED: 1, UNBOUNDED: 2, COMPLETED: 3, FAILED: 4, CANCELLED: 5 } as const;

/** What a job does (`virDomainJobOperation`). */
export const JOB_OPERATION = { save: 2, dump: 8, backup: 9 } as const;
export type DomainOperation = keyof typeof JOB_OPERATION;

/** How far a job of a domain has come, or how it ended. Times are in milliseconds, sizes in bytes. */
export interface JobReport {
  readonly operation: DomainOperation;
  readonly type: (typeof JOB_TYPE)[keyof typeof JOB_TYPE];
  readonly elapsed: number;
  readonly remaining: number;
  readonly total: number;
  readonly processed: number;
  /** Of one that failed or was cancelled. */
  readonly error?: string;
}

/** What is copied. */
const MEDIUM: Readonly<Record<DomainOperation, "memory" | "disk">> = { save: "memory", dump: "memory", backup: "disk" };

/** As `domjobinfo` and the event of a completed job have it. */
export function paramsOf({ operation, type, elapsed, remaining, total, processed, error }: JobReport): TypedParam[] {
  const ullong = (field: string, value: number): TypedParam => ({ field, type: "ullong", value: Math.round(value) });
  const medium = MEDIUM[operation];
  const left = total - processed;
  return [
    { field: "operation", type: "int", value: JOB_OPERATION[operation] },
    ullong("time_elapsed", elapsed),
    ...(type === JOB_TYPE.BOUNDED ? [ullong("time_remaining", remaining)] : []),
    ullong("data_total", total),
    ullong("data_processed", processed),
    ullong("data_remaining", left),
    ullong(`${medium}_total`, total),
    ullong(`${medium}_processed`, processed),
    ullong(`${medium}_remaining`, left),
    ...(type >= JOB_TYPE.COMPLETED
      ? [{ field: "success", type: "boolean", value: type === JOB_TYPE.COMPLETED } as const]
      : []),
    ...(error === undefined ? [] : [{ field: "errmsg", type: "string", value: error } as const]),
  ];
}

/** As the older call has it. */
export function infoOf({ operation, type, elapsed, remaining, total, processed }: JobReport) {
  const data = { total: Math.round(total), done: Math.round(processed), left: Math.round(total - processed) };
  const nothing = { total: 0, done: 0, left: 0 };
  const [mem, file] = MEDIUM[operation] === "memory" ? [data, nothing] : [nothing, data];
  return {
    type,
    timeElapsed: Math.round(elapsed),
    timeRemaining: Math.round(remaining),
    dataTotal: data.total,
    dataProcessed: data.done,
    dataRemaining: data.left,
    memTotal: mem.total,
    memProcessed: mem.done,
    memRemaining: mem.left,
    fileTotal: file.total,
    fileProcessed: file.done,
    fileRemaining: file.left,
  };
}

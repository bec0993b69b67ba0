import { VirtError } from "@polyvisor/core";

/** Marks, where an error has the name of a function that refuses an argument, one that was no error of the API. */
const FOREIGN = "polyvisor:foreign";

/**
 * What was thrown, as it crosses into another process. An error that is none of the API's is none there either: some who
 * call a plugin tell their clients of the former alone.
 */
export function errorToWire(thrown: unknown): VirtError {
  if (thrown instanceof VirtError) return thrown;
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  return new VirtError("INTERNAL_ERROR", message, { caller: FOREIGN });
}

/** The error again. */
export function errorFromWire(error: unknown): unknown {
  return error instanceof VirtError && error.caller === FOREIGN ? new Error(error.detail) : error;
}

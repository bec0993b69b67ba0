const WORDS: Readonly<Record<number, string>> = {
  0: "Completed with no error",
  1: "Not supported",
  2: "Unknown error",
  3: "Cannot complete within timeout period",
  4: "Failed",
  5: "Invalid parameter",
  6: "In use",
  4096: "Transition started",
  4097: "Invalid state transition",
  4098: "Timeout parameter not supported",
  4099: "Busy",
  32768: "Failed",
  32769: "Access denied",
  32770: "Not supported",
  32771: "Status is unknown",
  32772: "Timeout",
  32773: "Invalid parameter",
  32774: "System is in use",
  32775: "Invalid state for this operation",
  32776: "Incorrect data type",
  32777: "System is not available",
  32778: "Out of memory",
};

/** What a method did by the time it returned. */
export const DONE = 0;
/** A job goes on with it. */
export const STARTED = 4096;

/** libvirt's words for what a method returned. */
export function wordsOf(returnValue: number): string {
  return WORDS[returnValue] ?? "Unknown return code";
}

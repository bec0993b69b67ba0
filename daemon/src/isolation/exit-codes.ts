/**
 * With what the process of an isolated plugin ends where the program around the plugin ends it. Any other code is the
 * plugin's own doing; a signal is the kernel's, an operator's or the supervisor's.
 */
export const PLUGIN_EXIT = {
  /** It was told to stop. */
  STOPPED: 0,
  /** Host and process are of different versions, or the plugin is not the one that the host has found. Not tried again. */
  VERSIONS: 80,
  /** Something was thrown, or a promise rejected, and nobody caught it. */
  UNCAUGHT: 81,
  /** The host is gone. */
  HOST_GONE: 82,
  /** Started by hand, without the connections to a host. */
  NO_HOST: 83,
} as const;

/** How a process ended, in words for the log and for clients. */
export function wordsOfExit(code: number | null, signal: string | null): string {
  if (signal !== null)
    return signal === "SIGABRT" ? "it aborted (SIGABRT): out of memory, most often" : `killed by ${signal}`;
  switch (code) {
    case PLUGIN_EXIT.STOPPED:
      return "it ended by itself (exit code 0)";
    case PLUGIN_EXIT.VERSIONS:
      return `its versions are not those of the host (exit code ${code})`;
    case PLUGIN_EXIT.UNCAUGHT:
      return `an error that nobody caught (exit code ${code})`;
    case PLUGIN_EXIT.HOST_GONE:
      return `it lost its connection to the host (exit code ${code})`;
    default:
      return `exit code ${code}`;
  }
}

import { type ErrorName, pageOf, VirtError } from "@polyvisor/core";

/** A command line that cannot be meant. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}

/** What to do about errors that come without a hint, as all of libvirtd's do. */
const HINTS: Partial<Record<ErrorName, string>> = {
  NO_DOMAIN: "polyvisor list --all shows every domain",
  NO_CONNECT: "polyvisor plugins, or polyvisord --plugins, shows which hypervisors the daemon has",
  NO_SUPPORT: "this hypervisor's driver does not implement the call",
  OPERATION_DENIED: "connect without read-only access",
  AUTH_FAILED: "root usually is let in without a password",
};

/** What the person at the terminal reads: the message, and on a line of its own what to do. */
export function describe(error: unknown): string {
  if (error instanceof UsageError) return `polyvisor: ${error.message}\nhint: polyvisor --help shows the commands`;
  if (!(error instanceof VirtError))
    return `polyvisor: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`;
  return `polyvisor: ${error.message}\nhint: ${error.hint ?? HINTS[error.code] ?? `see ${pageOf(error.code)}`}`;
}

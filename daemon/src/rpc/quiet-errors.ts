import type { ErrorName } from "@polyvisor/core";

/** What programs meet while they look what is there and what can be done. */
const EXPECTED: readonly ErrorName[] = [
  "NO_DOMAIN",
  "NO_NETWORK",
  "NO_STORAGE_POOL",
  "NO_STORAGE_VOL",
  "NO_NODE_DEVICE",
  "NO_INTERFACE",
  "NO_NWFILTER",
  "NO_NWFILTER_BINDING",
  "NO_SECRET",
  "NO_DOMAIN_SNAPSHOT",
  "NO_DOMAIN_CHECKPOINT",
  "NO_DOMAIN_METADATA",
  "NO_HOSTNAME",
  "OPERATION_INVALID",
  "NO_SUPPORT",
];

/** Those are said where they are decided. */
const SAID: readonly ErrorName[] = ["ACCESS_DENIED"];

const QUIET: ReadonlySet<ErrorName> = new Set([...EXPECTED, ...SAID]);

/** Whether a call that fails so leaves no line in the log, unless every call does. */
export function isQuiet(code: ErrorName): boolean {
  return QUIET.has(code);
}

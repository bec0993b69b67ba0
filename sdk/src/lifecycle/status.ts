import {
  CRASHED_REASON,
  DOMAIN_STATE,
  PAUSED_REASON,
  RUNNING_REASON,
  SHUTDOWN_REASON,
  SHUTOFF_REASON,
} from "@polyvisor/core";

/** What a domain does and why: a member of `DOMAIN_STATE` and of the table of reasons that belongs to it. */
export interface DomainStatus {
  readonly state: number;
  readonly reason: number;
}

export const running = (reason: keyof typeof RUNNING_REASON): DomainStatus => ({
  state: DOMAIN_STATE.RUNNING,
  reason: RUNNING_REASON[reason],
});
export const paused = (reason: keyof typeof PAUSED_REASON): DomainStatus => ({
  state: DOMAIN_STATE.PAUSED,
  reason: PAUSED_REASON[reason],
});
export const shutoff = (reason: keyof typeof SHUTOFF_REASON): DomainStatus => ({
  state: DOMAIN_STATE.SHUTOFF,
  reason: SHUTOFF_REASON[reason],
});
export const shuttingDown: DomainStatus = { state: DOMAIN_STATE.SHUTDOWN, reason: SHUTDOWN_REASON.UNKNOWN };
export const panicked: DomainStatus = { state: DOMAIN_STATE.CRASHED, reason: CRASHED_REASON.PANICKED };
export const pmSuspended: DomainStatus = { state: DOMAIN_STATE.PMSUSPENDED, reason: 0 };

export function sameStatus(a: DomainStatus, b: DomainStatus): boolean {
  return a.state === b.state && a.reason === b.reason;
}

/** Each state's name and its table of reasons. */
const STATES: readonly { readonly name: string; readonly state: number; readonly reasons: Record<string, number> }[] = [
  { name: "running", state: DOMAIN_STATE.RUNNING, reasons: RUNNING_REASON },
  { name: "paused", state: DOMAIN_STATE.PAUSED, reasons: PAUSED_REASON },
  { name: "shutdown", state: DOMAIN_STATE.SHUTDOWN, reasons: SHUTDOWN_REASON },
  { name: "shutoff", state: DOMAIN_STATE.SHUTOFF, reasons: SHUTOFF_REASON },
  { name: "crashed", state: DOMAIN_STATE.CRASHED, reasons: CRASHED_REASON },
  { name: "pmsuspended", state: DOMAIN_STATE.PMSUSPENDED, reasons: { UNKNOWN: 0 } },
];

/** The status in words, such as `paused` and `starting up`. */
export function statusWords(status: DomainStatus): { state: string; reason: string } {
  const table = STATES.find((entry) => entry.state === status.state);
  const reason = Object.entries(table?.reasons ?? {}).find(([, number]) => number === status.reason)?.[0] ?? "UNKNOWN";
  return { state: table?.name ?? "nostate", reason: reason.toLowerCase().replaceAll("_", " ") };
}

/** What `statusWords` has put into words; `undefined` for others. */
export function statusOfWords(state: string, reason: string): DomainStatus | undefined {
  const table = STATES.find((entry) => entry.name === state);
  const number = table?.reasons[reason.toUpperCase().replaceAll(" ", "_")];
  return table === undefined || number === undefined ? undefined : { state: table.state, reason: number };
}

/** Each state of a domain with its reasons, both in the order of libvirt's numbers. */
const STATES = {
  nostate: ["unknown"],
  running: [
    "unknown",
    "booted",
    "migrated",
    "restored",
    "from snapshot",
    "unpaused",
    "migration canceled",
    "save canceled",
    "wakeup",
    "crashed",
    "post-copy",
    "post-copy failed",
  ],
  blocked: ["unknown"],
  paused: [
    "unknown",
    "user",
    "migration",
    "save",
    "dump",
    "ioerror",
    "watchdog",
    "from snapshot",
    "shutdown",
    "snapshot",
    "panicked",
    "starting up",
    "post-copy",
    "post-copy failed",
  ],
  shutdown: ["unknown", "user"],
  shutoff: ["unknown", "shutdown", "destroyed", "crashed", "migrated", "saved", "failed", "from snapshot", "daemon"],
  crashed: ["unknown", "panicked"],
  pmsuspended: ["unknown"],
} as const;

export type DomainStateName = keyof typeof STATES;

/** A state and why, in libvirt's words. */
export type DomainStateWords = {
  readonly [S in DomainStateName]: { readonly state: S; readonly reason: (typeof STATES)[S][number] };
}[DomainStateName];

/** The same in the numbers of the API. */
export interface DomainStateNumbers {
  readonly state: number;
  readonly reason: number;
}

export const DOMAIN_STATE_NAMES = Object.keys(STATES) as readonly DomainStateName[];

export function reasonsOf(state: DomainStateName): readonly string[] {
  return STATES[state];
}

/** Undefined where the state has no such reason. */
export function stateWords(state: DomainStateName, reason: string): DomainStateWords | undefined {
  const words = { state, reason };
  return isStateWords(words) ? words : undefined;
}

function isStateWords(words: { readonly state: DomainStateName; readonly reason: string }): words is DomainStateWords {
  return reasonsOf(words.state).includes(words.reason);
}

export function stateNumbers({ state, reason }: DomainStateWords): DomainStateNumbers {
  return { state: DOMAIN_STATE_NAMES.indexOf(state), reason: reasonsOf(state).indexOf(reason) };
}

/** A reason that has no word, or a state, becomes unknown. */
export function stateOfNumbers(numbers: DomainStateNumbers): DomainStateWords {
  const state = DOMAIN_STATE_NAMES[numbers.state] ?? "nostate";
  return stateWords(state, reasonsOf(state)[numbers.reason] ?? "unknown") ?? { state: "nostate", reason: "unknown" };
}

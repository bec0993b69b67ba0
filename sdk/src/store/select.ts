import { DOMAIN_STATE, LIST_DOMAINS_FLAG as LIST } from "@polyvisor/core";

/** What the filters of a list look at. What a driver has not got is left out and counts as not there. */
export interface Selectable {
  readonly isActive: boolean;
  readonly persistent: boolean;
  readonly autostart: boolean;
  readonly status: { readonly state: number };
  readonly hasManagedSave?: boolean;
  readonly hasSnapshot?: boolean;
  readonly hasCheckpoint?: boolean;
}

type Filter = readonly [flag: number, matches: (domain: Selectable) => boolean];

const stateOf = (domain: Selectable) => domain.status.state;
const PLAIN_STATES: readonly number[] = [DOMAIN_STATE.RUNNING, DOMAIN_STATE.PAUSED, DOMAIN_STATE.SHUTOFF];

/** The filters by what they look at. A domain is listed when it passes each group of which any flag is set. */
const GROUPS: readonly (readonly Filter[])[] = [
  [
    [LIST.ACTIVE, (domain) => domain.isActive],
    [LIST.INACTIVE, (domain) => !domain.isActive],
  ],
  [
    [LIST.PERSISTENT, (domain) => domain.persistent],
    [LIST.TRANSIENT, (domain) => !domain.persistent],
  ],
  [
    [LIST.RUNNING, (domain) => stateOf(domain) === DOMAIN_STATE.RUNNING],
    [LIST.PAUSED, (domain) => stateOf(domain) === DOMAIN_STATE.PAUSED],
    [LIST.SHUTOFF, (domain) => stateOf(domain) === DOMAIN_STATE.SHUTOFF],
    [LIST.OTHER, (domain) => !PLAIN_STATES.includes(stateOf(domain))],
  ],
  [
    [LIST.MANAGEDSAVE, (domain) => domain.hasManagedSave === true],
    [LIST.NO_MANAGEDSAVE, (domain) => domain.hasManagedSave !== true],
  ],
  [
    [LIST.AUTOSTART, (domain) => domain.autostart],
    [LIST.NO_AUTOSTART, (domain) => !domain.autostart],
  ],
  [
    [LIST.HAS_SNAPSHOT, (domain) => domain.hasSnapshot === true],
    [LIST.NO_SNAPSHOT, (domain) => domain.hasSnapshot !== true],
  ],
  [
    [LIST.HAS_CHECKPOINT, (domain) => domain.hasCheckpoint === true],
    [LIST.NO_CHECKPOINT, (domain) => domain.hasCheckpoint !== true],
  ],
];

const flagsOf = (group: readonly Filter[]) => group.reduce((flags, [flag]) => flags | flag, 0);

/** Every filter that a list may have. */
export const ALL_LIST_FILTERS = GROUPS.reduce((flags, group) => flags | flagsOf(group), 0);

/** The domains that pass the filters in `flags`, which are of `LIST_DOMAINS_FLAG`; other flags are passed over. */
export function selectDomains<T extends Selectable>(domains: Iterable<T>, flags: number): T[] {
  const groups = GROUPS.map((group) => group.filter(([flag]) => (flags & flag) !== 0)).filter(
    (group) => group.length > 0,
  );
  if (groups.length === 0) return [...domains];
  return [...domains].filter((domain) => groups.every((group) => group.some(([, matches]) => matches(domain))));
}

import { DOMAIN_STATE, LIST_DOMAINS_FLAG as LIST } from "@polyvisor/core";
import { flagsOf, type ListFilters, selectBy } from "./filters.js";

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

const stateOf = (domain: Selectable) => domain.status.state;
const PLAIN_STATES: readonly number[] = [DOMAIN_STATE.RUNNING, DOMAIN_STATE.PAUSED, DOMAIN_STATE.SHUTOFF];

const GROUPS: ListFilters<Selectable> = [
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

/** Every filter that a list may have. */
export const ALL_LIST_FILTERS = flagsOf(GROUPS);

/** The domains that pass the filters in `flags`, which are of `LIST_DOMAINS_FLAG`; other flags are passed over. */
export function selectDomains<T extends Selectable>(domains: Iterable<T>, flags: number): T[] {
  return selectBy(domains, GROUPS, flags);
}

import type { DomainStatus } from "../../lifecycle/index.js";

/** What is kept of a domain's definition. */
export interface StoredDefinition {
  readonly xml: string;
  readonly autostart: boolean;
}

/** A guest that runs on while nobody drives it. */
export interface StoredGuest {
  readonly xml: string;
  readonly id: number;
  readonly status: DomainStatus;
}

/** What outlives a driver, by the domains' UUIDs. Whoever starts a driver on the disk of an earlier one restarts that. */
export interface ToyDisk {
  readonly definitions: Map<string, StoredDefinition>;
  readonly guests: Map<string, StoredGuest>;
}

export function emptyDisk(): ToyDisk {
  return { definitions: new Map(), guests: new Map() };
}

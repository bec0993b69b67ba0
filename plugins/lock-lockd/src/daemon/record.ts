/** A process that holds a lock. */
export interface Holder {
  readonly pid: number;
  /** In clock ticks since the boot; `null` where the lock is a connection's: of metadata, or where there is no such process. */
  readonly startTime: string | null;
  /** The connection whose lock it is. */
  readonly connection: number | null;
}

/** A lock in words that outlive the daemon: what the keeper has beside the open file. */
export interface LockRecord {
  readonly space: string;
  readonly name: string;
  readonly path: string;
  /** As they came with the call that took it. */
  readonly flags: number;
  readonly holders: readonly Holder[];
}

/** The keeper's key of the list of lockspaces, which has no file. */
export const SPACES_KEY = "spaces";

export interface SpacesRecord {
  readonly spaces: readonly string[];
}

export function isSameHolder(one: Holder, other: Holder): boolean {
  return one.pid === other.pid && one.startTime === other.startTime && one.connection === other.connection;
}

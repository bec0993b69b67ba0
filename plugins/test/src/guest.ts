/** The guest's mount points, both on its first disk. */
export const MOUNT_POINTS = ["/", "/boot"] as const;

/** How an I/O thread waits for work: how long it looks itself, in nanoseconds, and how that time changes. */
export interface Polling {
  readonly maxNs: bigint;
  readonly grow: number;
  readonly shrink: number;
}

/** What a guest knows that is in no configuration. It outlives the guest, as the rest of a domain does. */
export class Guest {
  /** The guest's clock, which stands still. */
  clock = { seconds: 627319920n, nanoseconds: 0 };
  readonly frozen = new Set<string>();
  /** By the number of the I/O thread, of those that were added or tuned. */
  readonly polling = new Map<number, Polling>();
}

/** How long things may take, in milliseconds. Another one's storage is waited for as long as sanlock itself waits for it. */
export interface Deadlines {
  /** What the daemon knows without looking at a disk. */
  readonly answer: number;
  /** What it reads or writes. */
  readonly storage: number;
  /** Becoming a member of a lockspace, also where its host number was another's until a moment ago. */
  readonly join: number;
}

/** sanlock's own, in seconds. */
const USUAL_IO_TIMEOUT = 10;

/** A guest's process has this long for its leases: an emulator must answer within a minute from its start on. */
export const LAUNCHER_DEADLINE = 50_000;
/** How long a lease is waited for that may come free by itself. */
export const PATIENCE = 30_000;

export function deadlinesFor(ioTimeout: number): Deadlines {
  const io = (ioTimeout || USUAL_IO_TIMEOUT) * 1000;
  return { answer: 10_000, storage: 10_000 + 3 * io, join: 20_000 + 20 * io };
}

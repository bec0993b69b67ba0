import type { Domain } from "../domain/model/index.js";

/** What snapshots and checkpoints of a domain have in common. */
export interface Moment {
  /** Empty only where a document without a name was read without defaults. */
  readonly name: string;
  readonly description?: string | undefined;
  /** The name of the moment that this one follows. */
  readonly parent?: string | undefined;
  /** Seconds since 1970; 0 where it is not known. */
  readonly creationTime: number;
  /** The domain's configuration at that time. */
  readonly domain?: Domain | undefined;
}

/** How the document of a moment is read. */
export interface MomentParseOptions {
  /** A moment that exists: with its name, its time, its parent and the domain's configuration. Else they are ignored. */
  readonly redefine?: boolean;
  /** As it is written: a new moment gets no time, and no name where it has none. */
  readonly skipDefaults?: boolean;
  /** The time now in seconds since 1970. */
  readonly now?: () => number;
}

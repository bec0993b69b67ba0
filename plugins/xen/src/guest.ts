import type { Domain as Config } from "@polyvisor/sdk/conf/domain";
import type { Guest, GuestEnd } from "@polyvisor/sdk/driver";

/** What is kept of a guest beside its status. */
export interface XenToken {
  readonly id: number;
  readonly uuid: string;
  readonly ours: boolean;
}

/** One running domain of Xen's. Its end is seen in listings, not told by itself. */
export class XenGuest implements Guest {
  readonly id: number;
  readonly uuid: string;
  /** Nobody else looks after it: what is to be done when it shuts down is done here. */
  ours: boolean;
  readonly config?: Config;
  readonly ended = new Promise<GuestEnd>(() => {});
  readonly #end: (guest: XenGuest) => Promise<void>;
  /** Why it has shut down, where it has: it is kept as it is, or somebody else looks after it. */
  reason: number | undefined;
  /** It ran before anybody here knew of it, and runs on should it not become known. */
  isBeingMet = false;
  /** It is being saved, or moved to another host: that it is gone is told by whoever does that. */
  isLeaving = false;

  constructor(token: XenToken, config: Config | undefined, end: (guest: XenGuest) => Promise<void>) {
    this.id = token.id;
    this.uuid = token.uuid;
    this.ours = token.ours;
    if (config !== undefined) this.config = config;
    this.#end = end;
  }

  get token(): XenToken {
    return { id: this.id, uuid: this.uuid, ours: this.ours };
  }

  destroy(): Promise<void> {
    return this.#end(this);
  }
}

/** Reads a token that was kept. Throws where it is none. */
export function readToken(kept: unknown): XenToken {
  const { id, uuid, ours } = (kept ?? {}) as {
    readonly id?: unknown;
    readonly uuid?: unknown;
    readonly ours?: unknown;
  };
  if (typeof id !== "number" || typeof uuid !== "string") throw new Error("the token of a guest cannot be read");
  return { id, uuid, ours: ours === true };
}

import type { AccessPolicy, CallContext, HypervisorConnection, Identity, Log } from "@polyvisor/core";

/** A call's context, or the session for what no call asks for. */
type Who = Pick<CallContext, "identity" | "log">;

/** Who asks what of which driver. */
export class Asker {
  readonly policy: AccessPolicy;
  readonly identity: Identity;
  readonly connection: HypervisorConnection;
  readonly #who: Who;

  constructor(policy: AccessPolicy, connection: HypervisorConnection, who: Who) {
    this.policy = policy;
    this.identity = who.identity;
    this.connection = connection;
    this.#who = who;
  }

  /** Most is allowed without a word, so it is made only when there is something to say. */
  get log(): Log {
    return this.#who.log;
  }
}

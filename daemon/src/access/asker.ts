import type { AccessPolicy, CallContext, HypervisorConnection, Identity, Log } from "@polyvisor/core";

/** Who asks what of which driver. */
export interface Asker {
  readonly policy: AccessPolicy;
  readonly identity: Identity;
  readonly connection: HypervisorConnection;
  readonly log: Log;
}

/** A call's context, or the session for what no call asks for. */
type Who = Pick<CallContext, "identity" | "log">;

/** Most is allowed without a word, so the log is made only when there is something to say. */
export function askerOf(policy: AccessPolicy, connection: HypervisorConnection, who: Who): Asker {
  return {
    policy,
    identity: who.identity,
    connection,
    get log() {
      return who.log;
    },
  };
}

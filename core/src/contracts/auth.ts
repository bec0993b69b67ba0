import { call, defineApi, type HandlersOf } from "../api/define.js";
import { LIMITS } from "../api/limits.js";
import { text } from "../api/types.js";
import { array, charsWithNul, flag, optional, string, u32 } from "../xdr/index.js";

/** A mechanism of SASL by its registered name, such as `SCRAM-SHA-256`; the daemon's own `polkit` is the one other. */
const mechanism = string(64);

/** Words are text; what a mechanism says in bytes that are no UTF-8 cannot be said here. */
const words = charsWithNul(LIMITS.authSaslData);

/**
 * Contract `auth.v1`: how clients prove who they are, before they may do anything else. The context of each call is that of
 * the client: its process as far as the socket tells, whether it came to look only, a signal that fires when it leaves.
 *
 * What a client hears of a failure is that it failed, whatever the reason: a rejection's message is for the log. A
 * `VirtError` alone is told to the client as it is.
 */
export const loginApi = defineApi({
  /** What clients may log in by. Asked once, at the daemon's start. */
  mechanisms: call(1, {}, { names: array(mechanism, 32) }, { acl: ["none"], shape: { returns: "names" } }),
  /** A client has chosen a mechanism. Answers with a number for this login, which goes with what follows. */
  begin: call(2, { mechanism }, { login: u32 }, { acl: ["none"], shape: { returns: "login" } }),
  /**
   * The client's next words, empty where the mechanism lets the server speak first. `done` ends the login: the client is in
   * under `name`, which a mechanism of SASL must have proved; a daemon takes no such client without one.
   */
  respond: call(3, { login: u32, words }, { words, done: flag, name: optional(text) }, { acl: ["none"] }),
  /** The last that is heard of a login, however it ended: done, failed, or the client has left. */
  end: call(4, { login: u32 }, {}, { acl: ["none"] }),
});

export interface LoginMechanisms extends Required<HandlersOf<typeof loginApi>> {}

import { array, charsWithNul, i32, u32 } from "../xdr/index.js";
import { call, defineApi, type HandlersOf } from "./define.js";
import { LIMITS } from "./limits.js";
import { text, typedParam } from "./types.js";

/** Logging in, and speaking for others. */
export const authApi = defineApi({
  authSaslInit: call(
    67,
    {},
    { mechlist: text },
    { acl: ["none"], priority: "high", by: "session", shape: { returns: "mechlist" } },
  ),
  authSaslStart: call(
    68,
    { mech: text, nil: i32, data: charsWithNul(LIMITS.authSaslData) },
    { complete: i32, nil: i32, data: charsWithNul(LIMITS.authSaslData) },
    { acl: ["none"], priority: "high", by: "session" },
  ),
  authSaslStep: call(
    69,
    { nil: i32, data: charsWithNul(LIMITS.authSaslData) },
    { complete: i32, nil: i32, data: charsWithNul(LIMITS.authSaslData) },
    { acl: ["none"], priority: "high", by: "session" },
  ),
  authPolkit: call(
    70,
    {},
    { complete: i32 },
    { acl: ["none"], priority: "high", by: "session", shape: { returns: "complete" } },
  ),
  connectSetIdentity: call(
    419,
    { params: array(typedParam, LIMITS.connectIdentityParams), flags: u32 },
    {},
    { acl: ["connect:write"], by: "session" },
  ),
});

export interface AuthHandlers extends HandlersOf<typeof authApi> {}

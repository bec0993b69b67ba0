import { array, i32, opaque, u32 } from "../xdr/index.js";
import { call, defineApi, type HandlersOf } from "./define.js";
import { LIMITS } from "./limits.js";
import { secret } from "./objects.js";
import { text } from "./types.js";
import { uuid } from "./uuid.js";

/** Secrets. */
export const secretApi = defineApi({
  /** How many secrets there are. */
  connectNumOfSecrets: call(
    139,
    {},
    { num: i32 },
    { acl: ["connect:search_secrets"], aclFilter: "secret:getattr", priority: "high", shape: { returns: "num" } },
  ),
  /** Their UUIDs. */
  connectListSecrets: call(
    140,
    { maxuuids: i32 },
    { uuids: array(text, LIMITS.secretList) },
    {
      acl: ["connect:search_secrets"],
      aclFilter: "secret:getattr",
      priority: "high",
      shape: { upTo: "uuids", limit: "maxuuids" },
    },
  ),
  /**
   * Finds a secret; also called before each call that names one, so that permissions are checked on what is there.
   * Fails with `NO_SECRET`.
   */
  secretLookupByUUID: call(
    141,
    { uuid: uuid },
    { secret: secret },
    { acl: ["secret:getattr"], priority: "high", shape: { returns: "secret" } },
  ),
  /**
   * Defines a secret without a value, or changes what it is for. Fails with `INTERNAL_ERROR` where another one
   * is for the same.
   */
  secretDefineXML: call(
    142,
    { xml: text, flags: u32 },
    { secret: secret },
    { acl: ["secret:write", "secret:save"], priority: "high", shape: { returns: "secret" } },
  ),
  /** The secret's document; never its value. */
  secretGetXMLDesc: call(
    143,
    { secret: secret, flags: u32 },
    { xml: text },
    { acl: ["secret:read"], priority: "high", shape: { returns: "xml" } },
  ),
  /** Gives it a value. Kept on disk unless the secret is ephemeral. */
  secretSetValue: call(
    144,
    { secret: secret, value: opaque(LIMITS.secretValue), flags: u32 },
    {},
    { acl: ["secret:write"], priority: "high" },
  ),
  /**
   * The value: called by a hypervisor's driver when a guest with such a disk starts. Fails with `INVALID_SECRET` where
   * the secret is private and a client asks, with `NO_SECRET` where it has no value.
   */
  secretGetValue: call(
    145,
    { secret: secret, flags: u32 },
    { value: opaque(LIMITS.secretValue) },
    { acl: ["secret:read_secure"], priority: "high", shape: { returns: "value" } },
  ),
  /** Forgets a secret and its value. */
  secretUndefine: call(146, { secret: secret }, {}, { acl: ["secret:delete"], priority: "high" }),
  /** The secret that is for this object. Fails with `NO_SECRET`. */
  secretLookupByUsage: call(
    147,
    { usageType: i32, usageID: text },
    { secret: secret },
    { acl: ["secret:getattr"], priority: "high", shape: { returns: "secret" } },
  ),
  /** All secrets, or those that the flags select. Fails with `INVALID_ARG` for flags that are not known. */
  connectListAllSecrets: call(
    287,
    { needResults: i32, flags: u32 },
    { secrets: array(secret, LIMITS.secretList), ret: u32 },
    { acl: ["connect:search_secrets"], aclFilter: "secret:getattr", priority: "high", shape: { list: "secrets" } },
  ),
});

export interface SecretHandlers extends HandlersOf<typeof secretApi> {}

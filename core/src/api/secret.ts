import { array, i32, opaque, u32 } from "../xdr/index.js";
import { call, defineApi, type HandlersOf } from "./define.js";
import { LIMITS } from "./limits.js";
import { secret } from "./objects.js";
import { text } from "./types.js";
import { uuid } from "./uuid.js";

/** Secrets. */
export const secretApi = defineApi({
  connectNumOfSecrets: call(
    139,
    {},
    { num: i32 },
    { acl: ["connect:search_secrets"], aclFilter: "secret:getattr", priority: "high", shape: { returns: "num" } },
  ),
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
  secretLookupByUUID: call(
    141,
    { uuid: uuid },
    { secret: secret },
    { acl: ["secret:getattr"], priority: "high", shape: { returns: "secret" } },
  ),
  secretDefineXML: call(
    142,
    { xml: text, flags: u32 },
    { secret: secret },
    { acl: ["secret:write", "secret:save"], priority: "high", shape: { returns: "secret" } },
  ),
  secretGetXMLDesc: call(
    143,
    { secret: secret, flags: u32 },
    { xml: text },
    { acl: ["secret:read"], priority: "high", shape: { returns: "xml" } },
  ),
  secretSetValue: call(
    144,
    { secret: secret, value: opaque(LIMITS.secretValue), flags: u32 },
    {},
    { acl: ["secret:write"], priority: "high" },
  ),
  secretGetValue: call(
    145,
    { secret: secret, flags: u32 },
    { value: opaque(LIMITS.secretValue) },
    { acl: ["secret:read_secure"], priority: "high", shape: { returns: "value" } },
  ),
  secretUndefine: call(146, { secret: secret }, {}, { acl: ["secret:delete"], priority: "high" }),
  secretLookupByUsage: call(
    147,
    { usageType: i32, usageID: text },
    { secret: secret },
    { acl: ["secret:getattr"], priority: "high", shape: { returns: "secret" } },
  ),
  connectListAllSecrets: call(
    287,
    { needResults: i32, flags: u32 },
    { secrets: array(secret, LIMITS.secretList), ret: u32 },
    { acl: ["connect:search_secrets"], aclFilter: "secret:getattr", priority: "high", shape: { list: "secrets" } },
  ),
});

export interface SecretHandlers extends HandlersOf<typeof secretApi> {}

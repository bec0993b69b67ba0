import { i32, optional } from "../xdr/index.js";
import { call, defineApi, type HandlersOf } from "./define.js";
import { network, nodeDevice, secret, storagePool } from "./objects.js";

/** Registering for events of what is not a domain. */
export const eventsRegistrationApi = defineApi({
  connectNetworkEventRegisterAny: call(
    313,
    { eventID: i32, net: optional(network) },
    { callbackID: i32 },
    {
      acl: ["connect:search_networks"],
      aclFilter: "network:getattr",
      priority: "high",
      by: "session",
      shape: { returns: "callbackID" },
    },
  ),
  connectNetworkEventDeregisterAny: call(
    314,
    { callbackID: i32 },
    {},
    { acl: ["connect:read"], priority: "high", by: "session" },
  ),
  connectStoragePoolEventRegisterAny: call(
    368,
    { eventID: i32, pool: optional(storagePool) },
    { callbackID: i32 },
    {
      acl: ["connect:search_storage_pools"],
      aclFilter: "storage_pool:getattr",
      priority: "high",
      by: "session",
      shape: { returns: "callbackID" },
    },
  ),
  connectStoragePoolEventDeregisterAny: call(
    369,
    { callbackID: i32 },
    {},
    { acl: ["connect:read"], priority: "high", by: "session" },
  ),
  connectNodeDeviceEventRegisterAny: call(
    374,
    { eventID: i32, dev: optional(nodeDevice) },
    { callbackID: i32 },
    {
      acl: ["connect:search_node_devices"],
      aclFilter: "node_device:getattr",
      priority: "high",
      by: "session",
      shape: { returns: "callbackID" },
    },
  ),
  connectNodeDeviceEventDeregisterAny: call(
    375,
    { callbackID: i32 },
    {},
    { acl: ["connect:read"], priority: "high", by: "session" },
  ),
  connectSecretEventRegisterAny: call(
    380,
    { eventID: i32, secret: optional(secret) },
    { callbackID: i32 },
    {
      acl: ["connect:search_secrets"],
      aclFilter: "secret:getattr",
      priority: "high",
      by: "session",
      shape: { returns: "callbackID" },
    },
  ),
  connectSecretEventDeregisterAny: call(
    381,
    { callbackID: i32 },
    {},
    { acl: ["connect:read"], priority: "high", by: "session" },
  ),
});

export interface EventsRegistrationHandlers extends HandlersOf<typeof eventsRegistrationApi> {}

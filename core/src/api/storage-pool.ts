import { array, flag, i32, optional, u8, u32, u64 } from "../xdr/index.js";
import { call, defineApi, type HandlersOf } from "./define.js";
import { LIMITS } from "./limits.js";
import { storagePool, storageVol } from "./objects.js";
import { text } from "./types.js";
import { uuid } from "./uuid.js";

/** Storage pools. */
export const storagePoolApi = defineApi({
  connectNumOfStoragePools: call(
    71,
    {},
    { num: i32 },
    {
      acl: ["connect:search_storage_pools"],
      aclFilter: "storage_pool:getattr",
      priority: "high",
      shape: { returns: "num" },
    },
  ),
  connectListStoragePools: call(
    72,
    { maxnames: i32 },
    { names: array(text, LIMITS.storagePoolList) },
    {
      acl: ["connect:search_storage_pools"],
      aclFilter: "storage_pool:getattr",
      priority: "high",
      shape: { upTo: "names", limit: "maxnames" },
    },
  ),
  connectNumOfDefinedStoragePools: call(
    73,
    {},
    { num: i32 },
    {
      acl: ["connect:search_storage_pools"],
      aclFilter: "storage_pool:getattr",
      priority: "high",
      shape: { returns: "num" },
    },
  ),
  connectListDefinedStoragePools: call(
    74,
    { maxnames: i32 },
    { names: array(text, LIMITS.storagePoolList) },
    {
      acl: ["connect:search_storage_pools"],
      aclFilter: "storage_pool:getattr",
      priority: "high",
      shape: { upTo: "names", limit: "maxnames" },
    },
  ),
  connectFindStoragePoolSources: call(
    75,
    { type: text, srcSpec: optional(text), flags: u32 },
    { xml: text },
    { acl: ["connect:detect_storage_pools"], shape: { returns: "xml" } },
  ),
  storagePoolCreateXML: call(
    76,
    { xml: text, flags: u32 },
    { pool: storagePool },
    { acl: ["storage_pool:start", "storage_pool:write"], shape: { returns: "pool" } },
  ),
  storagePoolDefineXML: call(
    77,
    { xml: text, flags: u32 },
    { pool: storagePool },
    { acl: ["storage_pool:write", "storage_pool:save"], priority: "high", shape: { returns: "pool" } },
  ),
  storagePoolCreate: call(78, { pool: storagePool, flags: u32 }, {}, { acl: ["storage_pool:start"] }),
  storagePoolBuild: call(79, { pool: storagePool, flags: u32 }, {}, { acl: ["storage_pool:format"] }),
  storagePoolDestroy: call(80, { pool: storagePool }, {}, { acl: ["storage_pool:stop"], priority: "high" }),
  storagePoolDelete: call(81, { pool: storagePool, flags: u32 }, {}, { acl: ["storage_pool:format"] }),
  storagePoolUndefine: call(82, { pool: storagePool }, {}, { acl: ["storage_pool:delete"], priority: "high" }),
  storagePoolRefresh: call(83, { pool: storagePool, flags: u32 }, {}, { acl: ["storage_pool:refresh"] }),
  storagePoolLookupByName: call(
    84,
    { name: text },
    { pool: storagePool },
    { acl: ["storage_pool:getattr"], priority: "high", shape: { returns: "pool" } },
  ),
  storagePoolLookupByUUID: call(
    85,
    { uuid: uuid },
    { pool: storagePool },
    { acl: ["storage_pool:getattr"], priority: "high", shape: { returns: "pool" } },
  ),
  storagePoolLookupByVolume: call(
    86,
    { vol: storageVol },
    { pool: storagePool },
    { acl: ["storage_pool:getattr"], priority: "high", shape: { returns: "pool" } },
  ),
  storagePoolGetInfo: call(
    87,
    { pool: storagePool },
    { state: u8, capacity: u64, allocation: u64, available: u64 },
    { acl: ["storage_pool:read"], priority: "high" },
  ),
  storagePoolGetXMLDesc: call(
    88,
    { pool: storagePool, flags: u32 },
    { xml: text },
    { acl: ["storage_pool:read"], priority: "high", shape: { returns: "xml" } },
  ),
  storagePoolGetAutostart: call(
    89,
    { pool: storagePool },
    { autostart: flag },
    { acl: ["storage_pool:read"], priority: "high", shape: { returns: "autostart" } },
  ),
  storagePoolSetAutostart: call(
    90,
    { pool: storagePool, autostart: flag },
    {},
    { acl: ["storage_pool:write"], priority: "high" },
  ),
  storagePoolNumOfVolumes: call(
    91,
    { pool: storagePool },
    { num: i32 },
    {
      acl: ["storage_pool:search_storage_vols"],
      aclFilter: "storage_vol:getattr",
      priority: "high",
      shape: { returns: "num" },
    },
  ),
  storagePoolListVolumes: call(
    92,
    { pool: storagePool, maxnames: i32 },
    { names: array(text, LIMITS.storageVolList) },
    {
      acl: ["storage_pool:search_storage_vols"],
      aclFilter: "storage_vol:getattr",
      priority: "high",
      shape: { upTo: "names", limit: "maxnames" },
    },
  ),
  storagePoolIsActive: call(
    154,
    { pool: storagePool },
    { active: flag },
    { acl: ["storage_pool:read"], priority: "high", shape: { returns: "active" } },
  ),
  storagePoolIsPersistent: call(
    155,
    { pool: storagePool },
    { persistent: flag },
    { acl: ["storage_pool:read"], priority: "high", shape: { returns: "persistent" } },
  ),
  connectListAllStoragePools: call(
    281,
    { needResults: i32, flags: u32 },
    { pools: array(storagePool, LIMITS.storagePoolList), ret: u32 },
    {
      acl: ["connect:search_storage_pools"],
      aclFilter: "storage_pool:getattr",
      priority: "high",
      shape: { list: "pools" },
    },
  ),
  storagePoolListAllVolumes: call(
    282,
    { pool: storagePool, needResults: i32, flags: u32 },
    { vols: array(storageVol, LIMITS.storageVolList), ret: u32 },
    {
      acl: ["storage_pool:search_storage_vols"],
      aclFilter: "storage_vol:getattr",
      priority: "high",
      shape: { list: "vols" },
    },
  ),
  storagePoolLookupByTargetPath: call(
    391,
    { path: text },
    { pool: storagePool },
    { acl: ["storage_pool:getattr"], priority: "high", shape: { returns: "pool" } },
  ),
  connectGetStoragePoolCapabilities: call(
    403,
    { flags: u32 },
    { capabilities: text },
    { acl: ["connect:read"], shape: { returns: "capabilities" } },
  ),
});

export interface StoragePoolHandlers extends HandlersOf<typeof storagePoolApi> {}

import { array, flag, i32, optional, u8, u32, u64 } from "../xdr/index.js";
import { call, defineApi, type HandlersOf } from "./define.js";
import { LIMITS } from "./limits.js";
import { storagePool, storageVol } from "./objects.js";
import { text } from "./types.js";
import { uuid } from "./uuid.js";

/** Storage pools. */
export const storagePoolApi = defineApi({
  /** How many pools are active. */
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
  /** The names of active pools. */
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
  /** How many pools are defined and not active. */
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
  /** The names of pools that are defined and not active. */
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
  /**
   * What this host could make pools of a type from, as a document; `srcSpec` says where to look, such as at which
   * server.
   */
  connectFindStoragePoolSources: call(
    75,
    { type: text, srcSpec: optional(text), flags: u32 },
    { xml: text },
    { acl: ["connect:detect_storage_pools"], shape: { returns: "xml" } },
  ),
  /** Starts a pool that is gone once it stops; flags may have it built before. */
  storagePoolCreateXML: call(
    76,
    { xml: text, flags: u32 },
    { pool: storagePool },
    { acl: ["storage_pool:start", "storage_pool:write"], shape: { returns: "pool" } },
  ),
  /** Defines a pool, or changes the definition of the one with that name and UUID. */
  storagePoolDefineXML: call(
    77,
    { xml: text, flags: u32 },
    { pool: storagePool },
    { acl: ["storage_pool:write", "storage_pool:save"], priority: "high", shape: { returns: "pool" } },
  ),
  /**
   * Starts a defined pool: mounts, logs in or activates, then looks for volumes. Flags may have it built before. Fails
   * with `OPERATION_INVALID` where it is active.
   */
  storagePoolCreate: call(78, { pool: storagePool, flags: u32 }, {}, { acl: ["storage_pool:start"] }),
  /**
   * Makes what the pool needs: a folder, a file system, a partition table, a volume group. Fails with
   * `OPERATION_INVALID` where it is active, with `STORAGE_POOL_BUILT` where something is there already.
   */
  storagePoolBuild: call(79, { pool: storagePool, flags: u32 }, {}, { acl: ["storage_pool:format"] }),
  /** Stops a pool; its data stays. Fails with `OPERATION_INVALID` where it is not active. */
  storagePoolDestroy: call(80, { pool: storagePool }, {}, { acl: ["storage_pool:stop"], priority: "high" }),
  /** Removes what `storagePoolBuild` made. Fails with `OPERATION_INVALID` where it is active. */
  storagePoolDelete: call(81, { pool: storagePool, flags: u32 }, {}, { acl: ["storage_pool:format"] }),
  /** Forgets the definition. Fails with `OPERATION_INVALID` where it is active. */
  storagePoolUndefine: call(82, { pool: storagePool }, {}, { acl: ["storage_pool:delete"], priority: "high" }),
  /** Looks again for volumes and free space. May take as long as the storage does. */
  storagePoolRefresh: call(83, { pool: storagePool, flags: u32 }, {}, { acl: ["storage_pool:refresh"] }),
  /** Finds a pool. Fails with `NO_STORAGE_POOL`. */
  storagePoolLookupByName: call(
    84,
    { name: text },
    { pool: storagePool },
    { acl: ["storage_pool:getattr"], priority: "high", shape: { returns: "pool" } },
  ),
  /**
   * Finds a pool; also called before each call that names one, so that permissions are checked on what is there. Fails
   * with `NO_STORAGE_POOL`.
   */
  storagePoolLookupByUUID: call(
    85,
    { uuid: uuid },
    { pool: storagePool },
    { acl: ["storage_pool:getattr"], priority: "high", shape: { returns: "pool" } },
  ),
  /** The pool that a volume is in. Fails with `NO_STORAGE_POOL`. */
  storagePoolLookupByVolume: call(
    86,
    { vol: storageVol },
    { pool: storagePool },
    { acl: ["storage_pool:getattr"], priority: "high", shape: { returns: "pool" } },
  ),
  /** Its state (`VIR_STORAGE_POOL_*`) and bytes: capacity, allocated, available, as of the last refresh. */
  storagePoolGetInfo: call(
    87,
    { pool: storagePool },
    { state: u8, capacity: u64, allocation: u64, available: u64 },
    { acl: ["storage_pool:read"], priority: "high" },
  ),
  /** The pool's document; with the flag for inactive what is defined. */
  storagePoolGetXMLDesc: call(
    88,
    { pool: storagePool, flags: u32 },
    { xml: text },
    { acl: ["storage_pool:read"], priority: "high", shape: { returns: "xml" } },
  ),
  /** Whether it is started with the daemon. */
  storagePoolGetAutostart: call(
    89,
    { pool: storagePool },
    { autostart: flag },
    { acl: ["storage_pool:read"], priority: "high", shape: { returns: "autostart" } },
  ),
  /** Decides whether it is started with the daemon. Fails with `INTERNAL_ERROR` where it is not persistent. */
  storagePoolSetAutostart: call(
    90,
    { pool: storagePool, autostart: flag },
    {},
    { acl: ["storage_pool:write"], priority: "high" },
  ),
  /** How many volumes it has. Fails with `OPERATION_INVALID` where it is not active. */
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
  /** The names of its volumes. Fails with `OPERATION_INVALID` where it is not active. */
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
  /** Whether it runs. */
  storagePoolIsActive: call(
    154,
    { pool: storagePool },
    { active: flag },
    { acl: ["storage_pool:read"], priority: "high", shape: { returns: "active" } },
  ),
  /** Whether it is defined, and so outlives its stop. */
  storagePoolIsPersistent: call(
    155,
    { pool: storagePool },
    { persistent: flag },
    { acl: ["storage_pool:read"], priority: "high", shape: { returns: "persistent" } },
  ),
  /** All pools, or those that the flags select. Fails with `INVALID_ARG` for flags that are not known. */
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
  /** All volumes of a pool. Fails with `OPERATION_INVALID` where it is not active. */
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
  /** The active pool whose target is this path. Fails with `NO_STORAGE_POOL`. */
  storagePoolLookupByTargetPath: call(
    391,
    { path: text },
    { pool: storagePool },
    { acl: ["storage_pool:getattr"], priority: "high", shape: { returns: "pool" } },
  ),
  /** Which types of pools the driver has, as a document. */
  connectGetStoragePoolCapabilities: call(
    403,
    { flags: u32 },
    { capabilities: text },
    { acl: ["connect:read"], shape: { returns: "capabilities" } },
  ),
});

export interface StoragePoolHandlers extends HandlersOf<typeof storagePoolApi> {}

import {
  LIST_STORAGE_POOLS_FLAG as LIST,
  STORAGE_POOL_EVENT,
  STORAGE_POOL_STATE,
  type StoragePoolHandlers,
} from "@polyvisor/core";
import { formatStoragePool, STORAGE_POOL_TYPES, type StoragePoolType } from "@polyvisor/sdk/conf/storage-pool";
import { flagsOf, type ListFilter, type ListFilters, selectBy } from "@polyvisor/sdk/store";
import { checkFlags, testError } from "./errors.js";
import { activePool, inactivePool } from "./pool-lookup.js";
import { poolSources } from "./pool-sources.js";
import type { TestHost } from "./test-host.js";
import type { TestPool } from "./test-pool.js";

const FILTERS: ListFilters<TestPool> = [
  [
    [LIST.ACTIVE, (pool) => pool.isActive],
    [LIST.INACTIVE, (pool) => !pool.isActive],
  ],
  [
    [LIST.PERSISTENT, (pool) => pool.persistent],
    [LIST.TRANSIENT, (pool) => !pool.persistent],
  ],
  [
    [LIST.AUTOSTART, (pool) => pool.autostart],
    [LIST.NO_AUTOSTART, (pool) => !pool.autostart],
  ],
  STORAGE_POOL_TYPES.map((type): ListFilter<TestPool> => [flagOf(type), ({ config }) => config.type === type]),
];

/** Storage pools: what there is, and what becomes of it. */
export function poolHandlers({ pools, events, devices }: TestHost): StoragePoolHandlers {
  const running = () => [...pools].filter(({ isActive }) => isActive);
  const off = () => [...pools].filter(({ isActive }) => !isActive);
  const tell = ({ ref }: TestPool, event: number) =>
    events.emit({ kind: "storagePoolLifecycle", object: ref, event, detail: 0 });

  return {
    connectNumOfStoragePools: () => running().length,
    connectListStoragePools: () => running().map(({ ref }) => ref.name),
    connectNumOfDefinedStoragePools: () => off().length,
    connectListDefinedStoragePools: () => off().map(({ ref }) => ref.name),
    connectListAllStoragePools({ flags }) {
      checkFlags(flags, flagsOf(FILTERS), "testConnectListAllStoragePools");
      return selectBy(pools, FILTERS, flags).map(({ ref }) => ref);
    },

    storagePoolLookupByName: ({ name }) => pools.lookupByName(name).ref,
    storagePoolLookupByUUID: ({ uuid }) => pools.lookupByUUID(uuid).ref,
    storagePoolLookupByVolume: ({ vol }) => pools.lookupByName(vol.pool).ref,

    connectFindStoragePoolSources({ type, srcSpec, flags }) {
      checkFlags(flags, 0, "testConnectFindStoragePoolSources");
      return poolSources(type, srcSpec ?? undefined);
    },

    storagePoolCreate({ pool, flags }) {
      checkFlags(flags, 0, "testStoragePoolCreate");
      const found = inactivePool(pools, pool.name);
      found.start();
      tell(found, STORAGE_POOL_EVENT.STARTED);
    },

    storagePoolBuild({ pool, flags }) {
      checkFlags(flags, 0, "testStoragePoolBuild");
      tell(inactivePool(pools, pool.name), STORAGE_POOL_EVENT.CREATED);
    },

    storagePoolDelete({ pool, flags }) {
      checkFlags(flags, 0, "testStoragePoolDelete");
      tell(inactivePool(pools, pool.name), STORAGE_POOL_EVENT.DELETED);
    },

    storagePoolDestroy({ pool }) {
      const found = activePool(pools, pool.name);
      const { config } = found;
      if (config.type === "scsi" && config.source.adapter.type === "fc_host") devices.removePort();
      found.stop();
      if (!found.persistent) pools.remove(found);
      tell(found, STORAGE_POOL_EVENT.STOPPED);
    },

    storagePoolUndefine({ pool }) {
      const found = inactivePool(pools, pool.name);
      pools.remove(found);
      tell(found, STORAGE_POOL_EVENT.UNDEFINED);
    },

    storagePoolRefresh({ pool, flags }) {
      checkFlags(flags, 0, "testStoragePoolRefresh");
      const { ref } = activePool(pools, pool.name);
      events.emit({ kind: "storagePoolRefresh", object: ref });
    },

    storagePoolIsActive: ({ pool }) => pools.lookupByUUID(pool.uuid).isActive,
    storagePoolIsPersistent: ({ pool }) => pools.lookupByUUID(pool.uuid).persistent,
    storagePoolGetAutostart: ({ pool }) => pools.lookupByName(pool.name).autostart,
    storagePoolSetAutostart({ pool, autostart }) {
      const found = pools.lookupByName(pool.name);
      if (!found.persistent) throw testError("INVALID_ARG", "pool has no config file", "define the pool first");
      found.autostart = autostart;
    },

    storagePoolGetInfo({ pool }) {
      const found = pools.lookupByName(pool.name);
      return { state: found.isActive ? STORAGE_POOL_STATE.RUNNING : STORAGE_POOL_STATE.INACTIVE, ...found.usage };
    },

    storagePoolGetXMLDesc({ pool, flags }) {
      checkFlags(flags, 0, "testStoragePoolGetXMLDesc");
      const { config, usage } = pools.lookupByName(pool.name);
      return formatStoragePool({ ...config, usage });
    },
  };
}

function flagOf(type: StoragePoolType): number {
  return LIST[type.toUpperCase().replace("-", "_") as keyof typeof LIST];
}

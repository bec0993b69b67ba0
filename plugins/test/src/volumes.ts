import {
  STORAGE_VOL_CREATE_FLAG,
  STORAGE_VOL_TYPE,
  type StoragePoolHandlers,
  type StorageVol,
  type StorageVolumeHandlers,
} from "@polyvisor/core";
import type { StoragePoolType } from "@polyvisor/sdk/conf/storage-pool";
import {
  formatStorageVolume,
  parseStorageVolume,
  readStorageVolume,
  type StorageVolume,
} from "@polyvisor/sdk/conf/storage-volume";
import { parseValidXml } from "@polyvisor/sdk/schema";
import { checkFlags, testError } from "./errors.js";
import { activePool } from "./pool-lookup.js";
import type { TestHost } from "./test-host.js";
import { allocationOf, type PlacedVolume, type TestPool } from "./test-pool.js";

/** Storage volumes. A pool that is off hides its own. */
export function volumeHandlers({ pools }: TestHost): StorageVolumeHandlers & StoragePoolHandlers {
  const volumesOf = (pool: string) => [...activePool(pools, pool).volumes];
  const found = (vol: StorageVol) => activePool(pools, vol.pool).volume(vol.name);

  function search(matches: (volume: PlacedVolume) => boolean, criterion: string): StorageVol {
    for (const pool of pools) {
      const volume = pool.isActive ? [...pool.volumes].find(matches) : undefined;
      if (volume !== undefined) return pool.refTo(volume);
    }
    throw testError("NO_STORAGE_VOL", `no storage vol with matching ${criterion}`, "`vol-list` shows what is there");
  }

  function create(name: string, xml: string, flags: number, check = () => {}): StorageVol | Promise<StorageVol> {
    const pool = activePool(pools, name);
    const add = (volume: StorageVolume) => {
      check();
      return pool.refTo(pool.addVolume(volume));
    };
    return flags === 0 ? add(parseStorageVolume(xml, pool.config)) : readValid(xml, pool).then(add);
  }

  return {
    storagePoolNumOfVolumes: ({ pool }) => volumesOf(pool.name).length,
    storagePoolListVolumes: ({ pool }) => volumesOf(pool.name).map(({ name }) => name),
    storagePoolListAllVolumes({ pool, flags }) {
      checkFlags(flags, 0, "testStoragePoolListAllVolumes");
      const all = pools.lookupByUUID(pool.uuid);
      if (!all.isActive) {
        throw testError("OPERATION_INVALID", "storage pool is not active", "start it with `pool-start`");
      }
      return [...all.volumes].map((volume) => all.refTo(volume));
    },

    storageVolLookupByName({ pool, name }) {
      const of = activePool(pools, pool.name);
      return of.refTo(of.volume(name));
    },
    storageVolLookupByKey: ({ key }) => search((volume) => volume.key === key, `key '${key}'`),
    storageVolLookupByPath: ({ path }) => search(({ target }) => target.path === path, `path '${path}'`),

    storageVolCreateXML({ pool, xml, flags }) {
      checkFlags(flags, STORAGE_VOL_CREATE_FLAG.VALIDATE, "testStorageVolCreateXML");
      return create(pool.name, xml, flags);
    },
    storageVolCreateXMLFrom({ pool, xml, clonevol, flags }) {
      checkFlags(flags, STORAGE_VOL_CREATE_FLAG.VALIDATE, "testStorageVolCreateXMLFrom");
      return create(pool.name, xml, flags, () => void found(clonevol));
    },

    storageVolDelete({ vol, flags }) {
      checkFlags(flags, 0, "testStorageVolDelete");
      activePool(pools, vol.pool).removeVolume(vol.name);
    },

    storageVolGetInfo({ vol }) {
      const pool = activePool(pools, vol.pool);
      const volume = pool.volume(vol.name);
      return { type: typeIn(pool.config.type), capacity: volume.capacity, allocation: allocationOf(volume) };
    },

    storageVolGetXMLDesc({ vol, flags }) {
      checkFlags(flags, 0, "testStorageVolGetXMLDesc");
      return formatStorageVolume(found(vol));
    },

    storageVolGetPath: ({ vol }) => found(vol).target.path,
  };
}

async function readValid(xml: string, { config }: TestPool): Promise<StorageVolume> {
  const read = (root: Parameters<typeof readStorageVolume>[0]) => readStorageVolume(root, config);
  return read(await parseValidXml(xml, "storageVolume", { explain: read }));
}

/** What the volumes of a pool are to their users. */
function typeIn(pool: StoragePoolType): number {
  switch (pool) {
    case "dir":
    case "fs":
    case "netfs":
    case "vstorage":
      return STORAGE_VOL_TYPE.FILE;
    case "sheepdog":
    case "iscsi-direct":
    case "gluster":
    case "rbd":
      return STORAGE_VOL_TYPE.NETWORK;
    default:
      return STORAGE_VOL_TYPE.BLOCK;
  }
}

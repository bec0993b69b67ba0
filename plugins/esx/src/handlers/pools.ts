import {
  checkFlags,
  type HypervisorHandlers,
  LIST_STORAGE_POOLS_FLAG as LIST,
  type StoragePool as PoolReference,
  STORAGE_POOL_STATE,
} from "@polyvisor/core";
import { formatStoragePool, type StoragePool } from "@polyvisor/sdk/conf/storage-pool";
import { type Datastore, datastoreNamed, listDatastores, mountOf } from "../datastores.js";
import { listImages } from "../files.js";
import type { Server } from "../server.js";
import { esxError } from "../soap/error.js";
import { hashUuid } from "./host-network.js";

const USAGE = ["summary.accessible", "summary.capacity", "summary.freeSpace"];
const POOL_FILTERS = Object.values(LIST).reduce((all, flag) => all | flag, 0);

/** The host's datastores: all of them are active, persistent, and there whenever the host is. */
export function poolHandlers(server: Server): HypervisorHandlers {
  const all = async () => (await listDatastores(server.primary)).flatMap(referenceOf);

  async function byName(name: string): Promise<PoolReference> {
    const found = (await all()).find((each) => each.name === name);
    if (found !== undefined) return found;
    const detail = `Could not find storage pool with name '${name}'`;
    throw esxError("NO_STORAGE_POOL", detail, "pool-list shows the host's datastores");
  }

  const read = async (pool: PoolReference, paths: readonly string[]) =>
    datastoreNamed(await listDatastores(server.primary, paths), pool.name);

  return {
    connectNumOfStoragePools: async () => (await all()).length,
    connectListStoragePools: async () => (await all()).map(({ name }) => name),
    connectNumOfDefinedStoragePools: () => 0,
    connectListDefinedStoragePools: () => [],
    async connectListAllStoragePools({ flags }) {
      checkFlags(flags, POOL_FILTERS, "esxConnectListAllStoragePools", "ESX");
      return selectPools(await listDatastores(server.primary, ["info"]), flags);
    },
    storagePoolLookupByName: ({ name }) => byName(name),
    async storagePoolLookupByUUID({ uuid }) {
      const found = (await all()).find((each) => each.uuid === uuid);
      if (found !== undefined) return found;
      const detail = `Could not find storage pool with uuid '${uuid}'`;
      throw esxError("NO_STORAGE_POOL", detail, "pool-list shows the host's datastores");
    },
    storagePoolLookupByVolume: ({ vol }) => byName(vol.pool),
    async storagePoolRefresh({ pool, flags }) {
      checkFlags(flags, 0, "esxStoragePoolRefresh", "ESX");
      const { object } = await read(pool, []);
      await server.primary.session.call("RefreshDatastore", object.ref);
    },
    async storagePoolGetInfo({ pool }) {
      const usage = usageOf(await read(pool, USAGE));
      const state = usage === undefined ? STORAGE_POOL_STATE.INACCESSIBLE : STORAGE_POOL_STATE.RUNNING;
      return { state, ...(usage ?? { capacity: 0, allocation: 0, available: 0 }) };
    },
    async storagePoolGetXMLDesc({ pool, flags }) {
      checkFlags(flags, 0, "esxStoragePoolGetXMLDesc", "ESX");
      return formatStoragePool(describe(pool, await read(pool, [...USAGE, "info"])));
    },
    async storagePoolGetAutostart({ pool }) {
      await byName(pool.name);
      return true;
    },
    async storagePoolSetAutostart({ pool, autostart }) {
      await byName(pool.name);
      if (autostart) return;
      const detail = "Cannot deactivate storage pool autostart";
      throw esxError("INTERNAL_ERROR", detail, "datastores are there whenever the host is");
    },
    async storagePoolIsActive({ pool }) {
      await byName(pool.name);
      return true;
    },
    async storagePoolIsPersistent({ pool }) {
      await byName(pool.name);
      return true;
    },
    storagePoolNumOfVolumes: async ({ pool }) => (await volumeNames(server, pool.name)).length,
    storagePoolListVolumes: ({ pool }) => volumeNames(server, pool.name),
  };
}

export async function volumeNames(server: Server, pool: string): Promise<string[]> {
  const folders = await listImages(server, pool);
  return folders.flatMap(({ folder, files }) => files.map(({ name }) => (folder === "" ? name : `${folder}/${name}`)));
}

/** Datastores have no UUID: where one is mounted never changes, and the hash of that does for one. */
function referenceOf({ name, mount }: Datastore): PoolReference[] {
  return mount === undefined ? [] : [{ name, uuid: hashUuid(mount) }];
}

type PoolKind = "dir" | "fs" | "netfs";

export function poolKind({ object }: Datastore): PoolKind {
  switch (object.get("info")?.type) {
    case "LocalDatastoreInfo":
      return "dir";
    case "NasDatastoreInfo":
      return "netfs";
    case "VmfsDatastoreInfo":
      return "fs";
    default:
      throw esxError("INTERNAL_ERROR", "DatastoreInfo has unexpected type", "the driver does not know such datastores");
  }
}

function selectPools(datastores: readonly Datastore[], flags: number): PoolReference[] {
  const has = (flag: number): boolean => (flags & flag) !== 0;
  const asks = (yes: number, no: number): boolean => has(no) && !has(yes);
  if (asks(LIST.ACTIVE, LIST.INACTIVE) || asks(LIST.PERSISTENT, LIST.TRANSIENT)) return [];
  if (asks(LIST.AUTOSTART, LIST.NO_AUTOSTART)) return [];
  const states = LIST.ACTIVE | LIST.INACTIVE | LIST.PERSISTENT | LIST.TRANSIENT | LIST.AUTOSTART | LIST.NO_AUTOSTART;
  const kinds = flags & ~states;
  const kindFlags: Readonly<Record<PoolKind, number>> = { dir: LIST.DIR, fs: LIST.FS, netfs: LIST.NETFS };
  const wanted = datastores.filter((each) => kinds === 0 || (kinds & kindFlags[poolKind(each)]) !== 0);
  return wanted.flatMap(referenceOf);
}

function usageOf({ object }: Datastore): { capacity: number; allocation: number; available: number } | undefined {
  if (!object.boolean("summary.accessible")) return undefined;
  const capacity = object.number("summary.capacity") ?? 0;
  const available = object.number("summary.freeSpace") ?? 0;
  return { capacity, allocation: capacity - available, available };
}

function describe({ name, uuid }: PoolReference, datastore: Datastore): StoragePool {
  // whose the files are the server does not tell: libvirt's driver says that they are root's
  const permissions = { mode: 0, owner: 0, group: 0 };
  const common = { name, uuid, usage: usageOf(datastore), target: { path: mountOf(datastore), permissions } };
  const kind = poolKind(datastore);
  if (kind === "dir") return { ...common, type: "dir", source: {} };
  if (kind === "fs") {
    // a pool of this host's has its device; which disks are below a datastore no document can say
    return { ...common, type: "fs", source: { devices: [], format: "vmfs" } } as unknown as StoragePool;
  }
  const nas = datastore.object.get("info")?.at("nas");
  const written = nas?.textAt("type") ?? "";
  const format = { nfs: "nfs", cifs: "cifs" }[written.toLowerCase()];
  if (format !== "nfs" && format !== "cifs") {
    throw esxError("INTERNAL_ERROR", `Datastore has unexpected type '${written}'`);
  }
  const source = {
    hosts: [{ name: nas?.textAt("remoteHost") ?? "" }],
    dir: nas?.textAt("remotePath") ?? "",
    format,
  } as const;
  return { ...common, type: "netfs", source };
}

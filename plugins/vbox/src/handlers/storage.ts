import { posix } from "node:path";
import type { StoragePool, StoragePoolHandlers, StorageVol, StorageVolumeHandlers } from "@polyvisor/core";
import { formatStoragePool } from "@polyvisor/sdk/conf/storage-pool";
import { formatStorageVolume, parseStorageVolume, type StorageVolumeFormat } from "@polyvisor/sdk/conf/storage-volume";
import { checkFlags, vboxError } from "../errors.js";
import type { Machines } from "../machine/machines.js";
import { type Block, parseBlocks, type VBoxManage } from "../manage/index.js";

/** VirtualBox's one register of hard disks, as libvirt's driver names it. */
const POOL: StoragePool = { name: "default-pool", uuid: "1deff1ff-1481-464f-967f-a50fe8936cc4" };
const LIST_FLAGS = 0xfffff;
const FILE = 0;
const RUNNING = 2;

/** Formats of images in libvirt's words and VirtualBox's. */
const FORMATS: Readonly<Record<string, StorageVolumeFormat>> = { vdi: "vdi", vmdk: "vmdk", vhd: "vpc" };

interface Image {
  readonly ref: StorageVol;
  readonly path: string;
  readonly format: StorageVolumeFormat;
  /** Bytes. */
  readonly capacity: number;
  readonly allocation: number;
}

/** The hard disks that VirtualBox knows, as the volumes of one pool. */
export function storageHandlers({ manage }: Machines): StoragePoolHandlers & StorageVolumeHandlers {
  const found = async (matches: (image: Image) => boolean, otherwise: string): Promise<Image> => {
    const image = (await images(manage)).find(matches);
    if (image === undefined) throw vboxError("NO_STORAGE_VOL", otherwise, { hint: "virsh vol-list default-pool" });
    return image;
  };
  const byKey = (key: string) => found(({ ref }) => ref.key === key, `no storage vol with matching key ${key}`);
  const checkPool = ({ name }: { readonly name: string }): StoragePool => {
    if (name === POOL.name) return POOL;
    throw vboxError("NO_STORAGE_POOL", `no storage pool with matching name '${name}'`, { hint: POOL.name });
  };

  return {
    connectNumOfStoragePools: () => 1,
    connectListStoragePools: () => [POOL.name],
    connectNumOfDefinedStoragePools: () => 0,
    connectListDefinedStoragePools: () => [],
    connectListAllStoragePools({ flags }) {
      checkFlags(flags, LIST_FLAGS, "vboxConnectListAllStoragePools");
      return (flags & 3) === 1 ? [] : [POOL];
    },
    storagePoolLookupByName: ({ name }) => checkPool({ name }),
    storagePoolLookupByUUID({ uuid }) {
      if (uuid === POOL.uuid) return POOL;
      throw vboxError("NO_STORAGE_POOL", `no storage pool with matching uuid '${uuid}'`, { hint: POOL.name });
    },
    storagePoolIsActive: ({ pool }) => checkPool(pool) === POOL,
    storagePoolIsPersistent: ({ pool }) => checkPool(pool) === POOL,
    storagePoolGetAutostart: ({ pool }) => checkPool(pool) === POOL,
    async storagePoolGetInfo({ pool }) {
      checkPool(pool);
      const sum = (await images(manage)).reduce((total, { allocation }) => total + allocation, 0);
      return { state: RUNNING, capacity: BigInt(sum), allocation: BigInt(sum), available: 0n };
    },
    async storagePoolGetXMLDesc({ pool }) {
      checkPool(pool);
      return formatStoragePool({
        type: "dir",
        name: POOL.name,
        uuid: POOL.uuid,
        source: {},
        target: { path: await machineFolder(manage) },
      });
    },
    async storagePoolRefresh({ pool, flags }) {
      checkFlags(flags, 0, "vboxStoragePoolRefresh");
      checkPool(pool);
    },
    async storagePoolNumOfVolumes({ pool }) {
      checkPool(pool);
      return (await images(manage)).length;
    },
    async storagePoolListVolumes({ pool }) {
      checkPool(pool);
      return (await images(manage)).map(({ ref }) => ref.name);
    },
    async storagePoolListAllVolumes({ pool, flags }) {
      checkFlags(flags, 0, "vboxStoragePoolListAllVolumes");
      checkPool(pool);
      return (await images(manage)).map(({ ref }) => ref);
    },
    storagePoolLookupByVolume: async ({ vol }) => {
      await byKey(vol.key);
      return POOL;
    },

    async storageVolLookupByName({ pool, name }) {
      checkPool(pool);
      return (await found(({ ref }) => ref.name === name, `no storage vol with matching name '${name}'`)).ref;
    },
    storageVolLookupByKey: async ({ key }) => (await byKey(key)).ref,
    storageVolLookupByPath: async ({ path }) =>
      (await found((image) => image.path === path, `no storage vol with matching path '${path}'`)).ref,
    async storageVolGetInfo({ vol }) {
      const { capacity, allocation } = await byKey(vol.key);
      return { type: FILE, capacity: BigInt(capacity), allocation: BigInt(allocation) };
    },
    async storageVolGetXMLDesc({ vol, flags }) {
      checkFlags(flags, 0, "vboxStorageVolGetXMLDesc");
      const { ref, path, format, capacity, allocation } = await byKey(vol.key);
      const { name, key } = ref;
      return formatStorageVolume({ type: "file", name, key, capacity, allocation, target: { path, format } });
    },
    storageVolGetPath: async ({ vol }) => (await byKey(vol.key)).path,
    async storageVolCreateXML({ pool, xml, flags }) {
      checkFlags(flags, 0, "vboxStorageVolCreateXML");
      checkPool(pool);
      const volume = parseStorageVolume(xml, { type: "dir" });
      const { format = "vdi" } = volume.target;
      const [word] = Object.entries(FORMATS).find(([, known]) => known === format) ?? [];
      if (word === undefined)
        throw vboxError("CONFIG_UNSUPPORTED", `VirtualBox does not make images of format '${format}'`, {
          hint: "vdi, vmdk and vpc",
        });
      const isFixed = volume.allocation !== undefined && volume.allocation === volume.capacity;
      const path = posix.resolve(await machineFolder(manage), volume.name);
      await manage.run(
        ...["createmedium", "disk", "--filename", path, "--sizebyte", String(volume.capacity)],
        ...["--format", word.toUpperCase(), "--variant", isFixed ? "Fixed" : "Standard"],
      );
      return (await found((image) => image.path.startsWith(path), `no storage vol with matching path '${path}'`)).ref;
    },
    async storageVolDelete({ vol, flags }) {
      checkFlags(flags, 0, "vboxStorageVolDelete");
      const { ref } = await byKey(vol.key);
      await manage.run("closemedium", "disk", ref.key, "--delete");
    },
  };
}

/** Where VirtualBox puts what is made without a place. */
async function machineFolder(manage: VBoxManage): Promise<string> {
  const [properties] = await manage.list("systemproperties");
  return properties?.get("Default machine folder") ?? "/";
}

/** Images that cannot be read now are left out. */
async function images(manage: VBoxManage): Promise<Image[]> {
  const blocks = parseBlocks(await manage.run("list", "--long", "hdds"));
  return blocks.filter((block) => block.get("State") !== "inaccessible").flatMap(imageOf);
}

function imageOf(block: Block): Image[] {
  const key = block.get("UUID")?.toLowerCase();
  const path = block.get("Location");
  if (key === undefined || path === undefined) return [];
  return [
    {
      ref: { pool: POOL.name, name: posix.basename(path), key },
      path,
      format: FORMATS[block.get("Storage format")?.toLowerCase() ?? ""] ?? "raw",
      capacity: megabytes(block.get("Capacity")),
      allocation: megabytes(block.get("Size on disk")),
    },
  ];
}

/** `20 MBytes` in bytes. */
function megabytes(text = ""): number {
  return (Number.parseInt(text, 10) || 0) * 1024 * 1024;
}

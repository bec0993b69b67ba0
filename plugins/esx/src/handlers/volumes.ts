import { checkFlags, type HypervisorHandlers, STORAGE_VOL_TYPE, type StorageVol } from "@polyvisor/core";
import { parseUuid } from "@polyvisor/sdk/conf/common";
import { formatStorageVolume, parseStorageVolume, type StorageVolume } from "@polyvisor/sdk/conf/storage-volume";
import { escapeDatastoreItem, parseDatastorePath } from "../datastore-path.js";
import { datastoreNamed, listDatastores } from "../datastores.js";
import { type FileInfo, findFile, imageAt, listImages } from "../files.js";
import type { Server } from "../server.js";
import { esxError } from "../soap/error.js";
import { group, ref, text } from "../soap/message.js";
import { poolKind } from "./pools.js";

/** Images in datastores: disks, and images for drives. */
export function volumeHandlers(server: Server): HypervisorHandlers {
  const volumes = new Volumes(server);
  return {
    async storageVolLookupByName({ pool, name }) {
      const path = `[${pool.name}] ${name}`;
      return { pool: pool.name, name, key: await volumes.keyOf(path) };
    },
    storageVolLookupByPath({ path }) {
      if (path.startsWith("[")) return volumes.byPath(path);
      if (path.startsWith("/")) throw noVolume(`Could not find storage volume with path '${path}'`);
      throw esxError("INVALID_ARG", `Unexpected volume path format: ${path}`, "write [datastore1] folder/file.vmdk");
    },
    storageVolLookupByKey: ({ key }) => (key.startsWith("[") ? volumes.byPath(key) : volumes.byUuid(key)),
    storageVolGetPath: ({ vol }) => `[${vol.pool}] ${vol.name}`,
    async storageVolGetInfo({ vol }) {
      const { capacity, allocation } = sizesOf(await imageAt(server, `[${vol.pool}] ${vol.name}`));
      return { type: STORAGE_VOL_TYPE.FILE, capacity, allocation };
    },
    async storageVolGetXMLDesc({ vol, flags }) {
      checkFlags(flags, 0, "esxStorageVolGetXMLDesc", "ESX");
      const path = `[${vol.pool}] ${vol.name}`;
      const file = await imageAt(server, path);
      const format = FORMATS.get(file.type);
      if (format === undefined) throw esxError("INTERNAL_ERROR", `File '${path}' has unknown type`);
      const key = await volumes.keyOf(path, file);
      return formatStorageVolume({ type: "file", name: vol.name, key, ...sizesOf(file), target: { path, format } });
    },
    storageVolCreateXML({ pool, xml, flags }) {
      checkFlags(flags, 0, "esxStorageVolCreateXML", "ESX");
      return volumes.create(pool.name, xml);
    },
    storageVolCreateXMLFrom({ pool, xml, clonevol, flags }) {
      checkFlags(flags, 0, "esxStorageVolCreateXMLFrom", "ESX");
      return volumes.create(pool.name, xml, clonevol);
    },
    async storageVolDelete({ vol, flags }) {
      checkFlags(flags, 0, "esxStorageVolDelete", "ESX");
      await volumes.perform("DeleteVirtualDisk_Task", "name", vol, "delete");
    },
    async storageVolWipe({ vol, flags }) {
      checkFlags(flags, 0, "esxStorageVolWipe", "ESX");
      await volumes.perform("ZeroFillVirtualDisk_Task", "name", vol, "wipe");
    },
  };
}

const FORMATS: ReadonlyMap<string, "vmdk" | "iso" | "raw"> = new Map([
  ["VmDiskFileInfo", "vmdk"],
  ["IsoImageFileInfo", "iso"],
  ["FloppyImageFileInfo", "raw"],
]);

/** In bytes. */
function sizesOf(file: FileInfo): { capacity: number; allocation: number } {
  const capacity = file.capacityKb === undefined ? file.size : file.capacityKb * 1024;
  return { capacity, allocation: file.size };
}

function noVolume(detail: string): Error {
  return esxError("NO_STORAGE_VOL", detail, "vol-list shows the images of a pool");
}

class Volumes {
  readonly #server: Server;

  constructor(server: Server) {
    this.#server = server;
  }

  /** A disk's own UUID where the server tells it, else where the image is. Throws `NO_STORAGE_VOL`. */
  async keyOf(path: string, known?: FileInfo): Promise<string> {
    // a vCenter does not tell UUIDs of disks
    if (this.#server.primary.session.service.productLine !== "ESX") return path;
    const file = known ?? (await imageAt(this.#server, path));
    return file.type === "VmDiskFileInfo" ? this.#diskUuid(path) : path;
  }

  async #diskUuid(path: string): Promise<string> {
    const { session, place } = this.#server.primary;
    const body = text("name", path) + ref("datacenter", place.datacenter);
    const { text: written } = await session.callForOne(
      "QueryVirtualDiskUuid",
      session.service.virtualDiskManager,
      body,
    );
    const uuid = parseUuid(written);
    if (uuid !== undefined) return uuid;
    throw esxError("INTERNAL_ERROR", `Could not parse UUID from string '${written}'`);
  }

  async byPath(where: string): Promise<StorageVol> {
    const { datastore, path } = parseDatastorePath(where);
    return { pool: datastore, name: path, key: await this.keyOf(where) };
  }

  /** Looks through all datastores: servers find no disk by its UUID. */
  async byUuid(key: string): Promise<StorageVol> {
    const uuid = parseUuid(key);
    if (uuid !== undefined && this.#server.primary.session.service.productLine === "ESX") {
      for (const { name: pool } of await listDatastores(this.#server.primary)) {
        for (const { folder, files } of await listImages(this.#server, pool)) {
          for (const file of files.filter(({ type }) => type === "VmDiskFileInfo")) {
            const name = folder === "" ? file.name : `${folder}/${file.name}`;
            if ((await this.#diskUuid(`[${pool}] ${name}`)) === uuid) return { pool, name, key: uuid };
          }
        }
      }
    }
    throw noVolume(`Could not find storage volume with key '${key}'`);
  }

  /** A new disk, or a copy of one. */
  async create(pool: string, xml: string, source?: StorageVol): Promise<StorageVol> {
    const datastore = datastoreNamed(await listDatastores(this.#server.primary, ["info"]), pool);
    const volume = parseStorageVolume(xml, { type: poolKind(datastore) });
    const { folder, path } = placeOf(pool, volume);
    const { session, place } = this.#server.primary;
    const { virtualDiskManager, fileManager } = session.service;
    if ((await findFile(this.#server, folder, true)) === undefined) {
      const body = text("name", folder) + ref("datacenter", place.datacenter) + text("createParentDirectories", true);
      await session.call("MakeDirectory", fileManager, body);
    }
    const where = ref("datacenter", place.datacenter);
    const [method, body] =
      source === undefined
        ? ["CreateVirtualDisk_Task", text("name", path) + where + diskSpec(volume)]
        : [
            "CopyVirtualDisk_Task",
            text("sourceName", `[${source.pool}] ${source.name}`) +
              ref("sourceDatacenter", place.datacenter) +
              text("destName", path) +
              ref("destDatacenter", place.datacenter) +
              text("force", false),
          ];
    const end = await this.#server.machines.perform(method ?? "", virtualDiskManager, body ?? "");
    if (!end.ok) {
      const what = source === undefined ? "create" : "copy";
      throw esxError("INTERNAL_ERROR", `Could not ${what} volume: ${end.words}`, "the server's own log says more");
    }
    const key = session.service.productLine === "ESX" ? await this.#diskUuid(path) : path;
    return { pool, name: volume.name, key };
  }

  async perform(method: string, argument: string, { pool, name }: StorageVol, what: string): Promise<void> {
    const { session, place } = this.#server.primary;
    const body = text(argument, `[${pool}] ${name}`) + ref("datacenter", place.datacenter);
    const end = await this.#server.machines.perform(method, session.service.virtualDiskManager, body);
    if (end.ok) return;
    throw esxError("INTERNAL_ERROR", `Could not ${what} volume: ${end.words}`, "the server's own log says more");
  }
}

/** Where a new disk goes, as the server writes it. Throws what cannot be made. */
function placeOf(pool: string, volume: StorageVolume): { folder: string; path: string } {
  const { name, type, target } = volume;
  const hint = "write <name>folder/file.vmdk</name>, and <format type='vmdk'/>";
  if (type !== "file") throw esxError("NO_SUPPORT", "Creating non-file volumes is not supported", hint);
  const slash = name.lastIndexOf("/");
  if (slash <= 0 || slash === name.length - 1 || name.startsWith("/")) {
    const detail = `Volume name '${name}' doesn't have expected format '<directory>/<file>'`;
    throw esxError("INTERNAL_ERROR", detail, hint);
  }
  if (!name.toLowerCase().endsWith(".vmdk")) {
    const detail = `Volume name '${name}' has unsupported suffix, expecting '.vmdk'`;
    throw esxError("NO_SUPPORT", detail, hint);
  }
  if (target.format !== "vmdk") {
    throw esxError("NO_SUPPORT", `Creation of ${target.format ?? "raw"} volumes is not supported`, hint);
  }
  const folder = escapeDatastoreItem(name.slice(0, slash));
  return { folder: `[${pool}] ${folder}`, path: `[${pool}] ${folder}/${escapeDatastoreItem(name.slice(slash + 1))}` };
}

function diskSpec({ capacity, allocation }: StorageVolume): string {
  const type = (allocation ?? capacity) === capacity ? "preallocated" : allocation === 0 ? "thin" : undefined;
  if (type === undefined) {
    const detail = "Unsupported capacity-to-allocation relation";
    throw esxError("INTERNAL_ERROR", detail, "allocate all of it, or nothing: <allocation>0</allocation>");
  }
  const body =
    text("diskType", type) + text("adapterType", "lsiLogic") + text("capacityKb", Math.ceil(capacity / 1024));
  return group("spec", body, "FileBackedVirtualDiskSpec");
}

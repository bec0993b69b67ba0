import { existsSync } from "node:fs";
import { VirtError } from "@polyvisor/core";
import { type Domain, parseStoragePool, type StorageSource, type VolumeSource } from "@polyvisor/sdk/conf";
import type { GoldenFiles } from "@polyvisor/sdk/golden";
import { type FoundVolume, sourceOfVolume, volumeKey } from "../command-line/index.js";

/**
 * The data's pools are the documents of another suite, by their file's name; a volume that is called `TYPE+PATH` is one of
 * that type, any other one a block device.
 */
export function volumesOf({ devices }: Domain, files: GoldenFiles): ReadonlyMap<string, StorageSource> {
  const found = new Map<string, StorageSource>();
  for (const { source, backingStore } of devices.disks) {
    let below = backingStore;
    for (let each: StorageSource | undefined = source; each !== undefined; ) {
      if (each.type === "volume") found.set(volumeKey(each), sourceOfVolume(each, find(each, files)));
      each = below?.kind === "image" ? below.source : undefined;
      below = below?.kind === "image" ? below.backingStore : undefined;
    }
  }
  return found;
}

function find({ pool, volume }: VolumeSource, files: GoldenFiles): FoundVolume {
  const path = `storagepoolxml2xmlout/${pool}.xml`;
  const bad = (code: "NO_STORAGE_POOL" | "NO_STORAGE_VOL" | "CONFIG_UNSUPPORTED", detail: string) =>
    new VirtError(code, detail, { domain: "STORAGE" });
  if (pool === "inactive")
    throw bad("CONFIG_UNSUPPORTED", `storage pool '${pool}' containing volume '${volume}' is not active`);
  if (!existsSync(files.path(path))) throw bad("NO_STORAGE_POOL", `File '${files.path(path)}' not found`);
  if (volume === "nonexistent") throw bad("NO_STORAGE_VOL", `no storage vol with matching name '${volume}'`);
  const [type = "block", name = volume] = volume.includes("+") ? volume.split("+", 2) : [];
  return {
    pool: parseStoragePool(files.text(path)),
    active: true,
    type: type as FoundVolume["type"],
    path: `/some/${type}/device/${name}`,
  };
}

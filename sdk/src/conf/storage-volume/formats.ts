import { FILE_FORMATS, type FileFormat } from "../common/index.js";
import type { StoragePoolType } from "../storage-pool/types.js";

/** What a partition of a disk pool is made for. */
export const PARTITION_FORMATS = [
  "none",
  "linux",
  "fat16",
  "fat32",
  "linux-swap",
  "linux-lvm",
  "linux-raid",
  "extended",
] as const;

export type StorageVolumeFormat = FileFormat | (typeof PARTITION_FORMATS)[number];

export interface VolumeFormats {
  readonly words: readonly StorageVolumeFormat[];
  readonly fallback: StorageVolumeFormat;
}

const FILES: VolumeFormats = { words: FILE_FORMATS, fallback: "raw" };
const PARTITIONS: VolumeFormats = { words: PARTITION_FORMATS, fallback: "none" };

/** The formats of the volumes of a pool of some type; undefined where volumes have none. */
export function volumeFormatsOf(type: StoragePoolType): VolumeFormats | undefined {
  switch (type) {
    case "dir":
    case "fs":
    case "netfs":
    case "rbd":
    case "gluster":
    case "vstorage":
      return FILES;
    case "disk":
      return PARTITIONS;
    default:
      return undefined;
  }
}

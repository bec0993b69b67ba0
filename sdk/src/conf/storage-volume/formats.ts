import type { StoragePoolType } from "../storage-pool/types.js";

/** Formats of volumes that are files, in libvirt's order. */
export const FILE_FORMATS = [
  "raw",
  "dir",
  "bochs",
  "cloop",
  "dmg",
  "iso",
  "vpc",
  "vdi",
  "fat",
  "vhd",
  "ploop",
  "cow",
  "qcow",
  "qcow2",
  "qed",
  "vmdk",
] as const;

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

export type StorageVolumeFormat = (typeof FILE_FORMATS)[number] | (typeof PARTITION_FORMATS)[number];

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

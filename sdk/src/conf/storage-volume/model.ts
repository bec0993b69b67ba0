import type { StorageEncryption } from "../domain/model/index.js";
import type { StoragePermissions } from "../storage-pool/model.js";
import type { StorageVolumeFormat } from "./formats.js";

export const STORAGE_VOLUME_TYPES = ["file", "block", "dir", "network", "netdir", "ploop"] as const;
export type StorageVolumeType = (typeof STORAGE_VOLUME_TYPES)[number];

export const STORAGE_VOLUME_FEATURES = ["lazy_refcounts", "extended_l2"] as const;
export type StorageVolumeFeature = (typeof STORAGE_VOLUME_FEATURES)[number];

/** A piece of a device, from `start` up to `end`, in bytes. */
export interface StorageExtent {
  readonly path: string;
  readonly start: number;
  readonly end: number;
}

/** Seconds since 1970, and the nanoseconds of the second. */
export interface StorageTimestamp {
  readonly seconds: number;
  readonly nanoseconds: number;
}

export interface StorageTimestamps {
  readonly atime?: StorageTimestamp | undefined;
  readonly mtime?: StorageTimestamp | undefined;
  readonly ctime?: StorageTimestamp | undefined;
  readonly btime?: StorageTimestamp | undefined;
}

interface Image {
  readonly format?: StorageVolumeFormat | undefined;
  readonly permissions?: StoragePermissions | undefined;
  /** Only the file itself knows them: they are printed and never read. */
  readonly timestamps?: StorageTimestamps | undefined;
}

export interface StorageVolumeTarget extends Image {
  /** The key of the volume for guests; the pool chooses it. */
  readonly path?: string | undefined;
  readonly encryption?: StorageEncryption | undefined;
  /** The oldest version of the format that must be able to read the image, such as `1.1`. */
  readonly compat?: string | undefined;
  /** Made without copy on write. Told to who makes the volume; libvirt never prints it. */
  readonly nocow?: boolean | undefined;
  /** Bytes. */
  readonly clusterSize?: number | undefined;
  /** Absent: the format's own choice; empty: none. */
  readonly features?: readonly StorageVolumeFeature[] | undefined;
}

export interface StorageVolumeBacking extends Image {
  readonly path: string;
}

/** A storage volume's configuration: plain data, safe to turn into JSON and back. Sizes are in bytes. */
export interface StorageVolume {
  readonly type: StorageVolumeType;
  readonly name: string;
  readonly key?: string | undefined;
  /** Where on the pool's devices it lies. Only the pool knows: printed and never read. */
  readonly extents?: readonly StorageExtent[] | undefined;
  /** 0 where the caller allows that none is given: then it is that of the volume it is made from. */
  readonly capacity: number;
  /** Absent: as much as the capacity. */
  readonly allocation?: number | undefined;
  /** What the volume takes on its host. Only the host knows: printed and never read. */
  readonly physical?: number | undefined;
  readonly target: StorageVolumeTarget;
  readonly backingStore?: StorageVolumeBacking | undefined;
}

/** Every type of pool, in libvirt's order. */
export const STORAGE_POOL_TYPES = [
  "dir",
  "fs",
  "netfs",
  "logical",
  "disk",
  "iscsi",
  "iscsi-direct",
  "scsi",
  "mpath",
  "rbd",
  "sheepdog",
  "gluster",
  "zfs",
  "vstorage",
] as const;
export type StoragePoolType = (typeof STORAGE_POOL_TYPES)[number];

export const FILESYSTEM_FORMATS = [
  "auto",
  "ext2",
  "ext3",
  "ext4",
  "ufs",
  "iso9660",
  "udf",
  "gfs",
  "gfs2",
  "vfat",
  "hfs+",
  "xfs",
  "ocfs2",
  "vmfs",
] as const;
export const NETWORK_FILESYSTEM_FORMATS = ["auto", "nfs", "glusterfs", "cifs"] as const;
export const DISK_LABEL_FORMATS = ["unknown", "dos", "dvh", "gpt", "mac", "bsd", "pc98", "sun", "lvm2"] as const;
export const LOGICAL_FORMATS = ["unknown", "lvm2"] as const;

export type FilesystemFormat = (typeof FILESYSTEM_FORMATS)[number];
export type NetworkFilesystemFormat = (typeof NETWORK_FILESYSTEM_FORMATS)[number];
export type DiskLabelFormat = (typeof DISK_LABEL_FORMATS)[number];
export type LogicalFormat = (typeof LOGICAL_FORMATS)[number];

/** The formats of a pool's source and the one that is taken where none is given; types without formats are not here. */
export const POOL_FORMATS = {
  fs: { words: FILESYSTEM_FORMATS, fallback: "auto" },
  netfs: { words: NETWORK_FILESYSTEM_FORMATS, fallback: "auto" },
  logical: { words: LOGICAL_FORMATS, fallback: "lvm2" },
  disk: { words: DISK_LABEL_FORMATS, fallback: "unknown" },
} as const;

/** The namespaces of a pool's own options, and the prefix that they are printed with. */
export const FS_NAMESPACE = { prefix: "fs", uri: "http://libvirt.org/schemas/storagepool/fs/1.0" } as const;
export const RBD_NAMESPACE = { prefix: "rbd", uri: "http://libvirt.org/schemas/storagepool/rbd/1.0" } as const;

/** Numbers of libvirt's API about what is no domain, under its names without the common prefix. */

/** Which networks a list has. */
export const LIST_NETWORKS_FLAG = {
  INACTIVE: 1,
  ACTIVE: 2,
  PERSISTENT: 4,
  TRANSIENT: 8,
  AUTOSTART: 16,
  NO_AUTOSTART: 32,
} as const;

/** Which storage pools a list has. */
export const LIST_STORAGE_POOLS_FLAG = {
  INACTIVE: 1,
  ACTIVE: 2,
  PERSISTENT: 4,
  TRANSIENT: 8,
  AUTOSTART: 16,
  NO_AUTOSTART: 32,
  DIR: 1 << 6,
  FS: 1 << 7,
  NETFS: 1 << 8,
  LOGICAL: 1 << 9,
  DISK: 1 << 10,
  ISCSI: 1 << 11,
  SCSI: 1 << 12,
  MPATH: 1 << 13,
  RBD: 1 << 14,
  SHEEPDOG: 1 << 15,
  GLUSTER: 1 << 16,
  ZFS: 1 << 17,
  VSTORAGE: 1 << 18,
  ISCSI_DIRECT: 1 << 19,
} as const;

/** Which of the host's network interfaces a list has. */
export const LIST_INTERFACES_FLAG = {
  INACTIVE: 1,
  ACTIVE: 2,
} as const;

/** Which node devices a list has. */
export const LIST_NODE_DEVICES_FLAG = {
  CAP_SYSTEM: 1,
  CAP_PCI_DEV: 1 << 1,
  CAP_USB_DEV: 1 << 2,
  CAP_USB_INTERFACE: 1 << 3,
  CAP_NET: 1 << 4,
  CAP_SCSI_HOST: 1 << 5,
  CAP_SCSI_TARGET: 1 << 6,
  CAP_SCSI: 1 << 7,
  CAP_STORAGE: 1 << 8,
  CAP_FC_HOST: 1 << 9,
  CAP_VPORTS: 1 << 10,
  CAP_SCSI_GENERIC: 1 << 11,
  CAP_DRM: 1 << 12,
  CAP_MDEV_TYPES: 1 << 13,
  CAP_MDEV: 1 << 14,
  CAP_CCW_DEV: 1 << 15,
  CAP_CSS_DEV: 1 << 16,
  CAP_VDPA: 1 << 17,
  CAP_AP_CARD: 1 << 18,
  CAP_AP_QUEUE: 1 << 19,
  CAP_AP_MATRIX: 1 << 20,
  CAP_VPD: 1 << 21,
  INACTIVE: 1 << 30,
  ACTIVE: 2147483648,
} as const;

/** What a network's lifecycle event tells (`virNetworkEventLifecycleType`). */
export const NETWORK_EVENT = {
  DEFINED: 0,
  UNDEFINED: 1,
  STARTED: 2,
  STOPPED: 3,
} as const;

/** What a storage pool's lifecycle event tells (`virStoragePoolEventLifecycleType`). */
export const STORAGE_POOL_EVENT = {
  DEFINED: 0,
  UNDEFINED: 1,
  STARTED: 2,
  STOPPED: 3,
  CREATED: 4,
  DELETED: 5,
} as const;

/** What a node device's lifecycle event tells (`virNodeDeviceEventLifecycleType`). */
export const NODE_DEVICE_EVENT = {
  CREATED: 0,
  DELETED: 1,
  DEFINED: 2,
  UNDEFINED: 3,
} as const;

/** What a storage pool is doing (`virStoragePoolState`). */
export const STORAGE_POOL_STATE = {
  INACTIVE: 0,
  BUILDING: 1,
  RUNNING: 2,
  DEGRADED: 3,
  INACCESSIBLE: 4,
} as const;

/** What a storage volume is (`virStorageVolType`). */
export const STORAGE_VOL_TYPE = {
  FILE: 0,
  BLOCK: 1,
  DIR: 2,
  NETWORK: 3,
  NETDIR: 4,
  PLOOP: 5,
} as const;

/** Flags of making a volume. */
export const STORAGE_VOL_CREATE_FLAG = {
  PREALLOC_METADATA: 1,
  REFLINK: 2,
  VALIDATE: 4,
} as const;

/** Which secrets a list has. */
export const LIST_SECRETS_FLAG = {
  EPHEMERAL: 1,
  NO_EPHEMERAL: 2,
  PRIVATE: 4,
  NO_PRIVATE: 8,
} as const;

/** What a secret's lifecycle event tells (`virSecretEventLifecycleType`). */
export const SECRET_EVENT = {
  DEFINED: 0,
  UNDEFINED: 1,
} as const;

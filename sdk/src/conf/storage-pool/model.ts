import type { HostPciAddress } from "../common/index.js";
import type { SecretReference, YesNo } from "../domain/model/index.js";
import type {
  DiskLabelFormat,
  FilesystemFormat,
  LogicalFormat,
  NetworkFilesystemFormat,
  StoragePoolType,
} from "./types.js";

export interface StoragePoolHost {
  readonly name: string;
  readonly port?: number | undefined;
}

export interface StoragePoolDevice {
  readonly path: string;
  /** Whether a partition's name has a `p` between the device's name and the number; multipath devices only. */
  readonly partSeparator?: YesNo | undefined;
  /** Bytes of a disk that no partition covers. Only a running pool knows them: they are printed and never read. */
  readonly freeExtents?: readonly { readonly start: number; readonly end: number }[] | undefined;
}

/** Which SCSI host holds the pool's disks. World wide names are 16 hexadecimal digits. */
export type StorageAdapter =
  | { readonly type: "scsi_host"; readonly name: string }
  | {
      readonly type: "scsi_host";
      readonly parent: HostPciAddress;
      /** The number in sysfs' `unique_id`, which tells the ports of one PCI device apart. */
      readonly uniqueId: number;
    }
  | {
      readonly type: "fc_host";
      readonly wwnn: string;
      readonly wwpn: string;
      readonly parent?: string | undefined;
      readonly parentWwnn?: string | undefined;
      readonly parentWwpn?: string | undefined;
      readonly parentFabricWwn?: string | undefined;
      /** Whether the virtual port goes away with the pool. */
      readonly managed?: YesNo | undefined;
    };

/** How the host identifies itself to the storage's server. */
export interface StoragePoolAuth {
  readonly type: "chap" | "ceph";
  readonly username: string;
  readonly secretType?: string | undefined;
  readonly secret: SecretReference;
}

/** What the source of any pool may say. */
export interface StoragePoolSourceInfo {
  readonly auth?: StoragePoolAuth | undefined;
  /** Version of the NFS protocol. */
  readonly protocolVersion?: string | undefined;
  readonly vendor?: string | undefined;
  readonly product?: string | undefined;
}

export type NonEmpty<T> = readonly [T, ...(readonly T[])];

interface Hosts {
  readonly hosts: NonEmpty<StoragePoolHost>;
}

interface Devices {
  readonly devices: readonly StoragePoolDevice[];
}

/** Of a pool that lives on a device. */
interface OnDevice {
  readonly devices: NonEmpty<StoragePoolDevice>;
}

interface Directory {
  readonly dir: string;
}

interface Named {
  /** What the storage itself calls the pool: a volume group, an RBD pool, a dataset. */
  readonly name: string;
}

export interface StoragePermissions {
  /** Bits of the mode, such as 0o755. */
  readonly mode?: number | undefined;
  readonly owner?: number | undefined;
  readonly group?: number | undefined;
  readonly label?: string | undefined;
}

/** Where the pool's volumes are seen on the host. */
export interface StoragePoolTarget {
  readonly path: string;
  readonly permissions?: StoragePermissions | undefined;
}

interface Base<T extends StoragePoolType, S> {
  readonly type: T;
  readonly name: string;
  readonly uuid: string;
  /** Bytes, of a running pool. They are printed (0 when absent) and never read. */
  readonly usage?: { readonly capacity: number; readonly allocation: number; readonly available: number } | undefined;
  readonly source: S & StoragePoolSourceInfo;
  readonly refresh?: { readonly volumeAllocation: "default" | "capacity" } | undefined;
}

interface Local<T extends StoragePoolType, S> extends Base<T, S> {
  readonly target: StoragePoolTarget;
}

interface CopyOnWrite {
  /** Whether the file system copies on write; set when the pool is built. */
  readonly cow?: YesNo | undefined;
}

interface MountOptions {
  readonly mountOptions?: readonly string[] | undefined;
}

export interface RbdOption {
  readonly name: string;
  readonly value: string;
}

export interface DirPool extends Local<"dir", object>, CopyOnWrite {}
export interface FsPool
  extends Local<"fs", OnDevice & { readonly format: FilesystemFormat }>,
    CopyOnWrite,
    MountOptions {}
export interface NetfsPool
  extends Local<"netfs", Hosts & Directory & { readonly format: NetworkFilesystemFormat }>,
    MountOptions {}
export interface LogicalPool extends Local<"logical", Devices & Named & { readonly format: LogicalFormat }> {}
export interface DiskPool extends Local<"disk", OnDevice & { readonly format: DiskLabelFormat }> {}
export interface IscsiPool extends Local<"iscsi", Hosts & Devices & { readonly initiatorIqn?: string | undefined }> {}
export interface IscsiDirectPool extends Base<"iscsi-direct", Hosts & Devices & { readonly initiatorIqn: string }> {}
export interface ScsiPool extends Local<"scsi", { readonly adapter: StorageAdapter }> {}
export interface MpathPool extends Local<"mpath", object> {}
export interface RbdPool extends Base<"rbd", Hosts & Named> {
  /** Options for librados. */
  readonly configOptions?: readonly RbdOption[] | undefined;
}
export interface SheepdogPool extends Base<"sheepdog", Hosts & Named> {}
export interface GlusterPool extends Base<"gluster", Hosts & Named & Directory> {}
export interface ZfsPool extends Local<"zfs", Devices & Named> {}
export interface VstoragePool extends Local<"vstorage", Named> {}

/** A storage pool's configuration: plain data, safe to turn into JSON and back. */
export type StoragePool =
  | DirPool
  | FsPool
  | NetfsPool
  | LogicalPool
  | DiskPool
  | IscsiPool
  | IscsiDirectPool
  | ScsiPool
  | MpathPool
  | RbdPool
  | SheepdogPool
  | GlusterPool
  | ZfsPool
  | VstoragePool;

export type StoragePoolSource = StoragePool["source"];

import type { FileFormat } from "../../common/index.js";
import type { PciAddress } from "./address.js";
import type { ChardevReconnect } from "./chardev.js";
import type { DeviceSeclabel, YesNo } from "./common.js";
import type { StartupPolicy } from "./device.js";

export type StorageFormat = FileFormat;

export type NetworkProtocol =
  | "nbd"
  | "rbd"
  | "sheepdog"
  | "gluster"
  | "iscsi"
  | "http"
  | "https"
  | "ftp"
  | "ftps"
  | "tftp"
  | "ssh"
  | "vxhs"
  | "nfs";

export type StorageHost =
  | { readonly transport: "tcp" | "rdma"; readonly name?: string | undefined; readonly port?: number | undefined }
  | { readonly transport: "unix"; readonly socket: string };

/** A libvirt secret, by uuid or by usage. */
export type SecretReference = { readonly uuid: string } | { readonly usage: string };

export interface StorageAuth {
  readonly username: string;
  readonly secretType?: string | undefined;
  readonly secret: SecretReference;
}

export interface StorageEncryption {
  readonly format: "default" | "qcow" | "luks" | "luks2";
  readonly engine?: "qemu" | "librbd" | undefined;
  readonly secrets: readonly { readonly type: "passphrase"; readonly reference: SecretReference }[];
  readonly cipher?:
    | {
        readonly name: string;
        readonly size: number;
        readonly mode?: string | undefined;
        readonly hash?: string | undefined;
      }
    | undefined;
  readonly ivgen?: { readonly name: string; readonly hash?: string | undefined } | undefined;
}

export interface PersistentReservations {
  readonly managed: YesNo;
  readonly path?: string | undefined;
  readonly mode?: string | undefined;
}

export interface StorageCookie {
  readonly name: string;
  readonly value: string;
}

/** What any source may carry beside its location. */
export interface SourceCommon {
  readonly seclabels?: readonly DeviceSeclabel[] | undefined;
  /** How the host identifies itself to the storage's server. */
  readonly auth?: StorageAuth | undefined;
  readonly encryption?: StorageEncryption | undefined;
  readonly reservations?: PersistentReservations | undefined;
  readonly slices?: readonly { readonly type: "storage"; readonly offset: number; readonly size: number }[] | undefined;
  readonly startupPolicy?: StartupPolicy | undefined;
  /** Number of the image in the chain of a running guest (`vda[3]`); live only. */
  readonly index?: number | undefined;
  readonly metadataCacheMaxSize?: number | undefined;
}

/** A file; without a path it is an empty removable drive. */
export interface FileSource extends SourceCommon {
  readonly type: "file";
  readonly path?: string | undefined;
  readonly fdgroup?: string | undefined;
}

export interface BlockSource extends SourceCommon {
  readonly type: "block";
  readonly path?: string | undefined;
}

export interface DirSource extends SourceCommon {
  readonly type: "dir";
  readonly path?: string | undefined;
}

export interface NetworkSource extends SourceCommon {
  readonly type: "network";
  readonly protocol: NetworkProtocol;
  /** Image, export or path on the server; for rbd `pool/image`, for gluster `volume/path` (as in the XML). */
  readonly name?: string | undefined;
  readonly query?: string | undefined;
  readonly tls?: YesNo | undefined;
  readonly tlsHostname?: string | undefined;
  readonly hosts: readonly StorageHost[];
  readonly snapshot?: string | undefined;
  readonly config?: string | undefined;
  readonly initiatorIqn?: string | undefined;
  readonly sslVerify?: YesNo | undefined;
  readonly cookies?: readonly StorageCookie[] | undefined;
  readonly readahead?: number | undefined;
  readonly timeout?: number | undefined;
  readonly identity?: { readonly user?: string | undefined; readonly group?: string | undefined } | undefined;
}

export interface VolumeSource extends SourceCommon {
  readonly type: "volume";
  readonly pool: string;
  readonly volume: string;
  readonly mode?: "host" | "direct" | undefined;
}

export interface NvmeSource extends SourceCommon {
  readonly type: "nvme";
  readonly managed?: YesNo | undefined;
  readonly namespace: number;
  readonly pci: PciAddress;
}

export interface VhostUserSource extends SourceCommon {
  readonly type: "vhostuser";
  readonly path?: string | undefined;
  readonly reconnect?: ChardevReconnect | undefined;
}

/** Where a disk's data lives on the host. */
export type StorageSource =
  | FileSource
  | BlockSource
  | DirSource
  | NetworkSource
  | VolumeSource
  | NvmeSource
  | VhostUserSource;

/** What lies below an image: nothing (`end`), or another image. Absent altogether means "not looked at yet". */
export type BackingStore =
  | { readonly kind: "end" }
  | {
      readonly kind: "image";
      readonly format: StorageFormat;
      readonly source: StorageSource;
      readonly backingStore?: BackingStore | undefined;
    };

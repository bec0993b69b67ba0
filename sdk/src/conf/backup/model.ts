import type { StorageFormat, StorageSource, YesNo } from "../domain/model/index.js";

/** How far the copy of a disk has come. */
export type BackupDiskState = "running" | "complete" | "failed" | "cancelling" | "cancelled";

/** Where the copy of a disk goes in a push, or where old blocks are kept during a pull. */
export interface BackupStore {
  /** Without a path where the user named none. */
  readonly source: Extract<StorageSource, { type: "file" | "block" }>;
  readonly format?: StorageFormat | undefined;
}

export type BackupDisk =
  | { readonly name: string; readonly backup: "no" }
  | {
      /** The disk's target. */
      readonly name: string;
      readonly backup: "yes";
      /** Always there after alignment. */
      readonly mode?: "full" | "incremental" | undefined;
      /** The checkpoint since which blocks are copied. */
      readonly incremental?: string | undefined;
      /** Of a pull: the names of the export and of its bitmap on the NBD server. */
      readonly exportName?: string | undefined;
      readonly exportBitmap?: string | undefined;
      readonly store: BackupStore;
      /** A driver's own: the copy's state. */
      readonly state?: BackupDiskState | undefined;
    };

interface BackupCommon {
  /** The checkpoint since which blocks are copied, for disks that name none of their own. */
  readonly incremental?: string | undefined;
  readonly disks: readonly BackupDisk[];
  /** A driver's own: names of the objects that hold the server's certificates and their password. */
  readonly tlsAlias?: string | undefined;
  readonly tlsSecretAlias?: string | undefined;
}

/** The NBD server that a pull starts. */
export interface BackupServer {
  readonly host:
    | { readonly transport: "tcp"; readonly name: string; readonly port?: number | undefined }
    | { readonly transport: "unix"; readonly socket: string };
  readonly tls?: YesNo | undefined;
}

/** A backup of a running domain: pushed to files, or pulled by a client from an NBD server. */
export type Backup =
  | (BackupCommon & { readonly mode: "push" })
  | (BackupCommon & { readonly mode: "pull"; readonly server?: BackupServer | undefined });

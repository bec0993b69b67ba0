import type { OnOff, VirtioModel, VirtioOptions } from "./common.js";
import type { DeviceInfo } from "./device.js";
import type { StorageFormat } from "./storage.js";

export type FilesystemSource =
  | {
      readonly type: "mount" /** Empty when a virtiofsd socket is given. */;
      readonly dir?: string | undefined;
      readonly socket?: string | undefined;
    }
  | { readonly type: "block"; readonly dev: string }
  | { readonly type: "file"; readonly file: string }
  | { readonly type: "template"; readonly name: string }
  | { readonly type: "ram" /** KiB. */; readonly usage: number }
  | { readonly type: "bind"; readonly dir: string }
  | { readonly type: "volume"; readonly pool: string; readonly volume: string };

export interface FilesystemDriver extends VirtioOptions {
  readonly type?: "path" | "handle" | "loop" | "nbd" | "ploop" | "virtiofs" | undefined;
  readonly format?: StorageFormat | undefined;
  readonly wrpolicy?: "immediate" | undefined;
  readonly queue?: number | undefined;
}

export interface FilesystemBinary {
  readonly path?: string | undefined;
  readonly xattr?: OnOff | undefined;
  readonly cache?: "none" | "always" | undefined;
  readonly sandbox?: "namespace" | "chroot" | undefined;
  readonly posixLock?: OnOff | undefined;
  readonly flock?: OnOff | undefined;
  readonly threadPoolSize?: number | undefined;
}

export interface Filesystem extends DeviceInfo {
  readonly kind: "filesystem";
  readonly source: FilesystemSource;
  readonly accessmode?: "passthrough" | "mapped" | "squash" | undefined;
  readonly multidevs?: "remap" | "forbid" | "warn" | undefined;
  /** Octal modes as numbers. */
  readonly fmode?: number | undefined;
  readonly dmode?: number | undefined;
  readonly model?: VirtioModel | undefined;
  readonly driver?: FilesystemDriver | undefined;
  readonly binary?: FilesystemBinary | undefined;
  readonly target?: string | undefined;
  readonly readonly?: boolean | undefined;
  /** Bytes. */
  readonly spaceHardLimit?: number | undefined;
  readonly spaceSoftLimit?: number | undefined;
}

import type { OnOff, VirtioModel, VirtioOptions, YesNo } from "./common.js";
import type { DeviceInfo } from "./device.js";
import type { BackingStore, StorageFormat, StorageSource } from "./storage.js";

export type DiskBus = "ide" | "fdc" | "scsi" | "virtio" | "xen" | "usb" | "uml" | "sata" | "sd";
export type DiskCache = "none" | "writethrough" | "writeback" | "directsync" | "unsafe";
export type DiskErrorPolicy = "stop" | "report" | "ignore" | "enospace";

export interface DiskDriver extends VirtioOptions {
  readonly name?: string | undefined;
  /** The image's format. */
  readonly type?: StorageFormat | undefined;
  readonly cache?: DiskCache | undefined;
  readonly errorPolicy?: DiskErrorPolicy | undefined;
  readonly rerrorPolicy?: Exclude<DiskErrorPolicy, "enospace"> | undefined;
  readonly io?: "native" | "threads" | "io_uring" | undefined;
  readonly ioeventfd?: OnOff | undefined;
  readonly eventIdx?: OnOff | undefined;
  readonly copyOnRead?: OnOff | undefined;
  readonly discard?: "unmap" | "ignore" | undefined;
  readonly iothread?: number | undefined;
  readonly detectZeroes?: "off" | "on" | "unmap" | undefined;
  readonly queues?: number | undefined;
  readonly queueSize?: number | undefined;
  /** Bytes. */
  readonly metadataCacheMaxSize?: number | undefined;
}

/** Limits in bytes or operations a second; lengths in seconds. 0 and absent mean no limit. */
export interface IoTune {
  readonly totalBytesSec?: number | undefined;
  readonly readBytesSec?: number | undefined;
  readonly writeBytesSec?: number | undefined;
  readonly totalIopsSec?: number | undefined;
  readonly readIopsSec?: number | undefined;
  readonly writeIopsSec?: number | undefined;
  readonly totalBytesSecMax?: number | undefined;
  readonly readBytesSecMax?: number | undefined;
  readonly writeBytesSecMax?: number | undefined;
  readonly totalIopsSecMax?: number | undefined;
  readonly readIopsSecMax?: number | undefined;
  readonly writeIopsSecMax?: number | undefined;
  readonly sizeIopsSec?: number | undefined;
  readonly groupName?: string | undefined;
  readonly totalBytesSecMaxLength?: number | undefined;
  readonly readBytesSecMaxLength?: number | undefined;
  readonly writeBytesSecMaxLength?: number | undefined;
  readonly totalIopsSecMaxLength?: number | undefined;
  readonly readIopsSecMaxLength?: number | undefined;
  readonly writeIopsSecMaxLength?: number | undefined;
}

/** A copy or commit in progress; live only. */
export interface DiskMirror {
  readonly job: "copy" | "active-commit";
  readonly ready?: "yes" | "abort" | "pivot" | undefined;
  readonly format?: StorageFormat | undefined;
  readonly source: StorageSource;
  readonly backingStore?: BackingStore | undefined;
}

export interface Disk extends DeviceInfo {
  readonly kind: "disk";
  readonly device: "disk" | "cdrom" | "floppy" | "lun";
  readonly model?: VirtioModel | undefined;
  readonly rawio?: YesNo | undefined;
  readonly sgio?: "filtered" | "unfiltered" | undefined;
  readonly snapshot?: "no" | "internal" | "external" | "manual" | undefined;
  readonly driver?: DiskDriver | undefined;
  /** `<auth>` and `<encryption>` written under `<disk>` are kept in the source; these remember where they stood. */
  readonly authInDisk?: boolean | undefined;
  readonly encryptionInDisk?: boolean | undefined;
  readonly source: StorageSource;
  readonly backingStore?: BackingStore | undefined;
  readonly backendDomain?: string | undefined;
  readonly geometry?:
    | {
        readonly cylinders: number;
        readonly heads: number;
        readonly sectors: number;
        readonly trans?: "none" | "auto" | "lba" | undefined;
      }
    | undefined;
  readonly blockio?:
    | {
        readonly logicalBlockSize?: number | undefined;
        readonly physicalBlockSize?: number | undefined;
      }
    | undefined;
  readonly mirror?: DiskMirror | undefined;
  readonly target: {
    readonly dev: string;
    /** Always there after defaults. */
    readonly bus?: DiskBus | undefined;
    /** Removable drives only; closed when left out. */
    readonly tray?: "open" | "closed" | undefined;
    readonly removable?: OnOff | undefined;
    readonly rotationRate?: number | undefined;
  };
  readonly iotune?: IoTune | undefined;
  readonly readonly?: boolean | undefined;
  readonly shareable?: boolean | undefined;
  readonly transient?: { readonly shareBacking?: YesNo | undefined } | undefined;
  readonly serial?: string | undefined;
  readonly wwn?: string | undefined;
  readonly vendor?: string | undefined;
  readonly product?: string | undefined;
}

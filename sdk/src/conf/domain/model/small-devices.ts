import type { ChardevSource } from "./chardev.js";
import type { NumberSet, OnOff, VirtioModel, VirtioOptions, YesNo } from "./common.js";
import type { DeviceInfo } from "./device.js";

export interface Memballoon extends DeviceInfo {
  readonly kind: "memballoon";
  readonly model: VirtioModel | "xen" | "none";
  readonly autodeflate?: OnOff | undefined;
  readonly freePageReporting?: OnOff | undefined;
  /** Seconds between statistics; absent for none. */
  readonly statsPeriod?: number | undefined;
  readonly driver?: VirtioOptions | undefined;
}

export type RngBackend =
  | { readonly model: "random"; readonly path?: string | undefined }
  | { readonly model: "egd"; readonly source: ChardevSource }
  | { readonly model: "builtin" };

export interface Rng extends DeviceInfo {
  readonly kind: "rng";
  readonly model: VirtioModel;
  /** Bytes each `period` milliseconds. */
  readonly rate?: { readonly bytes: number; readonly period?: number | undefined } | undefined;
  readonly backend: RngBackend;
  readonly driver?: VirtioOptions | undefined;
}

export interface Watchdog extends DeviceInfo {
  readonly kind: "watchdog";
  readonly model: "i6300esb" | "ib700" | "diag288";
  readonly action: "reset" | "shutdown" | "poweroff" | "pause" | "dump" | "none" | "inject-nmi";
}

export interface Panic extends DeviceInfo {
  readonly kind: "panic";
  /** Absent until a driver chose one. */
  readonly model?: "isa" | "pseries" | "hyperv" | "s390" | undefined;
}

export interface Hub extends DeviceInfo {
  readonly kind: "hub";
  readonly type: "usb";
}

export interface Redirdev extends DeviceInfo {
  readonly kind: "redirdev";
  readonly bus: "usb";
  readonly source: ChardevSource;
}

export interface RedirFilter {
  readonly devices: readonly {
    /** Absent means any. */
    readonly class?: number | undefined;
    readonly vendor?: number | undefined;
    readonly product?: number | undefined;
    /** 0xJJMN as USB has it. */
    readonly version?: number | undefined;
    readonly allow: YesNo;
  }[];
}

export type TpmBackend =
  | { readonly type: "passthrough"; readonly device: string }
  | {
      readonly type: "emulator";
      readonly version?: "1.2" | "2.0" | undefined;
      readonly encryptionSecret?: string | undefined;
      readonly persistentState?: YesNo | undefined;
      readonly activePcrBanks?: readonly ("sha1" | "sha256" | "sha384" | "sha512")[] | undefined;
    }
  | { readonly type: "external"; readonly source: ChardevSource };

export interface Tpm extends DeviceInfo {
  readonly kind: "tpm";
  /** Absent until a driver chose one. */
  readonly model?: "tpm-tis" | "tpm-crb" | "tpm-spapr" | "spapr-tpm-proxy" | undefined;
  readonly backend: TpmBackend;
}

export interface Vsock extends DeviceInfo {
  readonly kind: "vsock";
  readonly model?: VirtioModel | undefined;
  readonly cid: { readonly auto?: YesNo | undefined; readonly address?: number | undefined };
  readonly driver?: VirtioOptions | undefined;
}

export type Smartcard = DeviceInfo & {
  readonly kind: "smartcard";
} & (
    | { readonly mode: "host" }
    | {
        readonly mode: "host-certificates";
        readonly certificates: readonly [string, string, string];
        readonly database?: string | undefined;
      }
    | { readonly mode: "passthrough"; readonly source: ChardevSource }
  );

export interface Shmem extends DeviceInfo {
  readonly kind: "shmem";
  readonly name: string;
  readonly role?: "master" | "peer" | undefined;
  readonly model?: "ivshmem" | "ivshmem-plain" | "ivshmem-doorbell" | undefined;
  /** Bytes. */
  readonly size?: number | undefined;
  readonly server?: { readonly path?: string | undefined } | undefined;
  readonly msi?: { readonly vectors?: number | undefined; readonly ioeventfd?: OnOff | undefined } | undefined;
}

/** A hot-pluggable piece of memory. Sizes in KiB. */
export interface MemoryDevice extends DeviceInfo {
  readonly kind: "memory";
  readonly model: "dimm" | "nvdimm" | "virtio-pmem" | "virtio-mem" | "sgx-epc";
  readonly access?: "shared" | "private" | undefined;
  readonly discard?: YesNo | undefined;
  readonly uuid?: string | undefined;
  readonly source?:
    | {
        readonly nodemask?: NumberSet | undefined;
        readonly pagesize?: number | undefined;
        readonly path?: string | undefined;
        readonly alignsize?: number | undefined;
        readonly pmem?: boolean | undefined;
      }
    | undefined;
  readonly target: {
    readonly size: number;
    readonly node?: number | undefined;
    readonly labelSize?: number | undefined;
    readonly readonly?: boolean | undefined;
    readonly block?: number | undefined;
    readonly requested?: number | undefined;
    /** Live only. */
    readonly current?: number | undefined;
  };
}

export interface Iommu extends DeviceInfo {
  readonly kind: "iommu";
  readonly model: "intel" | "smmuv3" | "virtio";
  readonly driver?:
    | {
        readonly intremap?: OnOff | undefined;
        readonly cachingMode?: OnOff | undefined;
        readonly eim?: OnOff | undefined;
        readonly iotlb?: OnOff | undefined;
        readonly awBits?: number | undefined;
      }
    | undefined;
}

export interface Nvram extends DeviceInfo {
  readonly kind: "nvram";
}

/** A disk lease in a lock manager's lockspace. */
export interface Lease {
  readonly kind: "lease";
  readonly lockspace?: string | undefined;
  readonly key: string;
  readonly target: { readonly path: string; readonly offset: number };
}

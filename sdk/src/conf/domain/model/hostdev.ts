import type { PciAddress } from "./address.js";
import type { OnOff, VirtioModel, YesNo } from "./common.js";
import type { DeviceInfo, StartupPolicy } from "./device.js";
import type { IpAddress, IpRoute, Teaming } from "./interface.js";
import type { StorageAuth, StorageHost } from "./storage.js";

export type ScsiHostSource =
  | {
      readonly protocol: "adapter";
      readonly adapter: string;
      readonly bus: number;
      readonly target: number;
      readonly unit: number;
    }
  | {
      readonly protocol: "iscsi";
      readonly name: string;
      readonly hosts: readonly StorageHost[];
      readonly auth?: StorageAuth | undefined;
      readonly initiatorIqn?: string | undefined;
    };

/** A USB device of the host, by what it is, by where it is plugged in, or both. */
export interface UsbHostDevice {
  readonly type: "usb";
  readonly guestReset?: "off" | "uninitialized" | "on" | undefined;
  readonly startupPolicy?: StartupPolicy | undefined;
  readonly vendor?: number | undefined;
  readonly product?: number | undefined;
  readonly bus?: number | undefined;
  readonly device?: number | undefined;
  /** bus and device were found by vendor and product. */
  readonly autoAddress?: boolean | undefined;
  readonly missing?: boolean | undefined;
}

/** Which device of the host the guest gets. */
export type HostdevSource =
  | UsbHostDevice
  | {
      readonly type: "pci";
      readonly address: PciAddress;
      readonly driver?: "kvm" | "vfio" | "xen" | undefined;
      readonly writeFiltering?: YesNo | undefined;
    }
  | {
      readonly type: "scsi";
      readonly scsi: ScsiHostSource;
      readonly sgio?: "filtered" | "unfiltered" | undefined;
      readonly rawio?: YesNo | undefined;
    }
  | {
      readonly type: "scsi_host";
      readonly protocol: "vhost";
      readonly wwpn: string;
      readonly model?: VirtioModel | undefined;
    }
  | {
      readonly type: "mdev";
      readonly model: string;
      readonly display?: OnOff | undefined;
      readonly ramfb?: OnOff | undefined;
      readonly uuid: string;
    }
  | { readonly type: "storage"; readonly block: string }
  | { readonly type: "misc"; readonly char: string }
  | {
      readonly type: "net";
      readonly interface: string;
      readonly ips?: readonly IpAddress[] | undefined;
      readonly routes?: readonly IpRoute[] | undefined;
    };

export interface Hostdev extends DeviceInfo {
  readonly kind: "hostdev";
  readonly mode: "subsystem" | "capabilities";
  readonly managed: boolean;
  readonly source: HostdevSource;
  readonly teaming?: Teaming | undefined;
  readonly readonly?: boolean | undefined;
  readonly shareable?: boolean | undefined;
}

import type { HostPciAddress } from "../common/index.js";
import type { NetworkLink } from "../interface/link.js";

/** A number that the device's makers chose, and its name where one is known. */
export interface DeviceMaker {
  readonly id: number;
  readonly name?: string | undefined;
}

/** A kind of mediated device that a parent can make. */
export interface MdevType {
  readonly id: string;
  readonly name?: string | undefined;
  readonly deviceApi: string;
  readonly availableInstances: number;
}

export interface SystemCapability {
  readonly type: "system";
  readonly product?: string | undefined;
  readonly hardware: {
    readonly vendor?: string | undefined;
    readonly version?: string | undefined;
    readonly serial?: string | undefined;
    readonly uuid: string;
  };
  readonly firmware: {
    readonly vendor?: string | undefined;
    readonly version?: string | undefined;
    readonly releaseDate?: string | undefined;
  };
}

export const PCIE_SPEEDS = ["2.5", "5", "8", "16", "32", "64"] as const;

export interface PcieLink {
  readonly port?: number | undefined;
  /** GT/s. */
  readonly speed?: (typeof PCIE_SPEEDS)[number] | undefined;
  readonly width: number;
}

/** A field of vital product data that its vendor defines; `index` is one digit or capital letter. */
export interface VpdField {
  readonly index: string;
  readonly value: string;
}

/** Vital product data: what the card's makers and owners wrote on it. */
export interface Vpd {
  readonly name: string;
  readonly readonly?:
    | {
        readonly changeLevel?: string | undefined;
        readonly manufactureId?: string | undefined;
        readonly partNumber?: string | undefined;
        readonly serialNumber?: string | undefined;
        readonly vendorFields: readonly VpdField[];
      }
    | undefined;
  readonly readwrite?:
    | {
        readonly assetTag?: string | undefined;
        readonly vendorFields: readonly VpdField[];
        readonly systemFields: readonly VpdField[];
      }
    | undefined;
}

export interface PciCapability extends HostPciAddress {
  readonly type: "pci";
  /** 24 bits: class, subclass, programming interface. */
  readonly class?: number | undefined;
  readonly product: DeviceMaker;
  readonly vendor: DeviceMaker;
  /** The physical function that this virtual function belongs to. */
  readonly physicalFunction?: HostPciAddress | undefined;
  readonly virtualFunctions?:
    | { readonly maxCount?: number | undefined; readonly addresses: readonly HostPciAddress[] }
    | undefined;
  /** Absent for an endpoint. */
  readonly headerType?: "pci-bridge" | "cardbus-bridge" | undefined;
  readonly mdevTypes?: readonly MdevType[] | undefined;
  readonly vpd?: Vpd | undefined;
  /** Never without addresses. */
  readonly iommuGroup?: { readonly number: number; readonly addresses: readonly HostPciAddress[] } | undefined;
  readonly numaNode?: number | undefined;
  readonly pciExpress?: { readonly cap?: PcieLink | undefined; readonly sta?: PcieLink | undefined } | undefined;
}

export interface UsbDeviceCapability {
  readonly type: "usb_device";
  readonly bus: number;
  readonly device: number;
  readonly product: DeviceMaker;
  readonly vendor: DeviceMaker;
}

export interface UsbInterfaceCapability {
  readonly type: "usb";
  readonly number: number;
  readonly class: number;
  readonly subclass: number;
  readonly protocol: number;
  readonly description?: string | undefined;
}

export const NET_FEATURES = [
  "rx",
  "tx",
  "sg",
  "tso",
  "gso",
  "gro",
  "lro",
  "rxvlan",
  "txvlan",
  "ntuple",
  "rxhash",
  "rdma",
  "txudptnl",
  "switchdev",
] as const;

export interface NetCapability {
  readonly type: "net";
  readonly interface: string;
  readonly address?: string | undefined;
  readonly link?: NetworkLink | undefined;
  /** In the order of libvirt's list, without repeats. */
  readonly features: readonly (typeof NET_FEATURES)[number][];
  /** Ethernet or wireless. */
  readonly kind?: "80203" | "80211" | undefined;
}

export interface FcHost {
  readonly wwnn: string;
  readonly wwpn: string;
  readonly fabricWwn?: string | undefined;
}

export interface ScsiHostCapability {
  readonly type: "scsi_host";
  readonly host: number;
  readonly uniqueId?: number | undefined;
  readonly fcHost?: FcHost | undefined;
  /** How many virtual ports it can have, and has. Only the host knows: printed, and read as 0. */
  readonly vportOps?: { readonly maxVports: number; readonly vports: number } | undefined;
}

export interface ScsiTargetCapability {
  readonly type: "scsi_target";
  readonly target: string;
  readonly fcRemotePort?: { readonly rport: string; readonly wwpn: string } | undefined;
}

export interface ScsiCapability {
  readonly type: "scsi";
  readonly host: number;
  readonly bus: number;
  readonly target: number;
  readonly lun: number;
  readonly kind?: string | undefined;
}

/** Only the host knows: printed and never read. */
export interface StorageBlocks {
  readonly logicalBlockSize?: number | undefined;
  readonly numBlocks?: number | undefined;
}

export interface StorageCapability extends StorageBlocks {
  readonly type: "storage";
  readonly block: string;
  readonly bus?: string | undefined;
  readonly driveType?: string | undefined;
  readonly model?: string | undefined;
  readonly vendor?: string | undefined;
  readonly serial?: string | undefined;
  /** Sizes are in bytes. */
  readonly media:
    | { readonly type: "fixed"; readonly size: number }
    | {
        readonly type: "removable";
        readonly available: boolean;
        readonly size: number;
        readonly label?: string | undefined;
      };
  readonly hotpluggable?: boolean | undefined;
}

export interface ScsiGenericCapability {
  readonly type: "scsi_generic";
  readonly char: string;
}

export interface DrmCapability {
  readonly type: "drm";
  readonly kind: "primary" | "control" | "render";
}

export interface MdevTypesCapability {
  readonly type: "mdev_types";
  readonly mdevTypes: readonly MdevType[];
}

export interface MdevCapability {
  readonly type: "mdev";
  readonly mdevType: string;
  readonly uuid?: string | undefined;
  /** Only the host knows: printed and never read. */
  readonly parentAddress?: string | undefined;
  readonly iommuGroup: number;
  readonly attributes: readonly { readonly name: string; readonly value: string }[];
}

/** The address of a device on an s390 channel. */
export interface ChannelAddress {
  readonly cssid: number;
  readonly ssid: number;
  readonly devno: number;
}

export interface CcwCapability extends ChannelAddress {
  readonly type: "ccw";
}

export interface CssCapability extends ChannelAddress {
  readonly type: "css";
  /** The device that the subchannel serves. */
  readonly channelDevice?: ChannelAddress | undefined;
  readonly mdevTypes?: readonly MdevType[] | undefined;
}

export interface VdpaCapability {
  readonly type: "vdpa";
  readonly chardev: string;
}

export interface ApCardCapability {
  readonly type: "ap_card";
  readonly adapter: number;
}

export interface ApQueueCapability {
  readonly type: "ap_queue";
  readonly adapter: number;
  /** 0 to 255. */
  readonly domain: number;
}

export interface ApMatrixCapability {
  readonly type: "ap_matrix";
  readonly mdevTypes?: readonly MdevType[] | undefined;
}

export type NodeDeviceCapability =
  | SystemCapability
  | PciCapability
  | UsbDeviceCapability
  | UsbInterfaceCapability
  | NetCapability
  | ScsiHostCapability
  | ScsiTargetCapability
  | ScsiCapability
  | StorageCapability
  | ScsiGenericCapability
  | DrmCapability
  | MdevTypesCapability
  | MdevCapability
  | CcwCapability
  | CssCapability
  | VdpaCapability
  | ApCardCapability
  | ApQueueCapability
  | ApMatrixCapability;

/** A device of the host: plain data, safe to turn into JSON and back. */
export interface NodeDevice {
  readonly name: string;
  /** In sysfs. */
  readonly path?: string | undefined;
  readonly devnode?: string | undefined;
  readonly devlinks: readonly string[];
  readonly parent?: string | undefined;
  /** The parent of a device that is to be made, by its world wide names; libvirt never prints it. */
  readonly parentWwn?: { readonly wwnn: string; readonly wwpn: string } | { readonly fabricWwn: string } | undefined;
  /** Only the host knows: printed and never read. */
  readonly driver?: string | undefined;
  readonly capabilities: readonly NodeDeviceCapability[];
}

import type { OnOff } from "./common.js";

/** An s390 zPCI extension of a PCI address. */
export interface ZpciAddress {
  readonly uid?: number | undefined;
  readonly fid?: number | undefined;
}

/** Without domain, bus and slot: "on the PCI bus, place not chosen yet" (see `isEmptyPci`). */
export interface PciAddress {
  readonly type: "pci";
  readonly domain: number;
  readonly bus: number;
  readonly slot: number;
  readonly function: number;
  readonly multifunction?: OnOff | undefined;
  readonly zpci?: ZpciAddress | undefined;
}

export interface DriveAddress {
  readonly type: "drive";
  readonly controller: number;
  readonly bus: number;
  readonly target: number;
  readonly unit: number;
}

export interface VirtioSerialAddress {
  readonly type: "virtio-serial";
  readonly controller: number;
  readonly bus: number;
  /** 0 means "not chosen yet" for anything but a console. */
  readonly port: number;
}

export interface CcidAddress {
  readonly type: "ccid";
  readonly controller: number;
  readonly slot: number;
}

export interface UsbAddress {
  readonly type: "usb";
  readonly bus: number;
  /** The path of port numbers from the controller, at most four; absent until chosen. */
  readonly port?: readonly number[] | undefined;
}

export interface SpaprVioAddress {
  readonly type: "spapr-vio";
  readonly reg?: number | undefined;
}

export interface CcwAddress {
  readonly type: "ccw";
  /** Absent until chosen. */
  readonly place?: { readonly cssid: number; readonly ssid: number; readonly devno: number } | undefined;
}

export interface IsaAddress {
  readonly type: "isa";
  readonly iobase?: number | undefined;
  readonly irq?: number | undefined;
}

export interface DimmAddress {
  readonly type: "dimm";
  readonly slot: number;
  readonly base?: number | undefined;
}

export interface BareAddress {
  readonly type: "virtio-s390" | "virtio-mmio" | "unassigned";
}

/** Where a device sits in the guest. */
export type Address =
  | PciAddress
  | DriveAddress
  | VirtioSerialAddress
  | CcidAddress
  | UsbAddress
  | SpaprVioAddress
  | CcwAddress
  | IsaAddress
  | DimmAddress
  | BareAddress;

export function isEmptyPci(address: PciAddress): boolean {
  return address.domain === 0 && address.bus === 0 && address.slot === 0;
}

/** Whether the device waits for a PCI place: an empty PCI address, or none at all. */
export function wantsPciPlace(address: Address | undefined): boolean {
  return address === undefined || (address.type === "pci" && isEmptyPci(address));
}

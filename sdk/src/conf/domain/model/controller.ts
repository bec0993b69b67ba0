import type { OnOff, VirtioOptions } from "./common.js";
import type { DeviceInfo } from "./device.js";

export type PciControllerModel =
  | "pci-root"
  | "pcie-root"
  | "pci-bridge"
  | "dmi-to-pci-bridge"
  | "pcie-to-pci-bridge"
  | "pcie-root-port"
  | "pcie-switch-upstream-port"
  | "pcie-switch-downstream-port"
  | "pci-expander-bus"
  | "pcie-expander-bus";

export type PciControllerModelName =
  | "pci-bridge"
  | "i82801b11-bridge"
  | "ioh3420"
  | "x3130-upstream"
  | "xio3130-downstream"
  | "pxb"
  | "pxb-pcie"
  | "pcie-root-port"
  | "spapr-pci-host-bridge"
  | "pcie-pci-bridge";

export type ScsiControllerModel =
  | "auto"
  | "buslogic"
  | "lsilogic"
  | "lsisas1068"
  | "vmpvscsi"
  | "ibmvscsi"
  | "virtio-scsi"
  | "lsisas1078"
  | "virtio-transitional"
  | "virtio-non-transitional"
  | "ncr53c90"
  | "dc390"
  | "am53c974";

export type UsbControllerModel =
  | "piix3-uhci"
  | "piix4-uhci"
  | "ehci"
  | "ich9-ehci1"
  | "ich9-uhci1"
  | "ich9-uhci2"
  | "ich9-uhci3"
  | "vt82c686b-uhci"
  | "pci-ohci"
  | "nec-xhci"
  | "qusb1"
  | "qusb2"
  | "qemu-xhci"
  | "none";

interface ControllerCommon extends DeviceInfo {
  readonly kind: "controller";
  /** -1 until `addIndexes` chose one. */
  readonly index: number;
  readonly driver?: ControllerDriver | undefined;
}

export interface ControllerDriver extends VirtioOptions {
  readonly queues?: number | undefined;
  readonly cmdPerLun?: number | undefined;
  readonly maxSectors?: number | undefined;
  readonly ioeventfd?: OnOff | undefined;
  readonly iothread?: number | undefined;
}

export interface PciController extends ControllerCommon {
  readonly type: "pci";
  readonly model?: PciControllerModel | undefined;
  readonly modelName?: PciControllerModelName | undefined;
  readonly target?:
    | {
        readonly chassisNr?: number | undefined;
        readonly chassis?: number | undefined;
        readonly port?: number | undefined;
        readonly busNr?: number | undefined;
        readonly index?: number | undefined;
        readonly hotplug?: OnOff | undefined;
        readonly node?: number | undefined;
      }
    | undefined;
  /** KiB. */
  readonly pcihole64?: number | undefined;
}

export interface ScsiController extends ControllerCommon {
  readonly type: "scsi";
  readonly model?: ScsiControllerModel | undefined;
}

export interface UsbController extends ControllerCommon {
  readonly type: "usb";
  readonly model?: UsbControllerModel | undefined;
  readonly ports?: number | undefined;
  /** `<master startport>` of an EHCI companion. */
  readonly masterStartport?: number | undefined;
}

export interface VirtioSerialController extends ControllerCommon {
  readonly type: "virtio-serial";
  readonly model?: "virtio" | "virtio-transitional" | "virtio-non-transitional" | undefined;
  readonly ports?: number | undefined;
  readonly vectors?: number | undefined;
}

export interface IdeController extends ControllerCommon {
  readonly type: "ide";
  readonly model?: "piix3" | "piix4" | "ich6" | undefined;
}

export interface XenbusController extends ControllerCommon {
  readonly type: "xenbus";
  readonly maxGrantFrames?: number | undefined;
  readonly maxEventChannels?: number | undefined;
}

export interface PlainController extends ControllerCommon {
  readonly type: "fdc" | "sata" | "ccid" | "isa";
}

export type Controller =
  | PciController
  | ScsiController
  | UsbController
  | VirtioSerialController
  | IdeController
  | XenbusController
  | PlainController;

export type ControllerType = Controller["type"];

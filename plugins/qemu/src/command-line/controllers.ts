import type { Controller, PciController, ScsiController, UsbController } from "@polyvisor/sdk/conf";
import type { QemuFlag } from "../capabilities/index.js";
import { hasBuiltinIde, isArmVirt, isPseries, isQ35, isRiscvVirt } from "../conf/machine.js";
import { addressProps } from "./address.js";
import { aliasOf, type Build, internal, refuse } from "./context.js";
import { fromOnOff, type Props, positive } from "./props.js";
import { virtioProps } from "./virtio.js";

/** libvirt's order: a controller comes after those that it is plugged into. */
const ORDER: readonly Controller["type"][] = ["pci", "usb", "scsi", "ide", "sata", "virtio-serial"];

export function controllerArgs(build: Build): void {
  for (const type of ORDER) controllersOfType(build, type);
  legacyUsbArgs(build);
}

/** Card readers sit on a USB port, perhaps of a hub: they come after hubs. */
export function ccidArgs(build: Build): void {
  controllersOfType(build, "ccid");
}

function controllersOfType(build: Build, type: Controller["type"]): void {
  for (const controller of build.domain.devices.controllers) {
    if (controller.type !== type) continue;
    if (controller.type === "pci") rootHotplugArgs(build, controller);
    if (isBuiltin(build, controller) || isPlainUsb(build, controller)) continue;
    oneControllerArgs(build, controller);
  }
}

export function oneControllerArgs(build: Build, controller: Controller): void {
  const props = controllerProps(build, controller);
  if (props !== undefined) build.args.device({ ...props, ...addressProps(build, controller) });
}

/** Controllers of the board itself. */
function isBuiltin({ domain }: Build, controller: Controller): boolean {
  switch (controller.type) {
    case "pci":
      return controller.model === "pcie-root" || (controller.model === "pci-root" && !isPseries(domain));
    case "sata":
      return controller.index === 0 && isQ35(domain);
    case "ide":
      return controller.index === 0 && hasBuiltinIde(domain);
    case "scsi":
      return controller.index === 0 && controller.model === "ncr53c90";
    default:
      return false;
  }
}

function forbidsLegacyUsb({ domain }: Build): boolean {
  return isQ35(domain) || isArmVirt(domain) || isRiscvVirt(domain);
}

/** `-usb` makes a USB controller without a model. */
function isPlainUsb(build: Build, controller: Controller): boolean {
  if (controller.type !== "usb") return false;
  return controller.model === "none" || (controller.model === undefined && !forbidsLegacyUsb(build));
}

function legacyUsbArgs(build: Build): void {
  const usb = build.domain.devices.controllers.filter((item): item is UsbController => item.type === "usb");
  if (usb.some((item) => item.model === "none")) return;
  if (usb.filter((item) => item.model === undefined).length > 1)
    throw refuse("Multiple legacy USB controllers are not supported");
  if (usb.some((item) => item.model !== undefined) || forbidsLegacyUsb(build)) return;
  if (!(build.domain.os.arch ?? "").startsWith("s390")) build.args.add("-usb");
}

function rootHotplugArgs({ args }: Build, controller: PciController): void {
  const hotplug = controller.target?.hotplug;
  if (controller.model === "pci-root" && controller.index === 0 && hotplug !== undefined)
    args.add("-global", `PIIX4_PM.acpi-root-pci-hotplug=${hotplug}`);
}

/** The 64-bit hole of the root bridge, which has no `-device` of its own. */
export function globalControllerArgs({ args, domain }: Build): void {
  for (const controller of domain.devices.controllers) {
    if (controller.type !== "pci" || controller.pcihole64 === undefined) continue;
    const root = { "pci-root": "i440FX-pcihost", "pcie-root": "q35-pcihost" }[controller.model as "pci-root"];
    if (root === undefined) throw internal("64-bit PCI hole setting is only for root PCI controllers");
    args.add("-global", `${root}.pci-hole64-size=${controller.pcihole64}K`);
  }
}

function controllerProps(build: Build, controller: Controller): Props | undefined {
  switch (controller.type) {
    case "pci":
      return pciProps(controller);
    case "usb":
      return usbProps(build, controller);
    case "scsi":
      return scsiProps(build, controller);
    case "sata":
      return { driver: "ahci", id: aliasOf(controller) };
    case "ccid":
      return { driver: "usb-ccid", id: aliasOf(controller) };
    case "virtio-serial":
      return {
        ...virtioProps(build, "virtio-serial", controller, controller.model),
        id: aliasOf(controller),
        max_ports: controller.ports,
        vectors: controller.vectors,
      };
    default:
      throw refuse(`Unsupported controller type: ${controller.type}`);
  }
}

function pciProps(controller: PciController): Props | undefined {
  const { model, modelName: driver, target } = controller;
  if (driver === "spapr-pci-host-bridge" && target?.index === 0) return undefined;
  if (driver === undefined) throw internal("Unknown virDomainControllerPCIModelName value: 0");
  const id = aliasOf(controller);
  switch (model) {
    case "pci-bridge":
      return { driver, chassis_nr: target?.chassisNr, id };
    case "pci-expander-bus":
    case "pcie-expander-bus":
      return { driver, bus_nr: target?.busNr, id, numa_node: target?.node };
    case "pcie-root-port":
    case "pcie-switch-downstream-port":
      return { driver, port: target?.port, chassis: target?.chassis, id, hotplug: fromOnOff(target?.hotplug) };
    case "pci-root":
      return { driver, index: target?.index, id, numa_node: target?.node };
    case "dmi-to-pci-bridge":
    case "pcie-to-pci-bridge":
    case "pcie-switch-upstream-port":
      return { driver, id };
    default:
      throw internal(`Unexpected PCI controller model ${model ?? ""}`);
  }
}

const USB_FLAGS: Readonly<Partial<Record<NonNullable<UsbController["model"]>, QemuFlag>>> = {
  "piix3-uhci": "piix3-usb-uhci",
  "piix4-uhci": "piix4-usb-uhci",
  ehci: "usb-ehci",
  "ich9-ehci1": "ich9-usb-ehci1",
  "ich9-uhci1": "ich9-usb-ehci1",
  "ich9-uhci2": "ich9-usb-ehci1",
  "ich9-uhci3": "ich9-usb-ehci1",
  "vt82c686b-uhci": "vt82c686b-usb-uhci",
  "pci-ohci": "pci-ohci",
  "nec-xhci": "nec-usb-xhci",
  "qemu-xhci": "qemu-xhci",
};

const USB_DRIVERS: Readonly<Partial<Record<NonNullable<UsbController["model"]>, string>>> = {
  "piix3-uhci": "piix3-usb-uhci",
  "piix4-uhci": "piix4-usb-uhci",
  ehci: "usb-ehci",
  "ich9-ehci1": "ich9-usb-ehci1",
  "ich9-uhci1": "ich9-usb-uhci1",
  "ich9-uhci2": "ich9-usb-uhci2",
  "ich9-uhci3": "ich9-usb-uhci3",
  "vt82c686b-uhci": "vt82c686b-usb-uhci",
  "pci-ohci": "pci-ohci",
  "nec-xhci": "nec-usb-xhci",
  "qemu-xhci": "qemu-xhci",
};

function usbProps(build: Build, controller: UsbController): Props {
  const { model } = controller;
  if (model === undefined) throw refuse("no model provided for USB controller");
  const [driver, flag] = [USB_DRIVERS[model], USB_FLAGS[model]];
  if (driver === undefined || flag === undefined || !build.can(flag))
    throw refuse(`USB controller model '${model}' not supported in this QEMU binary`);
  const ports = { p2: controller.ports, p3: controller.ports };
  if (controller.masterStartport === undefined) return { driver, ...ports, id: aliasOf(controller) };
  const master = build.domain.devices.controllers.find(
    (item) => item.type === "usb" && item.index === controller.index && item.masterStartport === undefined,
  );
  if (master === undefined) throw internal("masterbus not found");
  return { driver, ...ports, masterbus: `${aliasOf(master)}.0`, firstport: controller.masterStartport };
}

const SCSI_DRIVERS: Readonly<Partial<Record<NonNullable<ScsiController["model"]>, string>>> = {
  lsilogic: "lsi",
  ibmvscsi: "spapr-vscsi",
  lsisas1068: "mptsas1068",
  lsisas1078: "megasas",
  vmpvscsi: "pvscsi",
  am53c974: "am53c974",
  dc390: "dc-390",
};

function scsiProps(build: Build, controller: ScsiController): Props {
  const { model, driver: options } = controller;
  const id = aliasOf(controller);
  if (model === "virtio-scsi" || model === "virtio-transitional" || model === "virtio-non-transitional")
    return {
      ...virtioProps(build, "virtio-scsi", controller, model === "virtio-scsi" ? "virtio" : model),
      iothread: positive(options?.iothread) === undefined ? undefined : `iothread${options?.iothread}`,
      id,
      num_queues: positive(options?.queues),
      cmd_per_lun: positive(options?.cmdPerLun),
      max_sectors: positive(options?.maxSectors),
      ioeventfd: fromOnOff(options?.ioeventfd),
    };
  const driver = model === undefined ? undefined : SCSI_DRIVERS[model];
  if (driver === undefined) throw refuse(`Unsupported controller model: ${model ?? ""}`);
  return { driver, id };
}

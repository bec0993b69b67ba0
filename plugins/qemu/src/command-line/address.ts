import type { Address, Controller, DriveAddress, PciController, ScsiController } from "@polyvisor/sdk/conf";
import { hasBuiltinIde, isPseries, isQ35 } from "../conf/machine.js";
import { aliasOf, type Build, internal, refuse } from "./context.js";
import { fromOnOff, type Props, positive } from "./props.js";

/** What a device with an address looks like here. */
interface Placed {
  readonly kind: string;
  readonly address?: Address | undefined;
  readonly acpiIndex?: number | undefined;
}

/** The properties that put a device where its address says. Disks and SCSI host devices: see driveProps. */
export function addressProps(build: Build, device: Placed): Props {
  const address = device.address;
  switch (address?.type) {
    case "pci": {
      const fn = address.function === 0 ? "" : `.0x${address.function.toString(16)}`;
      return {
        bus: pciBus(build, address.bus),
        multifunction: fromOnOff(address.multifunction),
        addr: `0x${address.slot.toString(16)}${fn}`,
        "acpi-index": positive(device.acpiIndex),
      };
    }
    case "usb":
      return {
        bus: `${controllerAlias(build, "usb", address.bus)}.0`,
        port: address.port === undefined || address.port.length === 0 ? undefined : address.port.join("."),
      };
    case "isa":
      return { iobase: address.iobase ?? 0, irq: positive(address.irq) };
    case "dimm":
      return { slot: address.slot, addr: positive(address.base) };
    case "virtio-serial":
      return {
        bus: `${controllerAlias(build, "virtio-serial", address.controller)}.${address.bus}`,
        nr: address.port,
      };
    case "spapr-vio":
      return { reg: positive(address.reg) };
    case "ccw":
      return { devno: address.place === undefined ? undefined : ccwText(address.place) };
    default:
      return {};
  }
}

function ccwText(place: { readonly cssid: number; readonly ssid: number; readonly devno: number }): string {
  return `${place.cssid.toString(16)}.${place.ssid.toString(16)}.${place.devno.toString(16).padStart(4, "0")}`;
}

/** The roots are the board's: QEMU knows them by its own names, whatever the user calls them. */
function pciBus(build: Build, index: number): string {
  const buses = build.domain.devices.controllers.filter((item): item is PciController => item.type === "pci");
  const bus = buses.find((item) => item.index === index);
  if (bus?.alias?.startsWith("ua-") === true) {
    if (bus.model === "pcie-root") return "pcie.0";
    if (bus.model === "pci-root" && !isPseries(build.domain)) return "pci.0";
  }
  const alias = controllerAlias(build, "pci", index);
  // A host bridge that is not the board's own calls its bus after itself.
  return bus?.modelName === "spapr-pci-host-bridge" && (bus.target?.index ?? 0) > 0 ? `${alias}.0` : alias;
}

export function controllerAlias(build: Build, type: Controller["type"], index: number): string {
  const found = build.domain.devices.controllers.find((item) => item.type === type && item.index === index);
  if (found === undefined) throw internal(`Could not find ${type} controller with index ${index} required for device`);
  return aliasOf(found);
}

/** Where a disk sits on its bus. */
export function driveProps(build: Build, bus: string, address: DriveAddress): Props {
  switch (bus) {
    case "ide": {
      const alias = hasBuiltinIde(build.domain) ? "ide" : controllerAlias(build, "ide", address.controller);
      return { bus: `${alias}.${address.bus}`, unit: address.unit };
    }
    case "sata": {
      const builtin = isQ35(build.domain) && address.controller === 0;
      const alias = builtin ? "ide" : controllerAlias(build, "sata", address.controller);
      return { bus: `${alias}.${address.unit}` };
    }
    case "fdc":
      return { unit: address.unit };
    case "scsi":
      return scsiProps(build, address);
    default:
      throw internal(`address type drive is not supported for bus '${bus}'`);
  }
}

export function findScsiController(build: Build, index: number): ScsiController {
  const found = build.domain.devices.controllers.find((item) => item.type === "scsi" && item.index === index);
  if (found?.type !== "scsi") throw internal(`unable to find a SCSI controller for idx=${index}`);
  return found;
}

function scsiProps(build: Build, address: DriveAddress): Props {
  const controller = findScsiController(build, address.controller);
  switch (controller.model) {
    case undefined:
      throw internal("Unexpected SCSI controller model");
    case "lsilogic":
    case "ncr53c90":
    case "dc390":
    case "am53c974":
      if (address.target !== 0) throw refuse(`target must be 0 for controller model '${controller.model}'`);
      return { bus: `${aliasOf(controller)}.${address.bus}`, "scsi-id": address.unit };
    default:
      return {
        bus: `${aliasOf(controller)}.0`,
        channel: address.bus,
        "scsi-id": address.target,
        lun: address.unit,
      };
  }
}

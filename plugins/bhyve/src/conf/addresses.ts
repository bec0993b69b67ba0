import {
  type Address,
  allDevices,
  type Controller,
  type Disk,
  type Domain,
  isEmptyPci,
  wantsPciPlace,
  withDevices,
} from "@polyvisor/sdk/conf/domain";
import { PciBus } from "./pci-bus.js";

/** Firmware and systems expect the LPC bridge here; it is kept free for one that may come. */
const LPC_SLOT = 1;

interface Placed {
  readonly address?: Address | undefined;
}

/** Gives every device on the PCI bus its place; those that have one keep it. */
export function assignPciAddresses(domain: Domain): Domain {
  const bus = new PciBus();
  for (const device of allDevices(domain)) {
    const address = "address" in device ? device.address : undefined;
    if (typeof address === "object" && address.type === "pci" && !isEmptyPci(address)) bus.reserve(address);
  }
  const place = <D extends Placed>(device: D): D =>
    wantsPciPlace(device.address) ? { ...device, address: bus.reserveNext() } : device;
  const placeDisk = (disk: Disk): Disk => {
    if (disk.target.bus !== "virtio") return disk;
    return disk.address?.type === "pci" && !isEmptyPci(disk.address) ? disk : { ...disk, address: bus.reserveNext() };
  };
  const controllers = placeLpc(domain.devices.controllers, bus).map((each) => (isOnBus(each) ? place(each) : each));
  const { interfaces, disks, videos, sounds, filesystems } = domain.devices;
  // The order is part of what a guest sees.
  return withDevices(domain, {
    controllers,
    interfaces: interfaces.map(place),
    disks: disks.map(placeDisk),
    videos: videos.map(place),
    sounds: sounds.map(place),
    filesystems: filesystems.map(place),
  });
}

function placeLpc(controllers: readonly Controller[], bus: PciBus): readonly Controller[] {
  const address = bus.reserveSlot(LPC_SLOT);
  const lpc = controllers.find((each) => each.type === "isa" && wantsPciPlace(each.address));
  if (address === undefined || lpc === undefined) return controllers;
  return controllers.map((each) => (each === lpc ? { ...each, address } : each));
}

function isOnBus(controller: Controller): boolean {
  switch (controller.type) {
    case "sata":
    case "isa":
      return true;
    case "usb":
      return controller.model === "nec-xhci";
    case "pci":
      return controller.model !== "pci-root";
    default:
      return false;
  }
}

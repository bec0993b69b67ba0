import type { Controller, Domain, PciController } from "@polyvisor/sdk/conf";
import { has, type QemuCapabilities } from "../../capabilities/index.js";
import { type Connect, controllerConnect, PCI, PCIE } from "./pci-bus.js";
import type { Placed } from "./placement.js";

/** Which slots a guest's PCI Express and virtio devices go to. */
export interface PciKinds {
  readonly pcie: Connect;
  readonly virtio: Connect;
}

export function pciKinds(domain: Domain, caps: QemuCapabilities): PciKinds {
  const pcie = rootModel(domain) === "pcie-root" ? PCIE : PCI;
  return { pcie, virtio: has(caps, "virtio-pci-non-transitional") ? pcie : PCI };
}

export function rootModel(domain: Domain): PciController["model"] {
  for (const each of domain.devices.controllers) if (each.type === "pci" && each.index === 0) return each.model;
  return undefined;
}

/** What a device asks of its bus; undefined when it is no PCI device. */
export function deviceConnect(device: Placed, kinds: PciKinds): Connect | undefined {
  switch (device.kind) {
    case "controller":
      return ofController(device, kinds);
    case "filesystem":
      return ["loop", "nbd", "ploop"].includes(device.driver?.type ?? "") ? undefined : ofVirtio(device.model, kinds);
    case "interface":
      return ofInterface(device, kinds);
    case "sound":
      return ["es1370", "ac97", "ich6", "ich9"].includes(device.model) ? PCI : undefined;
    case "disk":
      return device.target.bus === "virtio" ? ofVirtio(device.model, kinds) : undefined;
    case "hostdev":
      if (device.source.type === "scsi_host") return ofVirtio(device.source.model, kinds);
      return device.source.type === "pci" || device.source.type === "mdev" ? kinds.pcie : undefined;
    case "memballoon":
      return device.model === "xen" || device.model === "none" ? undefined : ofVirtio(device.model, kinds);
    case "rng":
    case "vsock":
      return ofVirtio(device.model, kinds);
    case "watchdog":
      return device.model === "i6300esb" ? PCI : undefined;
    case "video":
      return ofVideo(device.model.type, kinds);
    case "shmem":
      return PCI;
    case "input":
      return device.bus === "virtio" ? ofVirtio(device.model, kinds) : undefined;
    case "serial":
      return device.target.type === "pci-serial" ? PCI : undefined;
    case "iommu":
      return device.model === "virtio" ? { ...kinds.virtio, integrated: true } : undefined;
    case "memory":
      return device.model === "virtio-pmem" || device.model === "virtio-mem" ? kinds.virtio : undefined;
    default:
      return undefined;
  }
}

/** A transitional device shows itself as conventional PCI, so it needs such a slot. */
function ofVirtio(model: string | undefined, kinds: PciKinds): Connect {
  return model === "virtio-transitional" ? PCI : kinds.virtio;
}

function ofController(device: Controller, kinds: PciKinds): Connect | undefined {
  switch (device.type) {
    case "pci":
      return device.model === undefined ? undefined : controllerConnect(device.model);
    case "sata":
    case "ide":
      return PCI;
    case "usb":
      if (device.model === "none" || device.model === "qusb1" || device.model === "qusb2") return undefined;
      return device.model === "nec-xhci" || device.model === "qemu-xhci" ? kinds.pcie : PCI;
    case "scsi":
      if (device.model === undefined || device.model === "ncr53c90") return undefined;
      return device.model.startsWith("virtio") ? ofVirtio(device.model, kinds) : PCI;
    case "virtio-serial":
      return ofVirtio(device.model, kinds);
    default:
      return undefined;
  }
}

function ofInterface(device: Extract<Placed, { kind: "interface" }>, kinds: PciKinds): Connect | undefined {
  if (device.source.type === "hostdev") return device.source.address.type === "pci" ? kinds.pcie : undefined;
  switch (device.model) {
    case "usb-net":
      return undefined;
    case "virtio":
    case "virtio-non-transitional":
      return kinds.virtio;
    case "e1000e":
    // A card of a network of host devices has no model: it will be one of those.
    case undefined:
      return kinds.pcie;
    default:
      return PCI;
  }
}

function ofVideo(type: string | undefined, kinds: PciKinds): Connect | undefined {
  switch (type) {
    case "virtio":
      return kinds.virtio;
    case "bochs":
      return kinds.pcie;
    case undefined:
    case "gop":
    case "none":
    case "ramfb":
      return undefined;
    default:
      return PCI;
  }
}

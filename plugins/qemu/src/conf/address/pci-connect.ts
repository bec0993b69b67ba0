import type { Controller, Domain, HostdevSource, PciAddress, PciController } from "@polyvisor/sdk/conf";
import { has, type QemuCapabilities } from "../../capabilities/index.js";
import type { HostFacts } from "../host-facts.js";
import { isPseries } from "../machine.js";
import { type Connect, controllerConnect, PCI, PCIE } from "./pci-bus.js";
import type { Placed } from "./placement.js";

/** Which slots a guest's PCI Express and virtio devices go to. */
export interface PciKinds {
  readonly pcie: Connect;
  readonly virtio: Connect;
  /** A device of the host, by its address there. */
  hostDevice(address: PciAddress): Connect;
}

export function pciKinds(domain: Domain, caps: QemuCapabilities, host: HostFacts): PciKinds {
  const pcie = rootModel(domain) === "pcie-root" ? PCIE : PCI;
  return {
    pcie,
    virtio: has(caps, "virtio-pci-non-transitional") ? pcie : PCI,
    hostDevice: (address) => (isPseries(domain) ? { ...pcie, group: groupOf(address, host) } : pcie),
  };
}

/** On POWER the host resets devices by the group, so each group gets a bus. The group 0 is one as well. */
function groupOf(address: PciAddress, host: HostFacts): number | undefined {
  const group = host.iommuGroup(address);
  return group === undefined ? undefined : group + 1;
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
      return ofHostdev(device.source, kinds);
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

function ofHostdev(source: HostdevSource, kinds: PciKinds): Connect | undefined {
  if (source.type === "scsi_host") return ofVirtio(source.model, kinds);
  if (source.type === "pci") return kinds.hostDevice(source.address);
  return source.type === "mdev" && source.model === "vfio-pci" ? kinds.pcie : undefined;
}

function ofInterface(device: Extract<Placed, { kind: "interface" }>, kinds: PciKinds): Connect | undefined {
  const { source } = device;
  if (source.type === "hostdev") return source.address.type === "pci" ? kinds.hostDevice(source.address) : undefined;
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

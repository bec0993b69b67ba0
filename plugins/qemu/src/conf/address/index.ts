import { VirtError } from "@polyvisor/core";
import { type Device, type Domain, insertDevice } from "@polyvisor/sdk/conf/domain";
import type { QemuCapabilities } from "../../capabilities/index.js";
import { type HostFacts, THIS_HOST } from "../host-facts.js";
import { assignCcw } from "./ccw.js";
import { assignMemorySlots } from "./memory-slots.js";
import { assignLivePci, assignPci } from "./pci-assign.js";
import { isPlaced, Placement } from "./placement.js";
import { assignSpaprVio } from "./spapr-vio.js";
import { assignUsb } from "./usb.js";
import { assignVirtioMmio } from "./virtio-mmio.js";
import { assignVirtioSerial } from "./virtio-serial.js";
import { assignZpci, controllerKey } from "./zpci.js";

/** Puts every device of the guest in its place, as libvirt would. `newDomain`: no guest has run with it yet. */
export function assignAddresses(
  domain: Domain,
  caps: QemuCapabilities,
  newDomain: boolean,
  host: HostFacts = THIS_HOST,
): Domain {
  const placement = new Placement(domain);
  assignVirtioSerial(placement);
  assignSpaprVio(placement);
  assignCcw(placement, caps);
  assignVirtioMmio(placement, caps);
  const given = new Set(domain.devices.controllers.map(controllerKey));
  assignPci(placement, caps, host);
  assignZpci(placement, caps, given);
  assignUsb(placement, newDomain);
  assignMemorySlots(placement);
  return placement.finish();
}

/**
 * The device in the place that it gets in a guest that runs: among what is free there, since neither controllers nor hubs
 * can be added for it.
 */
export function placeLive(domain: Domain, device: Device, caps: QemuCapabilities, host: HostFacts = THIS_HOST): Device {
  if (!isPlaced(device)) return device;
  const placement = new Placement(insertDevice(domain, device));
  assignVirtioSerial(placement);
  assignSpaprVio(placement);
  assignCcw(placement, caps);
  assignLivePci(placement, caps, host);
  assignZpci(placement, caps, new Set(domain.devices.controllers.map(controllerKey)));
  assignUsb(placement, true);
  assignMemorySlots(placement);
  const { controllers, hubs } = placement.domain.devices;
  const own = device.kind === "controller" ? 1 : 0;
  if (hubs.length > domain.devices.hubs.length) throw new VirtError("INTERNAL_ERROR", "No free USB ports", NO_DOMAIN);
  if (controllers.length > domain.devices.controllers.length + own)
    throw new VirtError("XML_ERROR", "Unable to find a free virtio-serial port", NO_DOMAIN);
  const address = placement.addressOf(device);
  return address === undefined ? device : ({ ...device, address } as Device);
}

const NO_DOMAIN = { domain: "DOMAIN", hint: "add a controller to the definition, and start the guest anew" } as const;

import type { Domain } from "@polyvisor/sdk/conf";
import type { QemuCapabilities } from "../../capabilities/index.js";
import { type HostFacts, THIS_HOST } from "../host-facts.js";
import { assignCcw } from "./ccw.js";
import { assignMemorySlots } from "./memory-slots.js";
import { assignPci } from "./pci-assign.js";
import { Placement } from "./placement.js";
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

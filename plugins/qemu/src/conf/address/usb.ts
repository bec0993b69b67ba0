import { VirtError } from "@polyvisor/core";
import type { Controller, Hub, UsbAddress } from "@polyvisor/sdk/conf";
import type { Placed, Placement } from "./placement.js";

const HUB_PORTS = 8;
const MAX_DEPTH = 4;

type Chosen = UsbAddress & { readonly port: readonly number[] };

/** A controller or hub; a port is free, taken, or has a hub behind it. */
interface Ports {
  readonly taken: boolean[];
  readonly hubs: (Ports | undefined)[];
}

/**
 * Gives every USB device its port, and the guest as many hubs as it needs. In a stored configuration ports are only
 * chosen when all were chosen before: what QEMU chose for an older guest must not change.
 */
export function assignUsb(placement: Placement, newDomain: boolean): void {
  if (
    !newDomain &&
    ![...placement.domain.devices.hubs, ...usbDevices(placement)].every((each) => hasPort(placement, each))
  )
    return;
  addHubs(placement);
  const buses = new Map<number, Ports>();
  for (const controller of placement.domain.devices.controllers) addBus(buses, controller);
  const { hubs } = placement.domain.devices;
  for (const hub of hubs) if (hasPort(placement, hub)) addHub(buses, placement, hub);
  for (const device of usbDevices(placement)) if (hasPort(placement, device)) reserve(buses, portOf(placement, device));
  for (const hub of hubs) {
    if (hasPort(placement, hub)) continue;
    assign(buses, placement, hub);
    addHub(buses, placement, hub);
  }
  for (const device of usbDevices(placement)) {
    const address = placement.addressOf(device);
    if ((address === undefined || address.type === "usb") && !hasPort(placement, device))
      assign(buses, placement, device);
  }
}

/** In libvirt's order; hubs are looked at on their own. */
function usbDevices({ domain }: Placement): readonly Placed[] {
  const d = domain.devices;
  return [
    ...d.hostdevs.filter((each) => each.source.type === "usb"),
    ...d.disks.filter((each) => each.target.bus === "usb"),
    ...d.controllers.filter((each) => each.type === "ccid"),
    ...d.inputs.filter((each) => each.bus === "usb"),
    ...d.serials.filter((each) => each.target.type === "usb-serial"),
    ...d.sounds.filter((each) => each.model === "usb"),
    ...d.redirdevs,
  ];
}

function portOf(placement: Placement, device: Placed): Chosen {
  const address = placement.addressOf(device);
  return address?.type === "usb"
    ? { type: "usb", bus: address.bus, port: address.port ?? [] }
    : { type: "usb", bus: 0, port: [] };
}

function hasPort(placement: Placement, device: Placed): boolean {
  const address = placement.addressOf(device);
  return address?.type === "usb" && (address.port?.[0] ?? 0) !== 0;
}

function portsOf(controller: Controller): number {
  if (controller.type !== "usb") return 0;
  switch (controller.model) {
    case undefined:
    case "piix3-uhci":
    case "piix4-uhci":
    case "vt82c686b-uhci":
      return 2;
    case "ehci":
    case "ich9-ehci1":
      return 6;
    case "pci-ohci":
      return 3;
    case "nec-xhci":
    case "qemu-xhci":
      return controller.ports ?? 4;
    case "qusb1":
    case "qusb2":
      return controller.ports ?? 8;
    // The companions of an ICH9 serve the ports of its EHCI.
    default:
      return 0;
  }
}

function addHubs(placement: Placement): void {
  const { controllers, hubs } = placement.domain.devices;
  const needed = hubs.length + usbDevices(placement).length;
  const usb = controllers.some((each) => each.type === "usb" && each.model !== "none");
  if (needed > 0 && !usb) {
    throw error(
      "CONFIG_UNSUPPORTED",
      "USB is disabled for this domain, but USB devices are present in the domain XML",
      "leave out <controller type='usb' model='none'/>, or the USB devices",
    );
  }
  const available = controllers.reduce((sum, each) => sum + portsOf(each), hubs.length * HUB_PORTS);
  const missing = needed > available ? Math.ceil((needed - available + 1) / (HUB_PORTS - 1)) : 0;
  for (let count = 0; count < missing; count++) placement.addUsbHub();
}

function newPorts(count: number): Ports {
  return { taken: new Array<boolean>(count).fill(false), hubs: new Array<Ports | undefined>(count).fill(undefined) };
}

function addBus(buses: Map<number, Ports>, controller: Controller): void {
  const count = portsOf(controller);
  if (count === 0) return;
  if (buses.has(controller.index)) throw error("XML_ERROR", `Duplicate USB controllers with index ${controller.index}`);
  buses.set(controller.index, newPorts(count));
}

function addHub(buses: Map<number, Ports>, placement: Placement, hub: Hub): void {
  const address = portOf(placement, hub);
  const { ports, at } = find(buses, address);
  if (ports.hubs[at] !== undefined)
    throw error("XML_ERROR", `Duplicate USB hub on bus ${address.bus} port ${address.port.join(".")}`);
  ports.taken[at] = true;
  ports.hubs[at] = newPorts(HUB_PORTS);
}

/** Where a path of ports ends; ports count from 1. */
function find(buses: Map<number, Ports>, { bus, port }: Chosen): { ports: Ports; at: number } {
  const text = port.join(".");
  let ports = buses.get(bus);
  if (ports === undefined) throw error("XML_ERROR", `Missing USB bus ${bus}`);
  for (const step of port.slice(0, -1)) {
    if (step > ports.taken.length)
      throw error("XML_ERROR", `port ${step} out of range in USB address bus: ${bus} port: ${text}`);
    const hub: Ports | undefined = ports.hubs[step - 1];
    if (hub === undefined)
      throw error("XML_ERROR", `there is no hub at port ${step} in USB address bus: ${bus} port: ${text}`);
    ports = hub;
  }
  const at = (port.at(-1) ?? 0) - 1;
  if (at >= ports.taken.length) throw error("XML_ERROR", `requested USB port ${text} not present on USB bus ${bus}`);
  return { ports, at };
}

function reserve(buses: Map<number, Ports>, address: Chosen): void {
  const { ports, at } = find(buses, address);
  if (ports.taken[at] === true) {
    throw error("XML_ERROR", `Duplicate USB address bus ${address.bus} port ${address.port.join(".")}`);
  }
  ports.taken[at] = true;
}

function assign(buses: Map<number, Ports>, placement: Placement, device: Placed): void {
  const wanted = placement.addressOf(device);
  if (wanted?.type === "usb" && !buses.has(wanted.bus)) {
    const detail = `USB bus ${wanted.bus} requested but no controller with that index is present`;
    throw error("XML_ERROR", detail, "add a USB controller with that index");
  }
  const candidates = wanted?.type === "usb" ? [wanted.bus] : [...buses.keys()].sort((a, b) => a - b);
  for (const bus of candidates) {
    const ports = buses.get(bus);
    const port = ports === undefined ? undefined : freePort(ports, 1);
    if (port === undefined) continue;
    reserve(buses, { type: "usb", bus, port });
    placement.place(device, { type: "usb", bus, port });
    return;
  }
  throw error("INTERNAL_ERROR", "No free USB ports");
}

/** Ports of the controller itself come before those of its hubs. */
function freePort(ports: Ports, depth: number): readonly number[] | undefined {
  const free = ports.taken.indexOf(false);
  if (free >= 0) return [free + 1];
  if (depth >= MAX_DEPTH) return undefined;
  for (const [at, hub] of ports.hubs.entries()) {
    const below = hub === undefined ? undefined : freePort(hub, depth + 1);
    if (below !== undefined) return [at + 1, ...below];
  }
  return undefined;
}

function error(code: "XML_ERROR" | "INTERNAL_ERROR" | "CONFIG_UNSUPPORTED", detail: string, hint?: string): VirtError {
  return new VirtError(code, detail, hint === undefined ? { domain: "DOMAIN" } : { domain: "DOMAIN", hint });
}

import { VirtError } from "@polyvisor/core";
import type { Controller, VirtioSerialAddress } from "@polyvisor/sdk/conf";
import { type Placed, type Placement, placedDevices } from "./placement.js";

const DEFAULT_PORTS = 31;

/** Taken ports of each controller, by the controller's index. */
type Taken = Map<number, boolean[]>;

/** Gives channels and virtio consoles their ports; adds controllers when all ports are taken. */
export function assignVirtioSerial(placement: Placement): void {
  const taken: Taken = new Map();
  for (const controller of placement.domain.devices.controllers) addController(taken, controller);
  for (const device of placedDevices(placement.domain)) {
    const address = device.address;
    if (address?.type === "virtio-serial" && address.port !== 0) reserve(taken, address);
  }
  const { consoles, channels } = placement.domain.devices;
  for (const console of consoles) if (console.target.type === "virtio") assign(taken, placement, console, 0);
  for (const channel of channels) if (channel.target.type === "virtio") assign(taken, placement, channel, 1);
}

function addController(taken: Taken, controller: Controller): void {
  if (controller.type !== "virtio-serial") return;
  taken.set(controller.index, new Array<boolean>(controller.ports ?? DEFAULT_PORTS).fill(false));
}

/** Port 0 is a console's: `first` is where the search begins. A console's port is taken, but QEMU chooses it. */
function assign(taken: Taken, placement: Placement, device: Placed, first: 0 | 1): void {
  const wanted = device.address?.type === "virtio-serial" ? device.address : undefined;
  if (wanted !== undefined && wanted.port !== 0) return;
  const free = (ports: readonly boolean[] | undefined, from: number) =>
    ports?.findIndex((each, at) => at >= from && !each) ?? -1;
  if (wanted !== undefined) {
    const controller = first === 0 ? 0 : wanted.controller;
    if (!taken.has(controller)) throw refuse("INTERNAL_ERROR", `virtio-serial controller ${controller} not available`);
    const port = free(taken.get(controller), 1);
    if (port <= 0) throw refuse("XML_ERROR", `Unable to find a free port on virtio-serial controller ${controller}`);
    finish(taken, placement, device, first, { type: "virtio-serial", controller, bus: 0, port });
    return;
  }
  const indexes = [...taken.keys()].sort((a, b) => a - b);
  const there = indexes.find((index) => free(taken.get(index), first) >= 0);
  const controller = there ?? addNext(taken, placement);
  const port = free(taken.get(controller), first);
  finish(taken, placement, device, first, { type: "virtio-serial", controller, bus: 0, port });
}

function addNext(taken: Taken, placement: Placement): number {
  if (taken.size === 0) throw refuse("INTERNAL_ERROR", "no virtio-serial controllers are available");
  let index = 0;
  while (taken.has(index)) index++;
  const added = placement.addController({ kind: "controller", type: "virtio-serial", index });
  if (added !== undefined) addController(taken, added);
  return index;
}

function finish(taken: Taken, placement: Placement, device: Placed, first: 0 | 1, address: VirtioSerialAddress): void {
  reserve(taken, address);
  if (first === 1) placement.place(device, address);
}

function reserve(taken: Taken, { controller, port }: VirtioSerialAddress): void {
  const ports = taken.get(controller);
  if (ports === undefined) throw refuse("XML_ERROR", `virtio serial controller ${controller} is missing`);
  if (port >= ports.length)
    throw refuse("XML_ERROR", `virtio serial controller ${controller} does not have port ${port}`);
  if (ports[port] === true)
    throw refuse("XML_ERROR", `virtio serial port ${port} on controller ${controller} is already occupied`);
  ports[port] = true;
}

function refuse(code: "XML_ERROR" | "INTERNAL_ERROR", detail: string): VirtError {
  return new VirtError(code, detail, { domain: "DOMAIN" });
}

import { VirtError } from "@polyvisor/core";
import type { Controller, Domain, PciAddress } from "@polyvisor/sdk/conf";
import { isI440fx, isQ35 } from "../machine.js";
import { type Connect, PCI, PCIE } from "./pci-bus.js";
import type { PciAddressSet } from "./pci-set.js";
import type { Placement } from "./placement.js";

/** A place on the root bus. */
export function pciAt(slot: number, fn = 0, multifunction?: "on"): PciAddress {
  return { type: "pci", domain: 0, bus: 0, slot, function: fn, ...(multifunction ? { multifunction } : {}) };
}

export function samePlace(a: PciAddress, b: PciAddress): boolean {
  return a.domain === b.domain && a.bus === b.bus && a.slot === b.slot && a.function === b.function;
}

const PIIX3_IDE = pciAt(1, 1);
const PIIX3_USB = pciAt(1, 2);
const ICH9_SATA = pciAt(0x1f, 2);

/** Parts of the board, called before other devices: each is where QEMU has it, and what is not configured keeps its place. */
export function placeChipset(placement: Placement, set: PciAddressSet, primaryVideo: Connect | undefined): void {
  const { domain } = placement;
  if (isI440fx(domain)) placePiix3(placement, set, primaryVideo);
  if (isQ35(domain)) placeIch9(placement, set, primaryVideo);
}

/** Controllers that the PIIX3 brings along; their places are taken by `placeChipset`, not by what the XML says. */
export function isPiix3Part(controller: Controller, address: PciAddress): boolean {
  if (address.domain !== 0 || address.bus !== 0 || address.slot !== 1 || controller.index !== 0) return false;
  if (controller.type === "ide") return address.function === 1;
  return isPiix3Usb(controller) && address.function === 2;
}

function isPiix3Usb(controller: Controller): boolean {
  return controller.type === "usb" && (controller.model === undefined || controller.model === "piix3-uhci");
}

function placePiix3(placement: Placement, set: PciAddressSet, video: Connect | undefined): void {
  for (const controller of placement.domain.devices.controllers) {
    if (controller.index !== 0) continue;
    if (controller.type === "ide")
      fix(placement, controller, PIIX3_IDE, "Primary IDE controller must have PCI address 0:0:1.1");
    else if (isPiix3Usb(controller))
      fix(placement, controller, PIIX3_USB, "PIIX3 USB controller at index 0 must have PCI address 0:0:1.2");
    else continue;
    if (set.buses.length > 0) set.reserve(placement.pciOf(controller) ?? PIIX3_IDE, PCI);
  }
  if (set.buses.length > 0) {
    set.reserve(pciAt(1, 0), PCI);
    set.reserve(pciAt(1, 3), PCI);
  }
  placePrimaryVideo(placement, set, video, 2, PCI);
}

function fix(placement: Placement, controller: Controller, place: PciAddress, refusal: string): void {
  const address = placement.pciOf(controller);
  if (address === undefined) placement.place(controller, place);
  else if (!samePlace(address, place)) throw new VirtError("INTERNAL_ERROR", refusal, { domain: "QEMU" });
}

/** Any function of a board's own part; not chosen by us, so nothing is asked of the bus but its kind. */
const BOARD: Connect = { ...PCIE, auto: false };

function placeIch9(placement: Placement, set: PciAddressSet, video: Connect | undefined): void {
  for (const controller of placement.domain.devices.controllers) {
    if (controller.type === "sata" && controller.index === 0)
      fix(placement, controller, ICH9_SATA, "Primary SATA controller must have PCI address 0:0:1f.2");
    if (placement.addressOf(controller) !== undefined) continue;
    if (controller.type === "usb" && controller.model === "ich9-uhci1")
      placeWhereFree(placement, set, controller, [pciAt(0x1d, 0, "on"), pciAt(0x1a, 0, "on")]);
    if (controller.type === "pci" && controller.model === "dmi-to-pci-bridge")
      placeWhereFree(placement, set, controller, [pciAt(0x1e)]);
  }
  if (set.buses.length > 0) {
    set.reserve(pciAt(0x1f, 0), BOARD);
    set.reserve(pciAt(0x1f, 3), BOARD);
  }
  placePrimaryVideo(placement, set, video, 1, BOARD);
  const sound = placement.domain.devices.sounds.find((each) => each.model === "ich9" && placement.wantsPci(each));
  if (sound !== undefined && !set.slotInUse(0, 0x1b)) {
    set.reserve(pciAt(0x1b), BOARD);
    placement.place(sound, pciAt(0x1b));
  }
}

/** Where real boards have it, if that is free; otherwise it is placed like any other device. */
function placeWhereFree(
  placement: Placement,
  set: PciAddressSet,
  controller: Controller,
  places: readonly PciAddress[],
): void {
  const place = places.find(({ bus, slot }) => !set.slotInUse(bus, slot));
  if (place === undefined) return;
  set.reserve(place, BOARD);
  placement.place(controller, place);
}

/** QEMU puts the first display right after the board's own parts. */
function placePrimaryVideo(
  placement: Placement,
  set: PciAddressSet,
  connect: Connect | undefined,
  slot: number,
  wanted: Connect,
): void {
  const video = primaryVideo(placement.domain);
  if (video === undefined || connect === undefined || !placement.wantsPci(video)) return;
  set.validate(pciAt(slot), wanted, "XML_ERROR");
  if (!set.slotInUse(0, slot)) {
    set.reserve(pciAt(slot), wanted);
    placement.place(video, pciAt(slot));
    return;
  }
  const place = set.reserveNext(connect);
  if (!set.grows) placement.place(video, { type: "pci", domain: 0, ...place });
}

export function primaryVideo(domain: Domain) {
  const [video] = domain.devices.videos;
  return video?.model.type === "none" || video?.model.type === "ramfb" ? undefined : video;
}

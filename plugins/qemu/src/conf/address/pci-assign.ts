import { VirtError } from "@polyvisor/core";
import type { Controller, Domain, PciAddress, UsbController } from "@polyvisor/sdk/conf";
import { has, type QemuCapabilities } from "../../capabilities/index.js";
import type { HostFacts } from "../host-facts.js";
import { isArmVirt, isPseries, isRiscvVirt } from "../machine.js";
import { type Connect, controllerConnect, PCI, PCIE, PciBus } from "./pci-bus.js";
import { isPiix3Part, placeChipset, primaryVideo } from "./pci-chipset.js";
import { deviceConnect, type PciKinds, pciKinds, rootModel } from "./pci-connect.js";
import { finishPciControllers } from "./pci-controllers.js";
import { PciAddressSet } from "./pci-set.js";
import { type Placed, type Placement, placedDevices } from "./placement.js";

/** One assignment: where devices were put, and what the guest's buses still have. */
interface Run {
  readonly placement: Placement;
  readonly set: PciAddressSet;
  readonly kinds: PciKinds;
  readonly caps: QemuCapabilities;
}

/**
 * Gives every PCI device of the domain its place, in libvirt's order. A first run finds out which controllers are
 * missing; they are added before the second.
 */
export function assignPci(placement: Placement, caps: QemuCapabilities, host: HostFacts): void {
  const kinds = pciKinds(placement.domain, caps, host);
  const highest = Math.max(
    -1,
    ...placement.domain.devices.controllers.map((each) => (each.type === "pci" ? each.index : -1)),
  );
  let buses = highest + 1;
  if (buses > 0) buses = rehearse({ placement, set: createSet(placement, caps, kinds, buses), kinds, caps }, highest);
  const set = createSet(placement, caps, kinds, buses, false);
  if (!supportsPci(placement.domain, caps)) return;
  const run: Run = { placement, set, kinds, caps };
  placeChipset(placement, set, connectOfPrimaryVideo(run));
  placeDevices(run);
  markMultifunction(placement);
  finishPciControllers(placement, caps);
}

/** Returns how many buses the guest needs; their controllers are added. */
function rehearse(run: Run, highest: number): number {
  const { placement, set } = run;
  placeChipset(placement, set, connectOfPrimaryVideo(run));
  const root = rootModel(placement.domain);
  // One slot stays free for a bridge, so that the guest can always be given more.
  if (root === "pci-root" && set.buses.some((bus) => !bus.isFull)) set.reserveNext(PCI);
  placeDevices(run);
  // A new guest whose ports are made by us gets one more, for a device that is plugged in later.
  if (root === "pcie-root" && highest <= 0 && set.buses.length > highest + 1) set.reserveNext(PCIE);
  for (let index = 1; index < set.buses.length; index++) {
    const model = set.buses[index]?.model;
    if (model === undefined) continue;
    const added = placement.addController({ kind: "controller", type: "pci", index, model });
    const connect = added === undefined ? undefined : controllerConnect(model);
    if (connect !== undefined) set.reserveNext(connect);
  }
  return set.buses.length;
}

function connectOfPrimaryVideo({ placement, kinds }: Run): Connect | undefined {
  const video = primaryVideo(placement.domain);
  return video === undefined ? undefined : (deviceConnect(video, kinds) ?? PCI);
}

function supportsPci(domain: Domain, caps: QemuCapabilities): boolean {
  if (!/^(armv6l|armv7l|aarch64|riscv)/.test(domain.os.arch ?? "")) return true;
  if (domain.os.machine === "versatilepb") return true;
  return (isArmVirt(domain) || isRiscvVirt(domain)) && has(caps, "gpex-pcihost");
}

/** The guest's buses with everything taken that the configuration places itself. */
function createSet(
  placement: Placement,
  caps: QemuCapabilities,
  kinds: PciKinds,
  count: number,
  grow = true,
): PciAddressSet {
  const { domain } = placement;
  const models = new Map(
    domain.devices.controllers.flatMap((each) =>
      each.type === "pci" && each.model !== undefined ? [[each.index, each.model]] : [],
    ),
  );
  const root = models.get(0) ?? "pci-root";
  const usual = isPseries(domain) ? "pci-root" : root === "pcie-root" ? "pcie-root-port" : "pci-bridge";
  const buses = Array.from({ length: count }, (_, index) => {
    return new PciBus(index === 0 ? root : (models.get(index) ?? usual));
  });
  const options = { grow, pcieToPci: has(caps, "pcie-pci-bridge"), manyRoots: isPseries(domain) };
  const set = new PciAddressSet(buses, options);
  if (isPseries(domain)) buses[0]?.keepForEmulated();
  for (const device of placedDevices(domain)) collect(set, placement, device, kinds);
  return set;
}

function collect(set: PciAddressSet, placement: Placement, device: Placed, kinds: PciKinds): void {
  const address = placement.pciOf(device);
  if (address === undefined) return;
  if (device.kind === "controller" && isPiix3Part(device, address)) {
    if (set.buses[0] !== undefined && !set.buses[0].offers.kinds.has("pci")) {
      throw new VirtError("INTERNAL_ERROR", "Bus 0 must be PCI for integrated PIIX3 USB or IDE controllers", {
        domain: "QEMU",
      });
    }
    return;
  }
  // Old configurations have PCI addresses on devices that are none: they must stay readable.
  set.reserve(address, deviceConnect(device, kinds) ?? { ...PCI, auto: false });
}

/**
 * Gives devices that are plugged into a running guest their PCI places. Its buses are as they are: where none is free,
 * that is an error.
 */
export function assignLivePci(placement: Placement, caps: QemuCapabilities, host: HostFacts): void {
  const kinds = pciKinds(placement.domain, caps, host);
  const indexes = placement.domain.devices.controllers.flatMap((each) => (each.type === "pci" ? [each.index] : []));
  if (!supportsPci(placement.domain, caps)) return;
  const set = createSet(placement, caps, kinds, Math.max(-1, ...indexes) + 1, false);
  placeChipset(placement, set, undefined);
  placeDevices({ placement, set, kinds, caps });
}

function placeNext(run: Run, device: Placed, connect = deviceConnect(device, run.kinds)): void {
  const place = run.set.reserveNext(connect ?? { kinds: new Set(), auto: true });
  if (!run.set.grows) run.placement.place(device, { type: "pci", domain: 0, ...place, ...zpciOf(run, device) });
}

/** A configuration may name these numbers and leave the place to us. */
function zpciOf({ placement }: Run, device: Placed): Pick<PciAddress, "zpci"> {
  const address = placement.addressOf(device);
  return address?.type === "pci" && address.zpci !== undefined ? { zpci: address.zpci } : {};
}

/** libvirt's order, which decides the slots that guests have had since QEMU 0.11. */
function placeDevices(run: Run): void {
  const { placement } = run;
  const d = placement.domain.devices;
  const place = (devices: readonly (Placed | undefined)[], wanted: (device: Placed) => boolean = () => true) => {
    for (const device of devices)
      if (device !== undefined && wanted(device) && placement.wantsPci(device)) placeNext(run, device);
  };
  const isPci = (device: Placed) => deviceConnect(device, run.kinds) !== undefined;
  place(d.controllers.filter((each) => each.type === "pci" && each.model !== "pci-root" && each.model !== "pcie-root"));
  place(d.filesystems);
  place(d.interfaces.filter((each) => each.source.type !== "hostdev" && each.model !== "usb-net"));
  place(d.sounds.filter((each) => !["sb16", "pcspk", "usb"].includes(each.model)));
  for (const controller of d.controllers) if (controller.type !== "pci") placeController(run, controller);
  place(virtioDisks(run));
  place(d.interfaces.filter((each) => each.source.type === "hostdev" && each.source.address.type === "pci"));
  place(d.hostdevs, isPci);
  if (d.memballoon?.model !== "none") place([d.memballoon]);
  place(d.rngs);
  place([d.watchdog], isPci);
  place(d.videos.filter((each) => each.model.type !== "none" && each.model.type !== "ramfb"));
  place(d.shmems);
  place(d.inputs, isPci);
  place(d.serials, isPci);
  place([d.iommu], isPci);
  place([d.vsock]);
  place(d.memories, isPci);
}

function virtioDisks({ placement, caps }: Run): readonly Placed[] {
  return placement.domain.devices.disks.filter((disk) => {
    if (disk.target.bus !== "virtio") return false;
    const type = placement.addressOf(disk)?.type;
    if (placement.wantsPci(disk) || type === "pci" || type === "ccw") return true;
    if (type === "virtio-mmio" && has(caps, "virtio-mmio")) return false;
    throw new VirtError("CONFIG_UNSUPPORTED", `virtio disk cannot have an address of type '${type}'`, {
      domain: "QEMU",
    });
  });
}

function placeController(run: Run, controller: Controller): void {
  const { type, index, model } = { model: undefined, ...controller };
  if (type === "fdc" || type === "ccid" || (type === "usb" && model === "none")) return;
  if ((type === "ide" && index === 0) || (type === "scsi" && model === "ncr53c90")) return;
  if (!run.placement.wantsPci(controller)) return;
  if (controller.type === "usb" && usb2Function(controller) !== undefined) placeUsb2(run, controller);
  else placeNext(run, controller);
}

/** The function that each part of an ICH9's USB 2 has in their common slot. */
function usb2Function(controller: Controller): number | undefined {
  if (controller.type !== "usb") return undefined;
  switch (controller.model) {
    case "ich9-ehci1":
      return 7;
    case "ich9-uhci1":
      return 0;
    case "ich9-uhci2":
      return 1;
    case "ich9-uhci3":
      return 2;
    default:
      return undefined;
  }
}

function placeUsb2(run: Run, controller: UsbController): void {
  const { placement, set, kinds } = run;
  const fn = usb2Function(controller) ?? 0;
  const multifunction = fn === 0 ? ({ multifunction: "on" } as const) : {};
  const connect = deviceConnect(controller, kinds) ?? PCI;
  const sibling = placement.domain.devices.controllers
    .filter((each) => usb2Function(each) !== undefined && each.index === controller.index)
    .map((each) => placement.pciOf(each))
    .find((address) => address !== undefined);
  if (sibling !== undefined) {
    const { domain, bus, slot } = sibling;
    const address = { type: "pci", domain, bus, slot, function: fn, ...multifunction } as const;
    set.reserve(address, connect);
    placement.place(controller, address);
    return;
  }
  const place = set.reserveNext(connect, fn);
  if (!set.grows) placement.place(controller, { type: "pci", domain: 0, ...place, ...multifunction });
}

/** Function 0 of a slot with several functions must say so, unless the configuration says otherwise. */
function markMultifunction(placement: Placement): void {
  const all = placedDevices(placement.domain).flatMap((device) => {
    const address = placement.addressOf(device);
    return address?.type === "pci" ? [{ device, address }] : [];
  });
  const key = ({ domain, bus, slot }: { domain: number; bus: number; slot: number }) => `${domain}:${bus}:${slot}`;
  const shared = new Set(all.filter(({ address }) => address.function !== 0).map(({ address }) => key(address)));
  for (const { device, address } of all) {
    if (address.function !== 0 || address.multifunction !== undefined || !shared.has(key(address))) continue;
    placement.place(device, { ...address, multifunction: "on" });
  }
}

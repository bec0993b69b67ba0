import { VirtError } from "@polyvisor/core";
import type { Capabilities } from "@polyvisor/sdk/conf/capabilities";
import { requireGuest } from "@polyvisor/sdk/conf/capabilities-lookup";
import {
  type ChardevSource,
  type Device,
  type Disk,
  type Domain,
  type DomainHooks,
  diskNameIndex,
  maybeAddController,
  type PciController,
} from "@polyvisor/sdk/conf/domain";
import { unsupported } from "../errors.js";
import { assignPciAddresses } from "./addresses.js";
import type { BhyveFeature } from "./features.js";
import { BHYVE_NAMESPACE } from "./namespace.js";

const DISKS_ON_CONTROLLER = 32;

/** What makes the configuration of a guest complete, for a bhyve that can do `features`. */
export function bhyveHooks(capabilities: Capabilities, features: ReadonlySet<BhyveFeature>): DomainHooks {
  return {
    defaultArch: capabilities.host.arch,
    namespace: BHYVE_NAMESPACE,
    domain: (domain) => withControllers(domain, capabilities),
    devices: {
      disk: (disk) => placeOnController(disk, features),
      controller(controller) {
        if (controller.type === "pci") checkRoot(controller);
        return controller;
      },
      video: (video) => (video.model.type === undefined ? { ...video, model: { ...video.model, type: "gop" } } : video),
      serial: (serial, { uuid }) => ({ ...serial, source: withNullModem(serial.source, uuid) }),
      console: (console, { uuid }) => ({ ...console, source: withNullModem(console.source, uuid) }),
      parallel: (parallel, { uuid }) => ({ ...parallel, source: withNullModem(parallel.source, uuid) }),
      channel: (channel, { uuid }) => ({ ...channel, source: withNullModem(channel.source, uuid) }),
    },
    assignAddresses: assignPciAddresses,
    validateDevice,
  };
}

/** Throws what the host cannot run. */
function withControllers(domain: Domain, capabilities: Capabilities): Domain {
  const { type, os } = domain;
  requireGuest(capabilities, { osType: os.type, arch: os.arch, type });
  const rooted = maybeAddController(domain, { kind: "controller", type: "pci", index: 0, model: "pci-root" });
  return needsLpc(domain) ? maybeAddController(rooted, { kind: "controller", type: "isa", index: 0 }) : rooted;
}

/** Firmware, serial ports and a screen need the LPC bridge. */
function needsLpc({ bootloader, os, devices }: Domain): boolean {
  return (
    (bootloader === undefined && os.loader !== undefined) ||
    os.firmware === "efi" ||
    devices.serials.length > 0 ||
    devices.consoles.length > 0 ||
    (devices.graphics.length > 0 && devices.videos.length > 0)
  );
}

function placeOnController(disk: Disk, features: ReadonlySet<BhyveFeature>): Disk {
  if (disk.address !== undefined) return disk;
  const { dev, bus } = disk.target;
  const index = diskNameIndex(dev);
  if (index < 0) {
    throw new VirtError("XML_ERROR", `Unknown disk name '${dev}' and no address specified`, {
      domain: "BHYVE",
      hint: "name it sda, vda or alike, or give it an address",
    });
  }
  if (bus !== "sata") return disk;
  const shared = features.has("ahci-32-slots");
  const controller = shared ? Math.floor(index / DISKS_ON_CONTROLLER) : index;
  const unit = shared ? index % DISKS_ON_CONTROLLER : 0;
  return { ...disk, address: { type: "drive", controller, bus: 0, target: 0, unit } };
}

function checkRoot({ model, index }: PciController): void {
  if ((model !== "pci-root" && model !== "pcie-root") || index === 0) return;
  throw new VirtError("XML_ERROR", "pci-root and pcie-root controllers should have index 0", {
    domain: "BHYVE",
    hint: "a guest has one root",
  });
}

/** Both ends of a null modem are made up together. */
function withNullModem(source: ChardevSource, uuid: string): ChardevSource {
  if (source.type !== "nmdm" || source.master !== undefined) return source;
  return { ...source, master: `/dev/nmdm${uuid}A`, slave: `/dev/nmdm${uuid}B` };
}

function validateDevice(device: Device): void {
  if (device.kind === "controller" && device.type === "isa" && device.index !== 0)
    unsupported("only single ISA controller is supported", "remove the others");
}

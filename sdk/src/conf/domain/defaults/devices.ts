import { VirtError } from "@polyvisor/core";
import { completeVirtualPort } from "../../common/index.js";
import type { DeviceMapping, DomainHooks } from "../hooks.js";
import type {
  Disk,
  DiskBus,
  Domain,
  DriveAddress,
  Filesystem,
  Hostdev,
  Interface,
  MemoryDevice,
  Rng,
  Video,
  Vsock,
} from "../model/index.js";
import { diskNameIndex } from "../order.js";
import { ScsiPlaces } from "./scsi-places.js";

/** Make up what tells a device from others. */
export interface NewIdentities {
  readonly newMac: () => string;
  readonly newUuid: () => string;
}

/** What a device gets on every hypervisor when it does not say it, after the driver's own defaults. For one domain. */
export function genericDeviceDefaults(hooks: DomainHooks, identities: NewIdentities): DeviceMapping {
  let known: ScsiPlaces | undefined;
  const places = (domain: Domain): ScsiPlaces => {
    known ??= new ScsiPlaces(domain);
    return known;
  };
  return {
    disk: (disk, domain) => diskDefaults(disk, () => places(domain), hooks.scsiBusMaxUnit ?? 7),
    interface: (each) => interfaceDefaults(each, identities),
    hostdev: (hostdev, domain) => hostdevDefaults(hostdev, () => places(domain)),
    video: videoDefaults,
    console: (console) =>
      console.target.type === undefined ? { ...console, target: { ...console.target, type: "serial" } } : console,
    rng: rngDefaults,
    vsock: vsockDefaults,
    memory: memoryDefaults,
    filesystem: filesystemDefaults,
    controller: (controller) => {
      if (controller.driver?.iothread === undefined || isVirtioScsi(controller)) return controller;
      throw new VirtError("XML_ERROR", "'iothread' attribute only supported for virtio scsi controllers", {
        domain: "DOMAIN",
      });
    },
  };
}

function isVirtioScsi(controller: { readonly type: string; readonly model?: unknown }): boolean {
  return controller.type === "scsi" && String(controller.model).startsWith("virtio");
}

function interfaceDefaults(each: Interface, { newMac, newUuid }: NewIdentities): Interface {
  const port = each.virtualport && completeVirtualPort(each.virtualport, newUuid);
  const known = port === each.virtualport ? each : { ...each, virtualport: port };
  return known.mac?.address === undefined
    ? { ...known, mac: { ...known.mac, address: newMac(), generated: true } }
    : known;
}

function rngDefaults(rng: Rng): Rng {
  return rng.backend.model === "random" && rng.backend.path === undefined
    ? { ...rng, backend: { model: "random", path: "/dev/random" } }
    : rng;
}

function vsockDefaults(vsock: Vsock): Vsock {
  if (vsock.cid.auto !== undefined) return vsock;
  return { ...vsock, cid: { ...vsock.cid, auto: vsock.cid.address === undefined ? "yes" : "no" } };
}

function memoryDefaults(memory: MemoryDevice): MemoryDevice {
  return memory.model === "virtio-pmem" && memory.access === undefined ? { ...memory, access: "shared" } : memory;
}

function filesystemDefaults(filesystem: Filesystem): Filesystem {
  const socket = filesystem.source.type === "mount" && filesystem.source.socket !== undefined;
  return filesystem.accessmode === undefined && !socket ? { ...filesystem, accessmode: "passthrough" } : filesystem;
}

/** Memory of a card in KiB when none is given. */
function defaultVideoRam(domain: Domain, type: Video["model"]["type"]): number {
  switch (type) {
    case "vga":
    case "cirrus":
    case "vmvga":
      return domain.type === "vbox" ? 8192 : domain.type === "vmware" ? 4096 : 16384;
    case "bochs":
      return 16384;
    case "xen":
      return 4096;
    case "qxl":
      return 65536;
    default:
      return 0;
  }
}

/** The next power of two; above the largest of 32 bits the value itself, which can be read again. */
function powerOfTwo(value: number): number {
  return value === 0 || value > 2 ** 31 ? value : 2 ** Math.ceil(Math.log2(value));
}

export function videoDefaults(video: Video, domain: Domain): Video {
  const { model } = video;
  const ram = powerOfTwo(model.ram ?? (model.type === "qxl" ? defaultVideoRam(domain, model.type) : 0));
  const vram = powerOfTwo(model.vram ?? defaultVideoRam(domain, model.type));
  return { ...video, model: { ...model, ram: ram || undefined, vram: vram || undefined } };
}

const BUS_BY_PREFIX: readonly (readonly [string, DiskBus])[] = [
  ["hd", "ide"],
  ["sd", "scsi"],
  ["vd", "virtio"],
  ["xvd", "xen"],
  ["ubd", "uml"],
];

function diskDefaults(written: Disk, places: () => ScsiPlaces, scsiBusMaxUnit: number): Disk {
  const dev = written.target.dev.replace(/^ioemu:/, "");
  const bus =
    written.target.bus ??
    (written.device === "floppy" ? "fdc" : (BUS_BY_PREFIX.find(([prefix]) => dev.startsWith(prefix))?.[1] ?? "ide"));
  const readonly = written.device === "cdrom" ? true : written.readonly;
  const quiet = readonly === true || written.source.type === "vhostuser";
  const disk: Disk = {
    ...written,
    readonly,
    target: { ...written.target, dev, bus },
    snapshot: written.snapshot ?? (quiet ? "no" : undefined),
    source: sourceDefaults(written.source),
  };
  return disk.address === undefined ? { ...disk, address: driveAddress(disk, places, scsiBusMaxUnit) } : disk;
}

function sourceDefaults(source: Disk["source"]): Disk["source"] {
  if (source.type === "nvme" && source.managed === undefined) return { ...source, managed: "yes" };
  if (source.type === "network" && source.protocol === "iscsi" && source.name !== undefined) {
    return { ...source, name: withLun(source.name) };
  }
  return source;
}

/** An iSCSI target without a LUN means LUN 0. */
function withLun(name: string): string {
  return name.includes("/") ? name : `${name}/0`;
}

/** The place on its bus that the disk's name stands for. */
function driveAddress(disk: Disk, places: () => ScsiPlaces, scsiBusMaxUnit: number): DriveAddress | undefined {
  const index = diskNameIndex(disk.target.dev);
  if (index < 0) {
    throw new VirtError("XML_ERROR", `Unknown disk name '${disk.target.dev}' and no address specified`, {
      domain: "DOMAIN",
      hint: "Name it like vda, sda, hda or fda.",
    });
  }
  const place = (controller: number, bus: number, unit: number): DriveAddress => ({
    type: "drive",
    controller,
    bus,
    target: 0,
    unit,
  });
  switch (disk.target.bus) {
    case "ide":
      return place(Math.floor(index / 4), Math.floor((index % 4) / 2), index % 2);
    case "sata":
      return place(Math.floor(index / 6), 0, index % 6);
    case "fdc":
      return place(Math.floor(index / 2), 0, index % 2);
    case "scsi": {
      const address = scsiPlace(index, scsiBusMaxUnit);
      const { controller, unit } = address;
      if (places().hasHostdev(address)) {
        const words = `using disk target name '${disk.target.dev}' conflicts with SCSI host device address controller='${controller}' bus='0' target='0' unit='${unit}`;
        throw new VirtError("CONFIG_UNSUPPORTED", words, {
          domain: "DOMAIN",
          hint: "Give one of them another address.",
        });
      }
      return address;
    }
    default:
      return undefined;
  }
}

function scsiPlace(index: number, maxUnit: number): DriveAddress {
  if (maxUnit <= 7) return { type: "drive", controller: Math.floor(index / 7), bus: 0, target: 0, unit: index % 7 };
  const controller = Math.floor(index / (maxUnit - 1));
  const unit = index % (maxUnit - 1);
  // unit 7 is the controller itself
  return { type: "drive", controller, bus: 0, target: 0, unit: unit >= 7 ? unit + 1 : unit };
}

function hostdevDefaults(hostdev: Hostdev, places: () => ScsiPlaces): Hostdev {
  checkMediatedAddress(hostdev);
  if (hostdev.source.type !== "scsi") return hostdev;
  const { scsi } = hostdev.source;
  const source =
    scsi.protocol === "iscsi" ? { ...hostdev.source, scsi: { ...scsi, name: withLun(scsi.name) } } : hostdev.source;
  return { ...hostdev, source, address: hostdev.address ?? places().take() };
}

/** Where a mediated device of a model can sit. */
const MEDIATED_ADDRESSES: Readonly<Record<string, string>> = { "vfio-pci": "pci", "vfio-ccw": "ccw" };

function checkMediatedAddress({ address, source }: Hostdev): void {
  if (source.type !== "mdev" || address === undefined) return;
  const wanted = MEDIATED_ADDRESSES[source.model];
  if (wanted === undefined || wanted === address.type) return;
  const words = `Unsupported address type '${address.type}' with mediated device model '${source.model}'`;
  throw new VirtError("XML_ERROR", words, { domain: "DOMAIN", hint: `Write <address type='${wanted}'/>.` });
}

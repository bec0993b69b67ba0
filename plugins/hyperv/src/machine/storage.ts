import type { Controller, Disk } from "@polyvisor/sdk/conf/domain";
import { hypervError } from "../errors.js";
import type { Instance } from "../wmi/instance.js";
import { keyIn, sameText } from "./paths.js";

/** `ResourceType` of the parts of machines. */
export const TYPE = {
  OTHER: 1,
  IDE: 5,
  SCSI: 6,
  CARD: 10,
  FLOPPY_DRIVE: 14,
  DVD_DRIVE: 16,
  DISK_DRIVE: 17,
  SERIAL: 21,
  IMAGE: 31,
  CONNECTION: 33,
} as const;

const DVD_IMAGE = "Microsoft:Hyper-V:Virtual CD/DVD Disk";
const FLOPPY_IMAGE = "Microsoft:Hyper-V:Virtual Floppy Disk";
const IDE_PLACES = 2;
const SCSI_PLACES = 64;

/** The controllers of a machine: the channels of its one IDE controller by their numbers, SCSI ones in their order. */
export interface Controllers {
  readonly ide: ReadonlyMap<number, Instance>;
  readonly scsi: readonly Instance[];
  readonly floppy: Instance | undefined;
}

export function typeOf(part: Instance): number {
  return part.number("ResourceType", 0);
}

export function controllersOf(parts: readonly Instance[]): Controllers {
  const channels = parts.filter((part) => typeOf(part) === TYPE.IDE);
  return {
    ide: new Map(channels.map((part) => [part.number("Address", 0), part])),
    scsi: parts.filter((part) => typeOf(part) === TYPE.SCSI),
    floppy: parts.find((part) => typeOf(part) === TYPE.FLOPPY_DRIVE),
  };
}

export function readControllers(parts: readonly Instance[]): Controller[] {
  const { ide, scsi } = controllersOf(parts);
  return [
    ...(ide.size > 0 ? [{ kind: "controller", type: "ide", index: 0 } as const] : []),
    ...scsi.map((_, index) => ({ kind: "controller", type: "scsi", index }) as const),
  ];
}

/** Disks of the host first, then images, as libvirt's driver lists them. `drives` are the host's disks. */
export function readDisks(
  parts: readonly Instance[],
  images: readonly Instance[],
  drives: readonly Instance[],
): Disk[] {
  const physical = physicalDisks(parts).map((part): Disk => {
    const place = placeOf(parentOf(part, parts), part, parts);
    const id = keyIn(part.list("HostResource")[0] ?? "", "DeviceID");
    const drive = drives.find((each) => sameText(each.text("DeviceID"), id));
    if (drive === undefined) throw hypervError("INTERNAL_ERROR", "Could not find Msvm_DiskDrive object");
    const path = String(drive.number("DriveNumber"));
    return { kind: "disk", device: "disk", source: { type: "block", path }, ...place };
  });
  const virtual = images
    .filter((image) => image.list("HostResource").length > 0)
    .map((image): Disk => {
      const drive = parentOf(image, parts);
      const kind = image.text("ResourceSubType");
      const path = image.list("HostResource")[0];
      const source = { type: "file", ...(path ? { path } : {}) } as const;
      if (typeOf(drive) === TYPE.FLOPPY_DRIVE || kind === FLOPPY_IMAGE) {
        return { kind: "disk", device: "floppy", source, target: { dev: "fda", bus: "fdc" } };
      }
      const device = kind === DVD_IMAGE ? "cdrom" : "disk";
      const place = placeOf(parentOf(drive, parts), drive, parts);
      return { kind: "disk", device, source, ...place, ...(device === "cdrom" && { readonly: true }) };
    });
  return [...physical, ...virtual];
}

/** Drives that pass a disk of the host through; one without a disk is left out. */
export function physicalDisks(parts: readonly Instance[]): Instance[] {
  return parts.filter((part) => {
    const [resource] = part.list("HostResource");
    return (
      typeOf(part) === TYPE.DISK_DRIVE && resource !== undefined && resource !== "" && !resource.includes("NODRIVE")
    );
  });
}

function parentOf(part: Instance, parts: readonly Instance[]): Instance {
  const path = part.text("Parent") ?? "";
  const id = keyIn(path, "InstanceID");
  const parent = parts.find((each) => sameText(each.text("InstanceID"), id));
  if (parent !== undefined) return parent;
  throw hypervError("INTERNAL_ERROR", `Failed to locate parent device with ID '${path}'`);
}

function placeOf(controller: Instance, drive: Instance, parts: readonly Instance[]): Pick<Disk, "target" | "address"> {
  const unit = drive.number("AddressOnParent");
  const { ide, scsi } = controllersOf(parts);
  const drivePlace = (number: number, bus: number) =>
    ({ type: "drive", controller: number, bus, target: 0, unit }) as const;
  if (typeOf(controller) === TYPE.IDE) {
    const channel = [...ide].find(([, each]) => each === controller)?.[0] ?? 0;
    return {
      target: { dev: `hd${letters(channel * IDE_PLACES + unit)}`, bus: "ide" },
      address: drivePlace(0, channel),
    };
  }
  if (typeOf(controller) === TYPE.SCSI) {
    const index = scsi.indexOf(controller);
    return {
      target: { dev: `sd${letters(index * SCSI_PLACES + unit)}`, bus: "scsi" },
      address: drivePlace(index, 0),
    };
  }
  throw hypervError("INTERNAL_ERROR", `Unrecognized controller type ${typeOf(controller)}`);
}

/** 0 is `a`, 25 is `z`, 26 is `aa`. */
function letters(index: number): string {
  const rest = Math.floor(index / 26);
  return (rest === 0 ? "" : letters(rest - 1)) + String.fromCharCode(97 + (index % 26));
}

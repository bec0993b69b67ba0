import { VirtError } from "@polyvisor/core";
import {
  type Disk,
  type Domain,
  type DriveAddress,
  diskNameIndex,
  type ScsiController,
  type ScsiControllerModel,
} from "@polyvisor/sdk/conf/domain";
import type { VmxWriting } from "./context.js";
import { vmxError } from "./entries.js";
import { SCSI_UNITS } from "./hooks.js";
import type { VmxLines } from "./lines.js";
import { hasSuffix } from "./parse-disks.js";

export function unsupported(detail: string, hint: string): VirtError {
  return new VirtError("CONFIG_UNSUPPORTED", detail, { hint });
}

const MODELS: Partial<Record<ScsiControllerModel, string>> = {
  buslogic: "buslogic",
  lsilogic: "lsilogic",
  lsisas1068: "lsisas1068",
  vmpvscsi: "pvscsi",
};

/** Writes disks and the SCSI controllers that they are on. Returns whether there is such a controller. */
export function formatDisks(lines: VmxLines, domain: Domain, writing: VmxWriting): boolean {
  const { disks } = domain.devices;
  const controllers = withDriverNames(domain);
  const used = controllers.filter(({ index }) => disks.some((disk) => isOn(disk, index)));
  const models = new Map(used.map((each) => [each.index, modelOf(each, disks, writing)]));
  for (const index of [0, 1, 2, 3]) {
    if (!models.has(index)) continue;
    lines.add(`scsi${index}.present`, "true");
    lines.addIf(`scsi${index}.virtualDev`, models.get(index));
  }
  const floppies = new Set<number>();
  for (const disk of disks) {
    if (disk.device === "floppy") floppies.add(formatFloppy(lines, disk, writing));
    else formatDisk(lines, disk, writing);
  }
  // without a word of them the server takes them for present
  for (const unit of [0, 1]) if (!floppies.has(unit)) lines.add(`floppy${unit}.present`, "false");
  return models.size > 0;
}

function isOn(disk: Disk, index: number): boolean {
  return disk.target.bus === "scsi" && disk.address?.type === "drive" && disk.address.controller === index;
}

/** The SCSI controllers, with the models that old documents give as the names of disks' drivers. */
function withDriverNames({ devices }: Domain): readonly ScsiController[] {
  const controllers = devices.controllers.filter((each): each is ScsiController => each.type === "scsi");
  const models = new Map(controllers.map((each) => [each.index, each.model]));
  for (const disk of devices.disks) {
    const { index } = { index: verifiedAddress(disk).controller };
    const name = disk.driver?.name;
    if (disk.target.bus !== "scsi" || name === undefined) continue;
    const model = name.toLowerCase() as ScsiControllerModel;
    if (!KNOWN_MODELS.has(model)) {
      throw vmxError(`Unknown driver name '${name}'`, "Say the model of the <controller>, and no driver of the disk.");
    }
    if (!models.has(index)) throw vmxError(`Missing SCSI controller for index ${index}`, "Add the <controller>.");
    const present = models.get(index);
    if (present !== undefined && present !== model) {
      throw vmxError(
        `Inconsistent SCSI controller model ('${name}' is not '${present}') for SCSI controller index ${index}`,
        "Give all disks of a controller the same.",
      );
    }
    models.set(index, model);
  }
  return controllers.map((each) => ({ ...each, model: models.get(each.index) }));
}

const KNOWN_MODELS: ReadonlySet<ScsiControllerModel> = new Set<ScsiControllerModel>([
  "auto",
  "buslogic",
  "lsilogic",
  "lsisas1068",
  "vmpvscsi",
  "ibmvscsi",
  "virtio-scsi",
  "lsisas1078",
  "virtio-transitional",
  "virtio-non-transitional",
  "ncr53c90",
  "dc390",
  "am53c974",
]);

function modelOf(controller: ScsiController, disks: readonly Disk[], writing: VmxWriting): string | undefined {
  const { index } = controller;
  let { model } = controller;
  if (model === "auto" && writing.scsiModel !== undefined) {
    const models = disks.filter((disk) => isOn(disk, index)).map((disk) => imageModel(disk, writing));
    if (models.some((each) => each !== models[0])) {
      throw vmxError(
        `Disks on SCSI controller ${index} have inconsistent controller models, cannot autodetect model`,
        "Say the controller's model, or put the disks on different controllers.",
      );
    }
    model = models[0];
  }
  if (model === undefined) return undefined;
  const name = MODELS[model];
  if (name !== undefined) return name;
  throw vmxError(
    `Expecting domain XML attribute 'model' of entry 'controller' to be 'buslogic' or 'lsilogic' or 'lsisas1068' or 'vmpvscsi' but found '${model}'`,
    "Choose one of these.",
  );
}

/** Only images of the server's own tell what they were made for. */
function imageModel(disk: Disk, writing: VmxWriting): ScsiControllerModel {
  const path = disk.source.type === "file" ? disk.source.path : undefined;
  if (disk.device !== "disk" || path === undefined || !path.startsWith("[")) return "auto";
  return writing.scsiModel?.(path) ?? "auto";
}

/** The disk's place, which must be the one that its name stands for. */
function verifiedAddress(disk: Disk): DriveAddress {
  const { address } = disk;
  if (address?.type !== "drive") {
    throw unsupported(`Unsupported disk address type '${address?.type ?? "none"}'`, "Disks are on a scsi or ide bus.");
  }
  const { dev } = disk.target;
  const expected = placeOf(disk);
  const { controller, bus, unit } = address;
  if (expected.controller !== controller || expected.bus !== bus || expected.unit !== unit) {
    const detail = `Disk address ${controller}:${bus}:${unit} doesn't match target device '${dev}'`;
    throw vmxError(detail, "Leave the <address> out.");
  }
  checkRange(disk, address);
  return address;
}

function placeOf({ target }: Disk): { controller: number; bus: number; unit: number } {
  const index = diskNameIndex(target.dev);
  if (index < 0) throw vmxError("Could not verify disk address", "Name the disk like sda, hda or fda.");
  switch (target.bus) {
    case "scsi": {
      const unit = index % (SCSI_UNITS - 1);
      // unit 7 is the controller itself
      return { controller: Math.floor(index / (SCSI_UNITS - 1)), bus: 0, unit: unit >= 7 ? unit + 1 : unit };
    }
    case "ide":
      return { controller: Math.floor(index / 4), bus: Math.floor((index % 4) / 2), unit: index % 2 };
    case "sata":
      return { controller: Math.floor(index / 6), bus: 0, unit: index % 6 };
    default:
      return { controller: Math.floor(index / 2), bus: 0, unit: index % 2 };
  }
}

function checkRange(disk: Disk, { controller, bus, unit }: DriveAddress): void {
  const limit = (what: string, value: number, allowed: string, isIn: boolean): void => {
    if (!isIn) throw vmxError(`${what} index ${value} out of [${allowed}] range`, "Choose another name for the disk.");
  };
  switch (disk.target.bus) {
    case "scsi":
      limit("SCSI controller", controller, "0..3", controller <= 3);
      limit("SCSI bus", bus, "0", bus === 0);
      limit("SCSI unit", unit, "0..6,8..15", unit <= 15 && unit !== 7);
      return;
    case "ide":
      limit("IDE controller", controller, "0", controller === 0);
      limit("IDE bus", bus, "0..1", bus <= 1);
      limit("IDE unit", unit, "0..1", unit <= 1);
      return;
    case "fdc":
      limit("FDC controller", controller, "0", controller === 0);
      limit("FDC bus", bus, "0", bus === 0);
      limit("FDC unit", unit, "0..1", unit <= 1);
      return;
    default:
      throw unsupported(`Unsupported bus type '${disk.target.bus}'`, "Disks are on a scsi or ide bus.");
  }
}

/** The number that a disk's name stands for, which must begin as disks of its bus do. */
function indexOf(dev: string, prefix: string, words: string, largest: number): number {
  if (!dev.startsWith(prefix)) {
    const where = "Expecting domain XML attribute 'dev' of entry 'devices/disk/target'";
    throw vmxError(`${where} to start with '${prefix}'`, `Name the disk ${prefix}a.`);
  }
  const index = diskNameIndex(dev);
  if (index < 0) throw vmxError(`Could not parse valid disk index from '${dev}'`, `Name the disk ${prefix}a.`);
  if (index > largest) throw vmxError(`${words} disk index (parsed from '${dev}') is too large`, "Use fewer disks.");
  return index;
}

function prefixOf({ target, device }: Disk): string {
  const { bus, dev } = target;
  if (bus === "scsi") {
    const index = indexOf(dev, "sd", "SCSI", 4 * 15 - 1);
    const unit = index % 15;
    return `scsi${Math.floor(index / 15)}:${unit >= 7 ? unit + 1 : unit}`;
  }
  if (bus === "ide") {
    const index = indexOf(dev, "hd", "IDE", 3);
    return `ide${index >> 1}:${index & 1}`;
  }
  throw unsupported(`Unsupported bus type '${bus}' for ${device}`, "Disks are on a scsi or ide bus.");
}

function formatDisk(lines: VmxLines, disk: Disk, writing: VmxWriting): void {
  const { source, target, device } = disk;
  const what = `${target.bus} ${device} '${target.dev}'`;
  if (source.type !== "file" && source.type !== "block") {
    const detail = `${what} has unsupported type '${source.type}', expecting 'file' or 'block'`;
    throw unsupported(detail, "Use an image in a datastore.");
  }
  const prefix = prefixOf(disk);
  const deviceType = deviceTypeOf(disk);
  if (deviceType === undefined)
    throw unsupported(`${what} has an unsupported type '${source.type}'`, "Use an image in a datastore.");
  lines.add(`${prefix}.present`, "true");
  lines.add(`${prefix}.deviceType`, deviceType);
  if (source.type === "file") lines.add(`${prefix}.fileName`, imageName(disk, source.path, what, writing));
  else if (source.path === undefined && source.startupPolicy === "optional") {
    lines.add(`${prefix}.autodetect`, "true");
    lines.add(`${prefix}.fileName`, "auto detect");
  } else lines.add(`${prefix}.fileName`, source.path ?? "(null)");
  const cache = disk.driver?.cache ?? "default";
  if (target.bus === "scsi" && cache === "writethrough") lines.add(`${prefix}.writeThrough`, "true");
  else if (target.bus === "scsi" && cache !== "default") {
    const detail = `${target.bus} harddisk '${target.dev}' has unsupported cache mode '${cache}'`;
    throw unsupported(detail, "Write cache='writethrough', or nothing.");
  }
  if (disk.transient !== undefined) lines.add(`${prefix}.mode`, "independent-nonpersistent");
}

function deviceTypeOf({ device, source, target }: Disk): string | undefined {
  const isFile = source.type === "file";
  const isScsi = target.bus === "scsi";
  if (device === "disk") return isFile ? (isScsi ? "scsi-hardDisk" : "ata-hardDisk") : undefined;
  if (device === "cdrom") return isFile ? "cdrom-image" : "atapi-cdrom";
  const path = source.type === "block" || source.type === "file" ? source.path : undefined;
  return isScsi && path?.startsWith("/vmfs/devices/cdrom/") ? "scsi-passthru" : "cdrom-raw";
}

function imageName({ device }: Disk, path: string | undefined, what: string, writing: VmxWriting): string {
  const suffix = device === "disk" ? ".vmdk" : ".iso";
  if (path === undefined) {
    if (device === "cdrom") return "emptyBackingString";
    throw vmxError(`${what} has no source`, "Name the disk's image.");
  }
  if (!hasSuffix(path, suffix)) {
    const detail = `Image file for ${what} has unsupported suffix, expecting '${suffix}'`;
    throw vmxError(detail, `Name a file that ends in ${suffix}.`);
  }
  return writing.fileName(path);
}

/** Returns the floppy's number. */
function formatFloppy(lines: VmxLines, { source, target }: Disk, writing: VmxWriting): number {
  const unit = indexOf(target.dev, "fd", "Floppy", 1);
  const prefix = `floppy${unit}`;
  lines.add(`${prefix}.present`, "true");
  if (source.type === "file") {
    lines.add(`${prefix}.fileType`, "file");
    if (source.path !== undefined) lines.add(`${prefix}.fileName`, writing.fileName(source.path));
  } else if (source.type === "block") {
    lines.add(`${prefix}.fileType`, "device");
    lines.addIf(`${prefix}.fileName`, source.path);
  } else {
    const detail = `Floppy '${target.dev}' has unsupported type '${source.type}', expecting 'file' or 'block'`;
    throw unsupported(detail, "Use an image in a datastore.");
  }
  return unit;
}

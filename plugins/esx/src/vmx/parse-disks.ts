import type { VirtError } from "@polyvisor/core";
import { type Controller, type Disk, diskNameIndex, type ScsiControllerModel } from "@polyvisor/sdk/conf/domain";
import type { VmxReading } from "./context.js";
import { type VmxEntries, vmxError } from "./entries.js";

type Bus = "scsi" | "sata" | "ide" | "fdc";

/** Where a disk is looked for, and how it would be called there. */
interface Place {
  readonly bus: Bus;
  readonly prefix: string;
  readonly dev: string;
}

const SATA_UNITS = 30;

/** Disks in the order of their buses, and the controllers up to the last one that a disk is on. */
export function parseDisks(
  entries: VmxEntries,
  reading: VmxReading,
  scsiUnits: number,
): { disks: readonly Disk[]; controllers: readonly Controller[] } {
  const models = [0, 1, 2, 3].map((index) => parseScsiController(entries, index));
  const scsi = models.flatMap((model, controller) =>
    model === undefined ? [] : range(scsiUnits).flatMap((unit) => scsiDisk(entries, reading, controller, unit)),
  );
  const sata = range(4)
    .filter((controller) => entries.boolean(`sata${controller}.present`, false))
    .flatMap((controller) =>
      range(SATA_UNITS).flatMap((unit) => {
        const dev = diskName("sd", controller * SATA_UNITS + unit);
        return diskOrCdrom(entries, reading, { bus: "sata", prefix: `sata${controller}:${unit}`, dev });
      }),
    );
  const ide = range(4).flatMap((index) => {
    const prefix = `ide${index >> 1}:${index & 1}`;
    return diskOrCdrom(entries, reading, { bus: "ide", prefix, dev: diskName("hd", index) });
  });
  const floppies = range(2).flatMap((unit) => parseFloppy(entries, reading, unit));
  const used = (disks: readonly Disk[], perController: number): number => {
    const last = disks.at(-1);
    return last === undefined ? 0 : Math.floor(diskNameIndex(last.target.dev) / perController) + 1;
  };
  const scsiControllers = range(used(scsi, scsiUnits - 1)).map(
    (index): Controller => ({ kind: "controller", type: "scsi", index, model: models[index]?.model }),
  );
  const sataControllers = range(used(sata, 6)).map(
    (index): Controller => ({ kind: "controller", type: "sata", index }),
  );
  return { disks: [...scsi, ...sata, ...ide, ...floppies], controllers: [...scsiControllers, ...sataControllers] };
}

function range(length: number): readonly number[] {
  return Array.from({ length }, (_, index) => index);
}

/** `sda`, `sdz`, `sdaa` and so on. */
export function diskName(prefix: string, index: number): string {
  let letters = "";
  for (let rest = index; rest >= 0; rest = Math.floor(rest / 26) - 1) {
    letters = String.fromCharCode(97 + (rest % 26)) + letters;
  }
  return prefix + letters;
}

const SCSI_MODELS: ReadonlyMap<string, ScsiControllerModel> = new Map([
  ["buslogic", "buslogic"],
  ["lsilogic", "lsilogic"],
  ["lsisas1068", "lsisas1068"],
  ["pvscsi", "vmpvscsi"],
]);

/** `undefined` where there is no such controller. */
function parseScsiController(
  entries: VmxEntries,
  index: number,
): { readonly model: ScsiControllerModel | undefined } | undefined {
  if (!entries.boolean(`scsi${index}.present`, false)) return undefined;
  const name = `scsi${index}.virtualDev`;
  const written = entries.string(name)?.toLowerCase();
  if (written === undefined) return { model: undefined };
  const model = SCSI_MODELS.get(written);
  if (model !== undefined) return { model };
  throw vmxError(
    `Expecting VMX entry '${name}' to be 'buslogic' or 'lsilogic' or 'lsisas1068' or 'pvscsi' but found '${written}'`,
    "Choose one of these, or leave it out.",
  );
}

function scsiDisk(entries: VmxEntries, reading: VmxReading, controller: number, unit: number): readonly Disk[] {
  // unit 7 is the controller itself
  if (unit === 7) return [];
  const dev = diskName("sd", controller * 15 + (unit < 7 ? unit : unit - 1));
  return diskOrCdrom(entries, reading, { bus: "scsi", prefix: `scsi${controller}:${unit}`, dev });
}

function diskOrCdrom(entries: VmxEntries, reading: VmxReading, place: Place): readonly Disk[] {
  const { prefix } = place;
  // what is a client's device has no image that anybody else could see
  if (!entries.boolean(`${prefix}.present`, false) || entries.boolean(`${prefix}.clientDevice`, false)) return [];
  const drive: Drive = {
    ...place,
    deviceType: entries.string(`${prefix}.deviceType`),
    fileName: entries.string(`${prefix}.fileName`),
  };
  const disk = parseHarddisk(entries, reading, drive) ?? parseCdrom(reading, drive);
  return disk === undefined ? [] : [disk];
}

interface Drive extends Place {
  readonly deviceType: string | undefined;
  readonly fileName: string | undefined;
}

function isCdrom({ deviceType, fileName }: Drive): boolean {
  if (fileName === undefined || fileName === "emptyBackingString" || hasSuffix(fileName, ".iso")) return true;
  const type = deviceType?.toLowerCase() ?? "";
  if (["atapi-cdrom", "cdrom-raw", "cdrom-image"].includes(type)) return true;
  return type === "scsi-passthru" && fileName.startsWith("/vmfs/devices/cdrom/");
}

function parseHarddisk(entries: VmxEntries, reading: VmxReading, drive: Drive): Disk | undefined {
  const { bus, prefix, dev, deviceType, fileName } = drive;
  if (fileName === undefined || isCdrom(drive)) return undefined;
  if (!hasSuffix(fileName, ".vmdk")) throw unknownFile(drive);
  const expected = bus === "scsi" ? "scsi-hardDisk" : bus === "ide" ? "ata-hardDisk" : undefined;
  const type = deviceType?.toLowerCase();
  if (type !== undefined && expected !== undefined && type !== expected.toLowerCase() && type !== "disk") {
    throw vmxError(
      `Expecting VMX entry '${prefix}.deviceType' to be '${expected}' or 'disk' but found '${deviceType}'`,
      `Write ${prefix}.deviceType = "${expected}".`,
    );
  }
  const writeThrough = entries.boolean(`${prefix}.writeThrough`, false);
  const mode = entries.string(`${prefix}.mode`)?.toLowerCase();
  return {
    kind: "disk",
    device: "disk",
    source: { type: "file", path: reading.fileName(fileName, false) },
    target: { dev, bus },
    driver: writeThrough ? { cache: "writethrough" } : undefined,
    transient: mode === "independent-nonpersistent" ? {} : undefined,
  };
}

function parseCdrom(reading: VmxReading, drive: Drive): Disk | undefined {
  const { bus, prefix, dev, deviceType, fileName } = drive;
  const type = deviceType?.toLowerCase();
  const disk = (device: "cdrom" | "lun", source: Disk["source"]): Disk => ({
    kind: "disk",
    device,
    source,
    target: { dev, bus },
    readonly: true,
  });
  const isFile = fileName !== undefined && (hasSuffix(fileName, ".iso") || fileName === "emptyBackingString");
  const isIso = fileName !== undefined && hasSuffix(fileName, ".iso");
  const image = (): Disk => {
    if (type !== undefined && type !== "cdrom-image") {
      throw vmxError(
        `Expecting VMX entry '${prefix}.deviceType' to be 'cdrom-image' but found '${deviceType}'`,
        `Write ${prefix}.deviceType = "cdrom-image".`,
      );
    }
    const path = isIso && fileName !== undefined ? reading.fileName(fileName, true) : undefined;
    return disk("cdrom", { type: "file", path });
  };
  const block = (): Disk["source"] =>
    fileName?.toLowerCase() === "auto detect"
      ? { type: "block", startupPolicy: "optional" }
      : { type: "block", path: fileName };
  if (isIso) return image();
  if (type === "atapi-cdrom") return disk("cdrom", block());
  if (type === "cdrom-raw") return disk("lun", block());
  if (bus === "scsi" && type === "scsi-passthru") {
    return fileName?.startsWith("/vmfs/devices/cdrom/") ? disk("lun", { type: "block", path: fileName }) : undefined;
  }
  if (isFile) return image();
  throw unknownFile(drive);
}

function parseFloppy(entries: VmxEntries, reading: VmxReading, unit: number): readonly Disk[] {
  const prefix = `floppy${unit}`;
  if (!entries.boolean(`${prefix}.present`, false) || entries.boolean(`${prefix}.clientDevice`, false)) return [];
  const fileType = entries.string(`${prefix}.fileType`)?.toLowerCase();
  const fileName = entries.string(`${prefix}.fileName`);
  const dev = diskName("fd", unit);
  const source: Disk["source"] | undefined =
    fileType === "device"
      ? { type: "block", path: fileName }
      : fileType === "file"
        ? { type: "file", path: fileName === undefined ? undefined : reading.fileName(fileName, false) }
        : undefined;
  if (source === undefined) {
    const deviceType = entries.string(`${prefix}.deviceType`);
    throw unknownFile({ bus: "fdc", prefix, dev, deviceType, fileName });
  }
  return [{ kind: "disk", device: "floppy", source, target: { dev, bus: "fdc" } }];
}

function unknownFile({ prefix, deviceType, fileName }: Drive): VirtError {
  const type = deviceType ?? "unknown";
  return vmxError(
    `Invalid or not yet handled value '${fileName ?? "<null>"}' for VMX entry '${prefix}.fileName' for device type '${type}'`,
    "Disks are .vmdk files, images in drives are .iso files.",
  );
}

export function hasSuffix(text: string, suffix: string): boolean {
  return text.toLowerCase().endsWith(suffix);
}

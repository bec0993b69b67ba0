import { type Disk, type Domain, diskNameIndex, type StorageFormat } from "@polyvisor/sdk/conf";
import { has, type QemuCapabilities } from "../../capabilities/index.js";
import { internal, refuse } from "./refuse.js";

export function validateDisk(disk: Disk, domain: Domain, caps: QemuCapabilities): void {
  checkGeometry(disk);
  checkMedium(disk);
  checkIdentity(disk, caps);
  if (disk.device === "lun") checkLun(disk, caps);
  checkRotation(disk, caps);
  checkReadonly(disk);
  checkIo(disk, domain, caps);
  checkSource(disk);
}

function checkGeometry({ geometry, target }: Disk): void {
  if (!geometry?.cylinders || !geometry.heads || !geometry.sectors) return;
  if (target.bus === "usb" || target.bus === "sd") throw refuse(`CHS geometry can not be set for '${target.bus}' bus`);
  if (geometry.trans !== undefined && target.bus !== "ide")
    throw refuse(`CHS translation mode can only be set for 'ide' bus not '${target.bus}'`);
}

function checkMedium({ device, driver, readonly, target }: Disk): void {
  if (device === "cdrom" && (target.bus === "virtio" || target.bus === "sd")) {
    throw refuse(
      `disk type of '${target.dev}' does not support ejectable media`,
      "put a cdrom on bus='sata', bus='scsi' or bus='ide'",
    );
  }
  if (driver?.copyOnRead !== "on") return;
  if (readonly === true) throw refuse(`copy_on_read is not compatible with read-only disk '${target.dev}'`);
  if (device === "cdrom" || device === "floppy")
    throw refuse(`copy_on_read is not supported with removable disk '${target.dev}'`);
}

function checkIdentity({ product, serial, target, vendor, wwn }: Disk, caps: QemuCapabilities): void {
  if (serial !== undefined && target.bus === "sd")
    throw internal(`Serial property not supported for drive bus '${target.bus}'`);
  if (wwn !== undefined) {
    if (target.bus !== "ide" && target.bus !== "scsi") throw refuse("Only ide and scsi disk support wwn");
    if (target.bus === "ide" && !has(caps, "ide-drive.wwn"))
      throw refuse("Setting wwn for ide disk is not supported by this QEMU");
  }
  if ((vendor ?? product) !== undefined) {
    if (target.bus !== "scsi") throw refuse("Only scsi disk supports vendor and product");
    if (!has(caps, "scsi-disk.wwn"))
      throw refuse("Setting vendor or product for scsi disk is not supported by this QEMU");
  }
  if (serial !== undefined && !/^[A-Za-z0-9-_ .+]*$/.test(serial))
    throw internal(`driver serial '${serial}' contains unsafe characters`);
}

function checkLun(disk: Disk, caps: QemuCapabilities): void {
  const { bus, dev } = disk.target;
  if (bus !== "virtio" && bus !== "scsi") throw refuse(`disk device='lun' is not supported for bus='${bus}'`);
  if (bus === "scsi" && !has(caps, "scsi-block"))
    throw refuse("This QEMU doesn't support scsi-block for lun passthrough");
  if (disk.driver?.copyOnRead === "on") throw refuse(`copy_on_read is not compatible with 'lun' disk '${dev}'`);
  if (disk.wwn !== undefined) throw refuse("Setting wwn is not supported for lun device");
  if ((disk.vendor ?? disk.product) !== undefined)
    throw refuse("Setting vendor or product is not supported for lun device");
  if (disk.serial !== undefined && bus === "scsi")
    throw refuse("scsi-block 'lun' devices do not support the serial property");
}

function checkRotation({ device, target }: Disk, caps: QemuCapabilities): void {
  if (!target.rotationRate) return;
  if (!["scsi", "ide", "sata"].includes(target.bus ?? ""))
    throw internal("rotation rate is only valid for SCSI/IDE/SATA bus");
  if (device !== "disk") throw internal("rotation rate is only valid for disk device");
  if (!has(caps, "rotation-rate")) throw internal("rotation rate is not supported with this QEMU");
}

function checkReadonly({ device, readonly, target }: Disk): void {
  if (readonly !== true || device !== "disk") return;
  if (target.bus === "ide" || target.bus === "sata")
    throw refuse(`readonly ${target.bus} disks are not supported`, "use bus='virtio' or bus='scsi', or device='cdrom'");
}

function checkIo({ driver, target }: Disk, domain: Domain, caps: QemuCapabilities): void {
  if (driver?.io === "native" && driver.cache !== "none" && driver.cache !== "directsync")
    throw refuse("io='native' needs either no disk cache or directsync cache mode", "add cache='none' to <driver>");
  if (driver?.io === "io_uring" && !has(caps, "aio.io_uring"))
    throw refuse("io uring is not supported by this QEMU binary");
  if (driver?.iothread === undefined) return;
  if (target.bus !== "virtio") throw refuse(`IOThreads not available for bus ${target.bus} target ${target.dev}`);
  if (!domain.iothreads.some(({ id }) => id === driver.iothread))
    throw refuse(`Disk iothread '${driver.iothread}' not defined in iothreadid`);
}

/** Formats that several guests may write to at once. */
const SHAREABLE: ReadonlySet<StorageFormat | undefined> = new Set(["raw"]);

function checkSource(disk: Disk): void {
  const { driver, source, target } = disk;
  if (disk.shareable === true && disk.readonly !== true && !SHAREABLE.has(driver?.type)) {
    throw refuse(
      `shared access for disk '${target.dev}' requires use of supported storage format`,
      "only raw images can be written by several guests at once",
    );
  }
  if (driver?.name !== undefined && driver.name !== "qemu")
    throw refuse(`unsupported driver name '${driver.name}' for disk '${target.dev}'`);
  if (diskNameIndex(target.dev) < 0) throw refuse(`invalid disk target '${target.dev}'`);
  if (/\d$/.test(target.dev))
    throw refuse(`invalid disk target '${target.dev}', partitions can't appear in disk targets`);
  if (driver?.type === "dir" && source.type !== "dir")
    throw refuse("'directory' storage format is not directly supported by QEMU, use 'dir' disk type instead");
  if (
    source.encryption !== undefined &&
    driver?.type !== "raw" &&
    driver?.type !== "qcow2" &&
    driver?.type !== undefined
  )
    throw refuse("encryption is supported only with 'raw' and 'qcow2' image format");
}

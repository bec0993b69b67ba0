import { VirtError } from "@polyvisor/core";
import { type Disk, type Domain, diskNameIndex, IO_TUNE_RATES, type StorageFormat } from "@polyvisor/sdk/conf/domain";
import { has, type QemuCapabilities } from "../../capabilities/index.js";
import { internal, refuse } from "./refuse.js";
import { requireSharedMemory } from "./shared-memory.js";
import { checkStorage } from "./storage.js";

export function validateDisk(disk: Disk, domain: Domain, caps: QemuCapabilities): void {
  checkGeometry(disk);
  checkMedium(disk);
  checkIdentity(disk, caps);
  if (disk.device === "lun") checkLun(disk, caps);
  checkRotation(disk, caps);
  checkBus(disk, caps);
  checkReadonly(disk);
  checkIo(disk, domain, caps);
  checkTune(disk, domain);
  checkTransient(disk, domain, caps);
  checkSource(disk, caps);
  if (disk.source.type !== "vhostuser") return;
  if (!has(caps, "vhost-user-blk")) throw refuse("vhostuser disk is not supported with this QEMU binary");
  requireSharedMemory("vhostuser", { domain, caps });
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

function checkBus({ address, driver, target }: Disk, caps: QemuCapabilities): void {
  const { bus } = target;
  const type = address?.type;
  if ((bus === "scsi" || bus === "ide" || bus === "fdc" || bus === "sata") && type !== undefined && type !== "drive")
    throw internal(`unexpected address type for ${bus} disk`);
  if (bus === "virtio" && (driver?.queueSize ?? 0) > 0 && !has(caps, "virtio-blk.queue-size"))
    throw refuse("queue-size property isn't supported by this QEMU binary");
  if (bus !== "usb") return;
  if (!has(caps, "usb-storage")) throw refuse("This QEMU doesn't support '-device usb-storage'");
  if (type !== undefined && type !== "usb") throw internal("unexpected address type for usb disk");
  if (target.removable !== undefined && !has(caps, "usb-storage.removable"))
    throw refuse("This QEMU doesn't support setting the removable flag of USB storage devices");
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

/** What QEMU's own counters hold. */
const TUNE_MAX = 1_000_000_000_000_000;

function checkTune({ iotune, target }: Disk, { devices }: Domain): void {
  if (iotune === undefined) return;
  const { groupName, ...limits } = iotune;
  if (groupName !== undefined) {
    if (!Object.values(limits).some((value) => value))
      throw refuse("group_name can be configured only together with settings");
    const other = devices.disks.find(
      (each) =>
        each.target.dev !== target.dev &&
        each.iotune?.groupName === groupName &&
        IO_TUNE_RATES.some((name) => (each.iotune?.[name] ?? 0) !== (iotune[name] ?? 0)),
    );
    if (other !== undefined) throw refuse(`different iotunes for disks ${target.dev} and ${other.target.dev}`);
  }
  if (IO_TUNE_RATES.some((name) => (iotune[name] ?? 0) > TUNE_MAX))
    throw new VirtError(
      "ARGUMENT_UNSUPPORTED",
      `block I/O throttle limit must be no more than ${TUNE_MAX} using QEMU`,
      { domain: "QEMU" },
    );
}

function checkTransient(
  { device, readonly, source, target, transient }: Disk,
  domain: Domain,
  caps: QemuCapabilities,
): void {
  if (transient === undefined) return;
  const { bus, dev } = target;
  const empty = "path" in source && source.path === undefined && !("fdgroup" in source && source.fdgroup !== undefined);
  if (empty) throw refuse(`transient disk '${dev}' must not be empty`);
  if (readonly === true) throw refuse(`transient disk '${dev}' must not be read-only`);
  if (source.type !== "file") throw refuse(`transient disk supported only with 'file' type (${dev})`);
  if (device !== "disk") throw refuse(`transient disk supported only with 'disk' device (${dev})`);
  if (transient.shareBacking !== "yes") return;
  const reboots = domain.onReboot !== "destroy" || domain.onPoweroff !== "destroy";
  if (!has(caps, "set-action") && !reboots)
    throw refuse(
      "transient disk backing image sharing with destroy action of lifecycle isn't supported by this QEMU binary",
    );
  if (!["usb", "virtio", "scsi"].includes(bus ?? ""))
    throw refuse(`disk bus '${bus}' doesn't support transiend disk backing image sharing`);
}

/** Formats that several guests may write to at once. */
const SHAREABLE: ReadonlySet<StorageFormat | undefined> = new Set(["raw"]);

function checkSource(disk: Disk, caps: QemuCapabilities): void {
  const { driver, target } = disk;
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
  checkChain(disk, caps);
}

function checkChain(disk: Disk, caps: QemuCapabilities): void {
  const { driver, readonly, source } = disk;
  checkStorage({ source, format: driver?.type, readonly: readonly === true }, caps);
  let below = disk.backingStore;
  while (below?.kind === "image") {
    checkStorage({ source: below.source, format: below.format, readonly: true }, caps);
    below = below.backingStore;
  }
}

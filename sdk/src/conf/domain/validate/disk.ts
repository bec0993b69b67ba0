import type { BackingStore, Disk, Domain, StorageSource } from "../model/index.js";
import { refuse, refuseVirtioOptions, unsupported } from "./refuse.js";

export function validateDisk(disk: Disk): void {
  validateChain(disk);
  if (disk.sgio === "unfiltered") unsupported("unfiltered sgio is no longer supported");
  if (disk.device === "lun") validateLun(disk);
  else {
    const hint = "Use device='lun', or remove it.";
    if (disk.source.reservations !== undefined) unsupported("<reservations/> allowed only for lun devices", hint);
    if (disk.rawio !== undefined) unsupported("rawio can be used only with device='lun'", hint);
    if (disk.sgio !== undefined) unsupported("sgio can be used only with device='lun'", hint);
  }
  validateIoTune(disk);
  validateBus(disk);
  if (disk.source.type === "nvme" && disk.source.namespace === 0) unsupported("NVMe namespace can't be zero");
  if (disk.source.type === "vhostuser") validateVhostUser(disk);
  validateIdentity(disk);
  validateName(disk);
  if (isEmpty(disk.source) && disk.device === "disk") {
    refuse("NO_SOURCE", disk.target.dev, "Add <source file='...'/>; only cdrom and floppy drives may be empty.");
  }
}

function isEmpty(source: StorageSource): boolean {
  return (source.type === "file" || source.type === "block" || source.type === "dir") && source.path === undefined;
}

function validateChain(disk: Disk): void {
  validateSource(disk.source);
  for (let store: BackingStore | undefined = disk.backingStore; store?.kind === "image"; store = store.backingStore) {
    validateSource(store.source);
  }
}

const WITHOUT_AUTH: ReadonlySet<string> = new Set(["nbd", "sheepdog", "gluster", "tftp", "vxhs", "nfs"]);
const SECRET_TYPES = ["none", "volume", "ceph", "iscsi", "tls", "vtpm"];

function validateSource(source: StorageSource): void {
  if (source.encryption?.format === "luks" && source.encryption.cipher !== undefined) {
    unsupported("supplying <cipher> for domain disk definition is unnecessary", "Remove <cipher>.");
  }
  if (source.type !== "network" || source.auth === undefined) return;
  const { protocol, auth } = source;
  if (WITHOUT_AUTH.has(protocol)) {
    unsupported(`authentication is not supported for protocol '${protocol}'`, "Remove <auth>.");
  }
  const { secretType } = auth;
  if (secretType === undefined || !SECRET_TYPES.includes(secretType)) {
    unsupported(`unknown secret type '${secretType ?? "<null>"}'`, `Known: ${SECRET_TYPES.join(", ")}.`);
  }
  if ((protocol === "iscsi" && secretType !== "iscsi") || (protocol === "rbd" && secretType !== "ceph")) {
    unsupported(`invalid secret type '${secretType}'`, `Use type='${protocol === "rbd" ? "ceph" : "iscsi"}'.`);
  }
}

function validateLun(disk: Disk): void {
  const { source } = disk;
  if (source.type === "network") {
    if (source.protocol !== "iscsi")
      unsupported(`disk device='lun' is not supported for protocol='${source.protocol}'`);
  } else if (source.type !== "block" && source.type !== "volume") {
    unsupported("disk device='lun' is only valid for block type disk source", "Use type='block'.");
  }
  if ((disk.driver?.type ?? "raw") !== "raw") unsupported("disk device 'lun' must use 'raw' format");
  if (source.slices !== undefined) unsupported("disk device 'lun' doesn't support storage slice");
  if (source.encryption !== undefined && source.encryption.format !== "default") {
    unsupported("disk device 'lun' doesn't support encryption");
  }
}

function validateIoTune(disk: Disk): void {
  const tune = disk.iotune;
  if (tune === undefined) return;
  const exclusive = (
    total: number | undefined,
    read: number | undefined,
    write: number | undefined,
    name: string,
  ): void => {
    if (total && (read || write)) refuse("XML_ERROR", `total and read/write ${name} cannot be set at the same time`);
  };
  exclusive(tune.totalBytesSec, tune.readBytesSec, tune.writeBytesSec, "bytes_sec");
  exclusive(tune.totalIopsSec, tune.readIopsSec, tune.writeIopsSec, "iops_sec");
  exclusive(tune.totalBytesSecMax, tune.readBytesSecMax, tune.writeBytesSecMax, "bytes_sec_max");
  exclusive(tune.totalIopsSecMax, tune.readIopsSecMax, tune.writeIopsSecMax, "iops_sec_max");
}

const DRIVE_BUSES: ReadonlySet<string> = new Set(["ide", "fdc", "scsi", "sata"]);

function validateBus(disk: Disk): void {
  const { bus } = disk.target;
  if (disk.address !== undefined && bus !== undefined && DRIVE_BUSES.has(bus) && disk.address.type !== "drive") {
    const words = `Invalid address type '${disk.address.type}' for the disk '${disk.target.dev}' with the bus type '${bus}'`;
    unsupported(words, "Use <address type='drive' .../>.");
  }
  if (bus === "virtio") return;
  const { driver } = disk;
  if (disk.model !== undefined) unsupported(`disk model '${disk.model}' not supported for bus '${bus}'`);
  if (driver?.queues) unsupported("queues attribute in disk driver element is only supported by virtio-blk");
  if (driver?.eventIdx !== undefined) unsupported("disk event_idx mode supported only for virtio bus");
  if (driver?.ioeventfd !== undefined) unsupported("disk ioeventfd mode supported only for virtio bus");
  refuseVirtioOptions(driver);
}

/** The first option that a vhost-user disk, whose data another process serves, cannot have. */
function validateVhostUser(disk: Disk): void {
  const { driver, source, geometry, blockio } = disk;
  if (disk.target.bus !== "virtio") unsupported("vhostuser disk supports only virtio bus", "Use bus='virtio'.");
  if (disk.snapshot !== "no") unsupported("only snapshot=no is supported with vhostuser disk");
  const shaped = geometry !== undefined && (geometry.cylinders || geometry.heads || geometry.sectors || geometry.trans);
  const options: readonly (readonly [set: unknown, name: string])[] = [
    [driver?.cache, "cache"],
    [driver?.errorPolicy ?? driver?.rerrorPolicy, "error_policy"],
    [driver?.io, "io"],
    [driver?.ioeventfd, "ioeventfd"],
    [driver?.copyOnRead, "copy_on_read"],
    [driver?.discard, "discard"],
    [driver?.iothread, "iothread"],
    [driver?.detectZeroes, "detect_zeroes"],
    [driver?.metadataCacheMaxSize, "metadata_cache"],
    [disk.iotune, "iotune"],
    [disk.backingStore, "backingStore"],
    [source.encryption, "encryption"],
    [disk.readonly, "readonly"],
    [disk.shareable, "shareable"],
    [disk.transient, "transient"],
    [disk.serial, "serial"],
    [disk.wwn, "wwn"],
    [disk.vendor, "vendor"],
    [disk.product, "product"],
    [source.auth, "auth"],
    [shaped, "geometry"],
    [blockio?.logicalBlockSize || blockio?.physicalBlockSize, "blockio"],
  ];
  const set = options.find(([value]) => value !== undefined && value !== 0 && value !== false);
  if (set !== undefined) unsupported(`${set[1]} is not supported with vhostuser disk`, "Remove it.");
}

function validateIdentity(disk: Disk): void {
  const printable = (name: "vendor" | "product", limit: number): void => {
    const value = disk[name];
    if (value === undefined) return;
    if (!/^[\x20-\x7e]*$/.test(value)) refuse("XML_ERROR", `disk ${name} is not printable string`);
    if (value.length > limit) unsupported(`disk ${name} is more than ${limit} characters`);
  };
  if (disk.target.tray === "open" && disk.device !== "floppy" && disk.device !== "cdrom") {
    unsupported("tray is only valid for cdrom and floppy");
  }
  printable("vendor", 8);
  printable("product", 16);
  const { bus } = disk.target;
  if (disk.device === "floppy" && bus !== "fdc") {
    refuse("INTERNAL_ERROR", `Invalid bus type '${bus}' for floppy disk`, "Use bus='fdc'.");
  }
  if (disk.device !== "floppy" && bus === "fdc") {
    refuse("INTERNAL_ERROR", `Invalid bus type '${bus}' for disk`, "Only floppy drives sit on fdc.");
  }
  if (disk.target.removable !== undefined && bus !== "usb")
    refuse("XML_ERROR", "removable is only valid for usb disks");
  validateStartupPolicy(disk);
  if (disk.wwn !== undefined && !/^(0x)?[0-9a-fA-F]{16}$/.test(disk.wwn)) {
    refuse("INTERNAL_ERROR", `Malformed wwn: ${disk.wwn}`, "Write 16 hexadecimal digits.");
  }
}

function validateStartupPolicy(disk: Disk): void {
  const { startupPolicy: policy, type } = disk.source;
  if (policy === undefined) return;
  if (type === "network" || type === "vhostuser" || type === "nvme") {
    refuse("XML_ERROR", `disk startupPolicy '${policy}' is not allowed for disk of '${type}' type`);
  }
  if (policy === "requisite" && disk.device !== "cdrom" && disk.device !== "floppy") {
    refuse("XML_ERROR", "disk startupPolicy 'requisite' is allowed only for cdrom or floppy");
  }
}

function validateName(disk: Disk): void {
  const { dev } = disk.target;
  if ((disk.device === "disk" || disk.device === "lun") && !/^(hd|sd|vd|xvd|ubd)/.test(dev)) {
    refuse("INTERNAL_ERROR", `Invalid harddisk device name: ${dev}`, "Name it like vda, sda or hda.");
  }
  if (disk.device === "floppy" && !dev.startsWith("fd")) {
    refuse("INTERNAL_ERROR", `Invalid floppy device name: ${dev}`, "Name it like fda.");
  }
}

/** What libvirt calls the source of a disk in its messages. */
function sourceName({ source }: Disk): string {
  const name = "path" in source && source.path !== undefined ? source.path : "name" in source ? source.name : undefined;
  return name ?? "<null>";
}

/** Names, serial numbers and places that two disks share. */
export function rejectSharedDisks(domain: Domain): void {
  const seen = new Map<string, Disk>();
  const once = (key: string, disk: Disk, complain: (other: Disk) => never): void => {
    const other = seen.get(key);
    if (other !== undefined) complain(other);
    seen.set(key, disk);
  };
  for (const disk of domain.devices.disks) {
    const { dev } = disk.target;
    once(`target ${dev}`, disk, (other) => {
      const sources = `'${sourceName(other)}' and '${sourceName(disk)}'`;
      const words = `target '${dev}' duplicated for disk sources ${sources}`;
      return refuse("XML_ERROR", words, "Give each disk a name of its own.");
    });
  }
  for (const disk of domain.devices.disks) {
    const { address } = disk;
    if (address?.type !== "drive") continue;
    const { controller, bus, target, unit } = address;
    once(`${disk.target.bus} ${controller} ${bus} ${target} ${unit}`, disk, (other) =>
      unsupported(
        `Found duplicate drive address for disk with target name '${other.target.dev}' controller='${controller}' bus='${bus}' target='${target}' unit='${unit}'`,
        "Leave <address> out, or choose another unit.",
      ),
    );
  }
}

import type { BackingStore, Disk, StorageSource } from "@polyvisor/sdk/conf";
import { isQ35 } from "../conf/machine.js";
import { addressProps, driveProps } from "./address.js";
import { CACHE_MODES, type Image, imageArgs, openedImageArgs } from "./blockdev.js";
import { chardevArgs } from "./chardev.js";
import { aliasOf, type Build, internal } from "./context.js";
import { fromOnOff, type Props, positive } from "./props.js";
import { sdDriveArgs } from "./sd-drive.js";
import { virtioProps } from "./virtio.js";
import { volumeKey } from "./volumes.js";

export function diskArgs(build: Build): void {
  floppyControllerArgs(build);
  for (const disk of build.domain.devices.disks) {
    // A disk of which several guests may write copies is plugged in when its overlay exists.
    if (disk.transient?.shareBacking === "yes") continue;
    if (disk.target.bus === "sd") {
      sdDriveArgs(build, disk);
      continue;
    }
    sourceArgs(build, disk);
    build.args.device(diskProps(build, disk));
  }
}

function floppyControllerArgs(build: Build): void {
  const floppies = build.domain.devices.disks.filter((disk) => disk.target.bus === "fdc");
  if (floppies.length === 0) return;
  const unitOf = (disk: Disk) => (disk.address?.type === "drive" ? disk.address.unit : 0);
  const index = (second: boolean) => {
    const disk = floppies.findLast((item) => (unitOf(item) !== 0) === second);
    return disk === undefined ? undefined : positive(build.bootIndexes.get(disk));
  };
  const [a, b] = [index(false), index(true)];
  // q35 has no floppy controller of its own.
  if (isQ35(build.domain)) {
    build.args.device({ driver: "isa-fdc", bootindexA: a, bootindexB: b });
    return;
  }
  if (a !== undefined) build.args.add("-global", `isa-fdc.bootindexA=${a}`);
  if (b !== undefined) build.args.add("-global", `isa-fdc.bootindexB=${b}`);
}

export function isEmptySource(source: StorageSource): boolean {
  if (source.type === "file") return source.path === undefined && source.fdgroup === undefined;
  return (source.type === "block" || source.type === "dir") && source.path === undefined;
}

function sourceArgs(build: Build, disk: Disk): void {
  if (disk.source.type === "vhostuser") {
    const { path = "", reconnect } = disk.source;
    chardevArgs(build, { type: "unix", mode: "connect", path, reconnect }, `chr-vu-${aliasOf(disk)}`);
    return;
  }
  if (isEmptySource(disk.source)) return;
  const chain = chainOf(build, disk);
  for (const image of chain) openedImageArgs(build, image);
  for (const image of chain.toReversed()) imageArgs(build, image);
  if (disk.driver?.copyOnRead === "on")
    build.args.blockdev({
      driver: "copy-on-read",
      "node-name": `libvirt-CoR-${disk.target.dev}`,
      file: `${nodeOf(disk.source)}-format`,
      discard: "unmap",
    });
}

/** A volume of a pool is where its pool says. */
function placeOf({ runtime }: Build, source: StorageSource): StorageSource {
  return source.type === "volume" ? (runtime.volumes?.get(volumeKey(source)) ?? source) : source;
}

/** The disk's image and those below it, top first. Only the top one is written, so only it is tuned. */
function chainOf(build: Build, disk: Disk): Image[] {
  const source = placeOf(build, disk.source);
  const top: Image = {
    source,
    format: disk.driver?.type ?? (source.type === "dir" ? "fat" : "raw"),
    node: nodeOf(disk.source),
    readonly: disk.readonly === true,
    cache: cacheOf(disk),
    io: disk.driver?.io,
    discard: disk.driver?.discard,
    detectZeroes: disk.driver?.detectZeroes,
    metadataCacheMaxSize: disk.driver?.metadataCacheMaxSize,
    floppy: disk.device === "floppy",
    backing: backingNode(disk.backingStore),
  };
  return [top, ...backingImages(build, disk, disk.backingStore)];
}

function backingImages(build: Build, disk: Disk, store: BackingStore | undefined): readonly Image[] {
  if (store === undefined || store.kind === "end") return [];
  const image: Image = {
    source: placeOf(build, store.source),
    format: store.format,
    node: nodeOf(store.source),
    readonly: true,
    cache: cacheOf(disk),
    io: disk.driver?.io,
    discard: disk.driver?.discard,
    metadataCacheMaxSize: store.source.metadataCacheMaxSize,
    floppy: disk.device === "floppy",
    backing: backingNode(store.backingStore),
  };
  return [image, ...backingImages(build, disk, store.backingStore)];
}

function backingNode(store: BackingStore | undefined): string | null | undefined {
  if (store === undefined) return undefined;
  return store.kind === "end" ? null : `${nodeOf(store.source)}-format`;
}

/** Images are numbered when a guest is prepared to start. */
function nodeOf(source: StorageSource): string {
  if (source.index === undefined) throw internal("storage source has no node name");
  return `libvirt-${source.index}`;
}

/** Guests that share a disk must not keep parts of it to themselves. */
export function cacheOf(disk: Disk): Image["cache"] {
  return disk.driver?.cache ?? (disk.shareable === true && disk.readonly !== true ? "none" : undefined);
}

function frontendProps(build: Build, disk: Disk): Props {
  switch (disk.target.bus) {
    case "ide":
    case "sata":
      return { driver: disk.device === "cdrom" ? "ide-cd" : "ide-hd" };
    case "scsi":
      if (disk.device === "lun") return { driver: "scsi-block" };
      return { driver: disk.device === "cdrom" ? "scsi-cd" : "scsi-hd" };
    case "usb":
      return { driver: "usb-storage" };
    case "fdc":
      return { driver: "floppy" };
    case "virtio":
      return virtioBlkProps(build, disk);
    default:
      throw internal(`unsupported disk bus '${disk.target.bus ?? ""}' with device setup`);
  }
}

function virtioBlkProps(build: Build, disk: Disk): Props {
  const driver = disk.driver;
  const vhost = disk.source.type === "vhostuser";
  const base = vhost ? "vhost-user-blk" : "virtio-blk";
  return {
    ...virtioProps(build, base, disk, disk.model),
    iothread: positive(driver?.iothread) === undefined ? undefined : `iothread${driver?.iothread}`,
    ioeventfd: fromOnOff(driver?.ioeventfd),
    event_idx: fromOnOff(driver?.eventIdx),
    scsi: vhost ? undefined : scsiPassthrough(build, disk),
    "num-queues": positive(driver?.queues),
    "queue-size": positive(driver?.queueSize),
  };
}

function scsiPassthrough(build: Build, disk: Disk): boolean | undefined {
  if (!build.can("virtio-blk-pci.scsi")) return undefined;
  if (disk.device === "lun") return true;
  return build.can("virtio-blk-pci.scsi.default.disabled") ? undefined : false;
}

function placeProps(build: Build, disk: Disk): Props {
  if (disk.address?.type === "drive") return driveProps(build, disk.target.bus ?? "", disk.address);
  return addressProps(build, disk);
}

export function diskProps(build: Build, disk: Disk): Props {
  const alias = aliasOf(disk);
  const scsiId = disk.target.bus === "scsi" && disk.device !== "lun";
  const removable = disk.target.bus === "usb" && build.can("usb-storage.removable");
  const cache = cacheOf(disk);
  const vhost = disk.source.type === "vhostuser";
  return {
    ...frontendProps(build, disk),
    ...placeProps(build, disk),
    device_id: scsiId ? (disk.serial ?? `drive-${alias}`) : undefined,
    "share-rw": disk.shareable === true ? true : undefined,
    drive: vhost ? undefined : driveNode(disk),
    chardev: vhost ? `chr-vu-${alias}` : undefined,
    id: alias,
    bootindex: disk.device === "floppy" ? undefined : positive(build.bootIndexes.get(disk)),
    logical_block_size: positive(disk.blockio?.logicalBlockSize),
    physical_block_size: positive(disk.blockio?.physicalBlockSize),
    wwn: wwnOf(disk),
    rotation_rate: positive(disk.target.rotationRate),
    vendor: disk.vendor,
    product: disk.product,
    removable: removable ? (fromOnOff(disk.target.removable) ?? false) : undefined,
    "write-cache": cache === undefined || disk.device === "lun" ? undefined : onOff(CACHE_MODES[cache].writeback),
    cyls: positive(disk.geometry?.cylinders),
    heads: positive(disk.geometry?.heads),
    secs: positive(disk.geometry?.sectors),
    "bios-chs-trans": disk.geometry?.trans,
    serial: disk.serial?.replaceAll(" ", "\\ "),
    ...errorPolicies(disk),
  };
}

function onOff(state: boolean): string {
  return state ? "on" : "off";
}

function driveNode(disk: Disk): string | undefined {
  if (isEmptySource(disk.source)) return undefined;
  return disk.driver?.copyOnRead === "on" ? `libvirt-CoR-${disk.target.dev}` : `${nodeOf(disk.source)}-format`;
}

function wwnOf(disk: Disk): bigint | undefined {
  return disk.wwn === undefined ? undefined : BigInt(`0x${disk.wwn.replace(/^0x/i, "")}`);
}

function errorPolicies(disk: Disk): Props {
  const write = disk.driver?.errorPolicy;
  const read = disk.driver?.rerrorPolicy;
  // QEMU knows "stop when the disk is full" for writes alone.
  if (write === "enospace") return { werror: "enospc", rerror: read };
  return { werror: write, rerror: read ?? write };
}

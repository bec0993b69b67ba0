import type { Disk, DiskBus, Domain, FileFormat, StorageSource } from "@polyvisor/sdk/conf";
import type { NativeReader, NativeSettings } from "./config.js";
import { refuse } from "./errors.js";
import { formatRbd, parseRbd } from "./rbd.js";
import { parseXlDiskSpec, type XlDiskFormat, type XlDiskSpec } from "./xl-disk-spec.js";

export function parseXlDisks(conf: NativeReader, domain: Domain): readonly Disk[] {
  return conf.stringsOf("disk").map((each) => diskOfSpec(parseXlDiskSpec(each), domain));
}

/** Absent: the drive is empty, and its format whatever an empty drive has. */
const FORMATS: Readonly<Record<XlDiskFormat, FileFormat | undefined>> = {
  raw: "raw",
  qcow: "qcow",
  qcow2: "qcow2",
  vhd: "vhd",
  qed: "qed",
  empty: undefined,
};

/** Also what xl made, see `../libxl`. */
export function diskOfSpec(spec: XlDiskSpec, { os }: Domain): Disk {
  const bus = diskBus(spec.vdev, os.type === "hvm");
  const readonly = spec.isWritable ? undefined : true;
  const target = { dev: spec.vdev, bus, removable: spec.isRemovable ? "on" : undefined } as const;
  const common = { kind: "disk", target, readonly, backendDomain: spec.backendDomain } as const;
  const source = sourceOf(spec.target);
  const discard = spec.discard === undefined ? undefined : spec.discard ? "unmap" : "ignore";
  if (spec.isCdrom) {
    const type = spec.target === undefined ? undefined : "raw";
    return { ...common, device: "cdrom", driver: { name: "qemu", type }, source };
  }
  const driver = (name: string) => ({ name, type: FORMATS[spec.format], discard }) as const;
  switch (spec.backend) {
    case "phy":
      return { ...common, device: "disk", driver: driver("phy"), source: { type: "block", path: spec.target } };
    case "tap":
      return { ...common, device: "disk", driver: driver("tap"), source: { type: "file", path: spec.target } };
    case "standalone":
      return refuse("CONFIG_UNSUPPORTED", "disk backend not supported: standalone", "Use phy, qdisk or tap.", "XENXL");
    default:
      return { ...common, device: "disk", driver: driver("qemu"), source };
  }
}

function sourceOf(target: string | undefined): StorageSource {
  return target?.startsWith("rbd:") === true
    ? parseRbd(target.replaceAll("\\\\", "\\"))
    : { type: "file", path: target };
}

/** The bus that a disk's name stands for; whatever the name, a paravirtual guest has one alone. */
export function diskBus(name: string, isHvm: boolean): DiskBus {
  if (!isHvm || name.startsWith("xvd")) return "xen";
  return name.startsWith("sd") ? "scsi" : "ide";
}

export function formatXlDisks({ devices }: Domain, settings: NativeSettings): void {
  settings.setList("disk", devices.disks.filter(({ device }) => device !== "floppy").map(formatDisk));
}

const NATIVE_FORMATS: Partial<Readonly<Record<FileFormat, string>>> = {
  vhd: "xvhd",
  qcow: "qcow",
  qcow2: "qcow2",
  qed: "qed",
};
const BACKENDS: Readonly<Record<string, string>> = { qemu: "qdisk", file: "qdisk", tap: "tap", phy: "phy" };

function formatDisk(disk: Disk): string {
  const { driver, target, readonly, shareable, device } = disk;
  if (disk.transient !== undefined) refuseTransient();
  const parts = [
    `format=${NATIVE_FORMATS[driver?.type ?? "raw"] ?? "raw"}`,
    `vdev=${target.dev}`,
    `access=${readonly === true ? "ro" : shareable === true ? "!" : "rw"}`,
  ];
  if (driver?.name !== undefined) parts.push(`backendtype=${BACKENDS[driver.name] ?? ""}`);
  if (device === "cdrom") parts.push("devtype=cdrom");
  const path = formatSource(disk.source, "\\\\");
  // last of all, since it takes the whole rest
  if (path !== undefined) parts.push(`target=${path}`);
  return parts.join(",");
}

export function refuseTransient(): never {
  refuse("CONFIG_UNSUPPORTED", "transient disks not supported yet", "Remove <transient/>.");
}

/** What Xen calls the source; undefined where it has no name there, or the drive is empty. */
export function formatSource(source: StorageSource, backslash: string): string | undefined {
  switch (source.type) {
    case "file":
    case "block":
    case "dir":
      return source.path;
    case "network":
      return formatRbd(source, backslash);
    default:
      return undefined;
  }
}

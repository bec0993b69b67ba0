import type { Disk, FileFormat } from "@polyvisor/sdk/conf";
import { refuse } from "../errors.js";
import type { XlDiskBackend, XlDiskFormat } from "../xl-disk-spec.js";
import { formatSource } from "../xl-disks.js";
import { type JsonObject, truth } from "./json.js";

const FORMATS: Partial<Readonly<Record<FileFormat, XlDiskFormat>>> = {
  raw: "raw",
  qcow: "qcow",
  qcow2: "qcow2",
  qed: "qed",
  vhd: "vhd",
};

export interface DiskBackend {
  readonly format: XlDiskFormat;
  /** Left to libxl when absent. */
  readonly backend?: XlDiskBackend;
}

/** By whom a disk is served, and in which format. Throws what Xen cannot. */
export function diskBackend({ driver, source }: Disk): DiskBackend {
  const type = driver?.type ?? "raw";
  const name = driver?.name;
  if (source.type === "network" && name !== "qemu") {
    refuse("OPERATION_INVALID", "only the 'qemu' driver can be used with network disks", "Use name='qemu'.", "LIBXL");
  }
  if (name === undefined) return { format: "raw" };
  const format = FORMATS[type] ?? refuseFormat(type, name);
  switch (name) {
    case "qemu":
      return { format, backend: "qdisk" };
    case "tap":
    case "tap2":
      return { format, backend: format === "raw" || format === "vhd" ? "tap" : "qdisk" };
    case "file":
    case "phy":
      if (format !== "raw") refuseFormat(type, name);
      return { format, backend: name === "phy" ? "phy" : "qdisk" };
    default: {
      const words = `libxenlight does not support disk driver ${name}`;
      return refuse("INTERNAL_ERROR", words, "Use qemu, phy, file or tap.", "LIBXL");
    }
  }
}

function refuseFormat(type: string, name: string): never {
  const words = `libxenlight does not support disk format ${type} with disk driver ${name}`;
  refuse("INTERNAL_ERROR", words, "The driver qemu knows most formats.", "LIBXL");
}

/** Undefined where libxl decides. */
export function discardOf({ driver, readonly }: Disk): boolean | undefined {
  if (readonly === true || driver?.discard === undefined) return undefined;
  return driver.discard === "unmap";
}

export function diskInfo(disk: Disk): JsonObject {
  const isCdrom = disk.device === "cdrom";
  const path = formatSource(disk.source, "\\");
  const { format, backend } = diskBackend(disk);
  if (disk.transient !== undefined) {
    refuse("INTERNAL_ERROR", "libxenlight does not support transient disks", "Remove <transient/>.", "LIBXL");
  }
  return {
    backend_domname: disk.backendDomain,
    pdev_path: path,
    vdev: disk.target.dev,
    backend,
    format: isCdrom && path === undefined ? "empty" : format,
    removable: 1,
    readwrite: Number(disk.readonly !== true),
    is_cdrom: Number(isCdrom),
    discard_enable: truth(discardOf(disk)),
  };
}

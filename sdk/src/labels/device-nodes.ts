import { readdir, readlink } from "node:fs/promises";
import { basename, join } from "node:path";
import type { Disk, Hostdev, PciAddress } from "../conf/domain/index.js";

/** A file in /dev by which a guest reaches a device of the host. */
export interface DeviceNode {
  readonly path: string;
  /** Other guests may have it, too: a group of devices. */
  readonly shared: boolean;
}

/**
 * The nodes of a host device, or of a disk that is one. Reads sysfs only; a device that is not there has none. `sys` is
 * where sysfs is mounted.
 */
export async function findDeviceNodes(device: Disk | Hostdev, sys = "/sys"): Promise<readonly DeviceNode[]> {
  if (device.kind === "disk") {
    return device.source.type === "nvme" ? vfioGroup(join(sys, "bus/pci/devices", pciName(device.source.pci))) : [];
  }
  if (device.mode !== "subsystem") return [];
  const { source } = device;
  switch (source.type) {
    case "usb": {
      if (source.missing || source.bus === undefined || source.device === undefined) return [];
      const [bus, number] = [source.bus, source.device].map((each) => String(each).padStart(3, "0"));
      return [{ path: `/dev/bus/usb/${bus}/${number}`, shared: false }];
    }
    case "pci":
      return vfioGroup(join(sys, "bus/pci/devices", pciName(source.address)));
    case "mdev":
      return (await vfioGroup(join(sys, "bus/mdev/devices", source.uuid))).map((node) => ({ ...node, shared: false }));
    case "scsi":
      return source.scsi.protocol === "adapter" ? scsiGeneric(source.scsi, sys) : [];
    case "scsi_host":
      return [{ path: "/dev/vhost-scsi", shared: false }];
    default:
      return [];
  }
}

function pciName({ domain = 0, bus = 0, slot = 0, function: fn = 0 }: PciAddress): string {
  const hex = (value: number, width: number) => value.toString(16).padStart(width, "0");
  return `${hex(domain, 4)}:${hex(bus, 2)}:${hex(slot, 2)}.${fn}`;
}

async function vfioGroup(folder: string): Promise<DeviceNode[]> {
  const group = await readlink(join(folder, "iommu_group")).catch(() => undefined);
  return group === undefined ? [] : [{ path: `/dev/vfio/${basename(group)}`, shared: true }];
}

async function scsiGeneric(
  { adapter, bus, target, unit }: { adapter: string; bus: number; target: number; unit: number },
  sys: string,
): Promise<DeviceNode[]> {
  const host = /(\d+)$/.exec(adapter)?.[1];
  if (host === undefined) return [];
  const folder = join(sys, "bus/scsi/devices", `${host}:${bus}:${target}:${unit}`, "scsi_generic");
  const names = await readdir(folder).catch(() => []);
  return names.slice(0, 1).map((name) => ({ path: `/dev/${name}`, shared: false }));
}

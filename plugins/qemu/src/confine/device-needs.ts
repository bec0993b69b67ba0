import type { SecurityTarget } from "@polyvisor/core";
import type { DeviceNeed } from "@polyvisor/sdk/cgroup";
import {
  allDevices,
  type BackingStore,
  type Device,
  type Disk,
  type Domain as DomainConfig,
  type StorageSource,
} from "@polyvisor/sdk/conf/domain";
import { deviceTargets, domainTargets } from "@polyvisor/sdk/labels";

/** No model's overrides: what has no label of its own is used all the same. */
const VIEW = { model: "", filesArePassed: true };

/** What the devices of a guest and its firmware are, by its configuration. Reads sysfs for host devices. */
export async function needsOfDomain(config: DomainConfig): Promise<DeviceNeed[]> {
  const others = allDevices(config).flatMap(pathsOf);
  const sev = config.launchSecurity?.type === "sev" ? ["/dev/sev"] : [];
  const needs = [...(await domainTargets(config, VIEW)).map(needOf), ...[...others, ...sev].map((path) => need(path))];
  return mayBeDevices(needs, config.devices.disks);
}

/** The same of one device. */
export async function needsOfDevice(device: Device): Promise<DeviceNeed[]> {
  const needs = [...(await deviceTargets(device, VIEW)).map(needOf), ...pathsOf(device).map((path) => need(path))];
  return mayBeDevices(needs, device.kind === "disk" ? [device] : []);
}

/** A device that is given to a guest for reading is asked with commands that count as writing. */
function needOf({ path, readOnly, kind }: SecurityTarget): DeviceNeed {
  return need(path, readOnly && kind !== "device");
}

function need(path: string, readOnly = false): DeviceNeed {
  return { path, access: readOnly ? "r" : "rw" };
}

/** What bears no label. */
function pathsOf(device: Device): string[] {
  switch (device.kind) {
    case "rng":
      return device.backend.model === "random" ? [device.backend.path ?? "/dev/urandom"] : [];
    case "graphics":
      if (device.type === "egl-headless") return definedOnly(device.rendernode);
      return device.type === "spice" || device.type === "dbus" ? definedOnly(device.gl?.rendernode) : [];
    case "video":
      return definedOnly(device.model.acceleration?.rendernode);
    case "hostdev": {
      const { type } = device.source;
      return type === "pci" || type === "mdev" ? ["/dev/vfio/vfio"] : [];
    }
    case "disk":
      return device.source.type === "nvme" ? ["/dev/vfio/vfio"] : [];
    case "memory":
      return device.model === "sgx-epc" ? ["/dev/sgx_vepc", "/dev/sgx_provision"] : [];
    default:
      return [];
  }
}

function definedOnly(path: string | undefined): string[] {
  return path === undefined ? [] : [path];
}

/**
 * A device elsewhere than in /dev is one that the configuration calls a block device: every other path may lie on a file
 * system that hangs, and is not looked at.
 */
function mayBeDevices(needs: readonly DeviceNeed[], disks: readonly Disk[]): DeviceNeed[] {
  const blocks = new Set(disks.flatMap(({ source, backingStore }) => blockPaths(source, backingStore)));
  return needs.filter(({ path }) => path.startsWith("/dev/") || blocks.has(path));
}

function blockPaths(source: StorageSource, below: BackingStore | undefined): string[] {
  const own = source.type === "block" && source.path !== undefined ? [source.path] : [];
  return below === undefined || below.kind === "end" ? own : [...own, ...blockPaths(below.source, below.backingStore)];
}

import {
  allDevices,
  type Controller,
  type Device,
  type DeviceOf,
  type Domain,
  findDevice,
  samePlace,
} from "@polyvisor/sdk/conf/domain";
import { checkIdle } from "../blockjobs/idle.js";
import { qemuError } from "../errors.js";
import { kindWord, unsupported } from "./attachable.js";
import type { Environment } from "./environment.js";
import { forget, removeUnplugged, unplug } from "./unplug.js";

/** Takes a device out of a guest that runs. `wait`: until the guest has let go of it, or a while has passed. */
export async function detachLive(env: Environment, wanted: Device, options: { readonly wait: boolean }): Promise<void> {
  const { config } = env.guest;
  const device = detachable(config, wanted);
  if (device.kind === "disk") checkIdle(env, device);
  if (device.kind === "lease") return forget(env, device);
  if (device.kind === "channel" && device.target.type === "guestfwd") {
    // It is no device of the guest's, so the guest is not asked.
    return removeUnplugged(env, device);
  }
  if (device.kind !== "graphics" && device.kind !== "audio") checkPlace(config, device);
  await unplug(env, device, options);
}

type Finders = { readonly [K in Device["kind"]]?: (wanted: DeviceOf<K>, domain: Domain) => DeviceOf<K> };

/** The guest's device that a client describes. Fails in libvirt's words where there is none, or where it must stay. */
function detachable(domain: Domain, wanted: Device): Device {
  const find = FINDERS[wanted.kind] as ((wanted: Device, domain: Domain) => Device) | undefined;
  if (find === undefined) throw unsupported(`live detach of device '${kindWord(wanted)}' is not supported`);
  return find(wanted, domain);
}

function found<D extends Device>(domain: Domain, wanted: D, words: string, code: Missing = "DEVICE_MISSING"): D {
  const device = findDevice(domain, wanted);
  if (device === undefined) throw qemuError(code, words);
  return device as D;
}

type Missing = "DEVICE_MISSING" | "OPERATION_INVALID" | "INVALID_ARG";

function chardev<D extends DeviceOf<"serial" | "parallel" | "console" | "channel">>(wanted: D, domain: Domain): D {
  return found(domain, wanted, `chr type '${wanted.kind}' device not present in domain configuration`);
}

const FINDERS: Finders = {
  disk(wanted, domain) {
    const disk = found(domain, wanted, `disk ${wanted.target.dev} not found`);
    checkDisk(disk);
    return disk;
  },
  controller(wanted, domain) {
    const { type, index } = wanted;
    if (type !== "scsi") throw unsupported(`'${type}' controller cannot be hot unplugged.`);
    const controller = found(domain, wanted, `controller ${type}:${index} not found`);
    if (isBusy(domain, controller)) throw qemuError("OPERATION_FAILED", "device cannot be detached: device is busy");
    return controller;
  },
  // findDevice itself says why there is none.
  interface: (wanted, domain) => found(domain, wanted, "no matching interface"),
  hostdev(wanted, domain) {
    if (wanted.mode !== "subsystem")
      throw qemuError("CONFIG_UNSUPPORTED", `hot unplug is not supported for hostdev mode '${wanted.mode}'`);
    return found(domain, wanted, hostdevMissing(wanted.source));
  },
  lease(wanted, domain) {
    const words = `Lease ${wanted.key} in lockspace ${wanted.lockspace ?? "<null>"} does not exist`;
    return found(domain, wanted, words, "INVALID_ARG");
  },
  serial: chardev,
  parallel: chardev,
  console: chardev,
  channel: chardev,
  rng: (wanted, domain) =>
    found(domain, wanted, `model '${wanted.model}' RNG device not present in domain configuration`),
  memory: (wanted, domain) =>
    found(domain, wanted, `model '${wanted.model}' memory device not present in the domain configuration`),
  shmem(wanted, domain) {
    const words = `model '${wanted.model ?? "ivshmem"}' shmem device not present in domain configuration`;
    const shmem = found(domain, wanted, words);
    const { model = "ivshmem" } = shmem;
    if (model === "ivshmem") throw unsupported(`live detach of shmem model '${model}' is not supported`);
    return shmem;
  },
  watchdog(wanted, { devices: { watchdog } }) {
    if (watchdog === undefined)
      throw qemuError("DEVICE_MISSING", "watchdog device not present in domain configuration");
    const { model, action, address } = watchdog;
    if (model !== wanted.model || action !== wanted.action || !samePlace(address, wanted.address))
      throw qemuError("DEVICE_MISSING", `model '${model}' watchdog device not present in domain configuration`);
    if (model !== "i6300esb") throw unsupported(`hot unplug of watchdog of model ${model} is not supported`);
    return watchdog;
  },
  input(wanted, domain) {
    const input = found(domain, wanted, "matching input device not found");
    if (input.bus === "usb" || input.bus === "virtio" || input.bus === "none") return input;
    throw unsupported(`input device on bus '${input.bus}' cannot be detached`);
  },
  redirdev: (wanted, domain) => found(domain, wanted, "no matching redirdev was not found", "OPERATION_INVALID"),
  vsock: (wanted, domain) => found(domain, wanted, "matching vsock device not found"),
  filesystem(wanted, domain) {
    const filesystem = found(domain, wanted, "matching filesystem not found");
    if (filesystem.driver?.type !== "virtiofs") throw unsupported("only virtiofs filesystems can be hotplugged");
    return filesystem;
  },
};

function checkDisk({ device, target: { bus } }: DeviceOf<"disk">): void {
  if (device === "floppy" || (device === "cdrom" && bus !== "usb" && bus !== "scsi"))
    throw unsupported(`disk device type '${device}' cannot be detached`);
  if (bus !== "virtio" && bus !== "usb" && bus !== "scsi")
    throw unsupported("This type of disk cannot be hot unplugged");
}

function isBusy({ devices }: Domain, controller: Controller): boolean {
  const uses = ({ address }: { readonly address?: DeviceOf<"disk">["address"] }) =>
    address?.type === "drive" && address.controller === controller.index;
  return (
    devices.disks.some((disk) => disk.target.bus === "scsi" && uses(disk)) ||
    devices.hostdevs.some((hostdev) => hostdev.source.type === "scsi" && uses(hostdev))
  );
}

function hostdevMissing(source: DeviceOf<"hostdev">["source"]): string {
  const hex = (value: number, digits: number) => value.toString(16).padStart(digits, "0");
  switch (source.type) {
    case "pci": {
      const { domain, bus, slot, function: fn } = source.address;
      return `host pci device ${hex(domain, 4)}:${hex(bus, 2)}:${hex(slot, 2)}.${fn} not found`;
    }
    case "usb": {
      const { bus, device, vendor = 0, product = 0 } = source;
      if (bus === undefined || device === undefined)
        return `host usb device vendor=0x${hex(vendor, 4)} product=0x${hex(product, 4)} not found`;
      return `host usb device ${String(bus).padStart(3, "0")}.${String(device).padStart(3, "0")} not found`;
    }
    case "mdev":
      return `mediated device '${source.uuid}' not found`;
    default:
      return "host device not found";
  }
}

/** A device that shares its slot, or sits where nothing may be taken out, stays. */
function checkPlace(domain: Domain, device: Exclude<Device, { kind: "graphics" | "audio" | "lease" }>): void {
  const { address } = device;
  if (address?.type !== "pci") return;
  const text = placeText(address);
  const what = `cannot hot unplug ${kindWord(device)} device with`;
  const shares = allDevices(domain).some(
    (each) =>
      each.kind !== "graphics" && "address" in each && each.address?.type === "pci" && isBeside(each.address, address),
  );
  if (shares) throw qemuError("OPERATION_FAILED", `${what} multifunction PCI guest address: ${text}`);
  const controller = domain.devices.controllers.find(({ type, index }) => type === "pci" && index === address.bus);
  if (controller === undefined)
    throw qemuError("OPERATION_FAILED", `${what} PCI guest address: ${text} - controller not found`);
  if (controller.type === "pci" && controller.target?.hotplug === "off")
    throw qemuError("OPERATION_FAILED", `${what} PCI guest address: ${text} - not allowed by controller`);
}

type Pci = Extract<NonNullable<DeviceOf<"disk">["address"]>, { type: "pci" }>;

function isBeside(one: Pci, other: Pci): boolean {
  const isSlot = one.domain === other.domain && one.bus === other.bus && one.slot === other.slot;
  return isSlot && one.function !== other.function;
}

function placeText({ domain, bus, slot, function: fn }: Pci): string {
  const hex = (value: number, digits: number) => value.toString(16).padStart(digits, "0");
  return `${hex(domain, 4)}:${hex(bus, 2)}:${hex(slot, 2)}.${fn}`;
}

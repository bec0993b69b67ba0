import { type Device, type DeviceOf, type Domain, findDevice, samePlace } from "@polyvisor/sdk/conf/domain";
import { qemuError } from "../errors.js";

type Checks = { readonly [K in Device["kind"]]?: (device: DeviceOf<K>, domain: Domain) => void };

/** Whether a device can be given to a guest that runs. Fails in libvirt's words. */
export function attachable(domain: Domain, device: Device): void {
  const check = CHECKS[device.kind] as ((device: Device, domain: Domain) => void) | undefined;
  if (check === undefined) throw unsupported(`live attach of device '${kindWord(device)}' is not supported`);
  check(device, domain);
}

/** libvirt's word for a kind. */
export function kindWord({ kind }: Device): string {
  if (kind === "serial" || kind === "parallel" || kind === "console" || kind === "channel") return "chr";
  return kind;
}

export function unsupported(detail: string): Error {
  return qemuError("OPERATION_UNSUPPORTED", detail, {
    hint: "change the definition (--config), and start the guest anew",
  });
}

const CHECKS: Checks = {
  disk: checkDisk,
  controller(controller, { devices }) {
    if (controller.type !== "scsi") throw unsupported(`'${controller.type}' controller cannot be hot plugged.`);
    if (!devices.controllers.some(({ type, index }) => type === "scsi" && index === controller.index)) return;
    throw qemuError("OPERATION_FAILED", `target ${controller.type}:${controller.index} already exists`);
  },
  interface({ source }) {
    const type = source.type === "network" ? (source.actual?.source.type ?? "network") : source.type;
    if (PLUGGABLE_NETS.has(type)) return;
    throw unsupported(`hotplug of interface type of ${type} is not implemented yet`);
  },
  hostdev({ mode, source }) {
    if (mode !== "subsystem")
      throw qemuError("CONFIG_UNSUPPORTED", `hotplug is not supported for hostdev mode '${mode}'`);
    if (source.type === "usb" || source.type === "pci") return;
    throw qemuError("CONFIG_UNSUPPORTED", `hotplug is not supported for hostdev subsys type '${source.type}'`);
  },
  serial: checkChardev,
  parallel: checkChardev,
  console: checkChardev,
  channel: checkChardev,
  redirdev() {},
  rng() {},
  memory({ model }) {
    if (model === "dimm" || model === "nvdimm" || model === "virtio-mem" || model === "virtio-pmem") return;
    throw qemuError("CONFIG_UNSUPPORTED", `hotplug is not supported for the ${model} device`);
  },
  shmem({ model = "ivshmem" }) {
    if (model === "ivshmem") throw unsupported(`live attach of shmem model '${model}' is not supported`);
  },
  watchdog({ model }, { devices }) {
    if (devices.watchdog !== undefined) throw qemuError("OPERATION_INVALID", "domain already has a watchdog");
    if (model !== "i6300esb") throw unsupported(`hotplug of watchdog of model ${model} is not supported`);
  },
  input({ bus }) {
    if (bus !== "usb" && bus !== "virtio") throw unsupported(`input device on bus '${bus}' cannot be hot plugged.`);
  },
  vsock(_, { devices }) {
    if (devices.vsock !== undefined) throw qemuError("OPERATION_INVALID", "the domain already has a vsock device");
  },
  filesystem({ driver }) {
    if (driver?.type !== "virtiofs") throw unsupported("only virtiofs filesystems can be hotplugged");
  },
  lease(lease, { devices }) {
    const there = devices.leases.some(({ key, lockspace }) => key === lease.key && lockspace === lease.lockspace);
    if (!there) return;
    throw qemuError(
      "OPERATION_INVALID",
      `Lease ${lease.key} in lockspace ${lease.lockspace ?? "<null>"} already exists`,
    );
  },
};

const PLUGGABLE_NETS: ReadonlySet<string> = new Set([
  "bridge",
  "network",
  "direct",
  "ethernet",
  "vhostuser",
  "user",
  "hostdev",
  "vdpa",
]);

function checkDisk(disk: DeviceOf<"disk">, { devices }: Domain): void {
  const { target, device } = disk;
  if (device === "floppy") throw unsupported("floppy device hotplug isn't supported");
  const namesake = devices.disks.find((each) => each.target.dev === target.dev);
  if (namesake !== undefined) {
    const detail = `target '${target.dev}' duplicated for disk sources '${pathOf(namesake)}' and '${pathOf(disk)}'`;
    throw qemuError("XML_ERROR", detail);
  }
  switch (target.bus) {
    case "usb":
      if (device === "lun") throw qemuError("CONFIG_UNSUPPORTED", "disk device='lun' is not supported for usb bus");
      return;
    case "virtio":
      if (device === "cdrom") throw unsupported("cdrom device with virtio bus isn't supported");
      return;
    case "scsi":
      checkScsiPlace(disk, devices);
      return;
    default:
      throw unsupported(`disk bus '${target.bus ?? ""}' cannot be hotplugged.`);
  }
}

/** Fails where another disk or device of the host is in the disk's place on its SCSI bus. */
export function checkScsiPlace({ address }: DeviceOf<"disk">, { disks, hostdevs }: Domain["devices"]): void {
  if (address?.type !== "drive") throw qemuError("INTERNAL_ERROR", `unexpected disk address type ${address?.type}`);
  const others = [
    ...disks.filter((each) => each.target.bus === "scsi"),
    ...hostdevs.filter(({ source }) => source.type === "scsi"),
  ];
  if (others.some((each) => samePlace(each.address, address)))
    throw qemuError("OPERATION_INVALID", "Domain already contains a disk with that address");
}

function pathOf({ source }: DeviceOf<"disk">): string {
  return "path" in source ? (source.path ?? "<null>") : "<null>";
}

function checkChardev(device: DeviceOf<"serial" | "parallel" | "console" | "channel">, domain: Domain): void {
  if (device.kind === "console" && device.target.type === "serial")
    throw unsupported("attaching serial console is not supported");
  if (!isPluggableChardev(device))
    throw qemuError("CONFIG_UNSUPPORTED", "Unsupported address type for character device");
  if (findDevice(domain, device) !== undefined) throw qemuError("OPERATION_INVALID", "chardev already exists");
}

function isPluggableChardev(device: DeviceOf<"serial" | "parallel" | "console" | "channel">): boolean {
  const type = device.address?.type;
  switch (device.kind) {
    case "serial":
      return device.target.type === "pci-serial" || device.target.type === "usb-serial" || type !== "pci";
    case "channel":
      return device.target.type === "virtio" || type !== "virtio-serial";
    default:
      return true;
  }
}

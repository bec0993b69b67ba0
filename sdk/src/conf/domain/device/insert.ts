import { VirtError } from "@polyvisor/core";
import { withDevices } from "../devices.js";
import type { Console, Controller, Device, DeviceKind, Devices, Disk, Domain, Serial } from "../model/index.js";
import { insertController, insertDisk } from "../order.js";

type ListKind = Exclude<DeviceKind, "watchdog" | "memballoon" | "nvram" | "iommu" | "vsock">;

const LISTS = {
  disk: "disks",
  interface: "interfaces",
  sound: "sounds",
  hostdev: "hostdevs",
  video: "videos",
  controller: "controllers",
  smartcard: "smartcards",
  serial: "serials",
  parallel: "parallels",
  channel: "channels",
  console: "consoles",
  input: "inputs",
  filesystem: "filesystems",
  rng: "rngs",
  hub: "hubs",
  shmem: "shmems",
  tpm: "tpms",
  panic: "panics",
  memory: "memories",
  redirdev: "redirdevs",
  graphics: "graphics",
  audio: "audios",
  lease: "leases",
} as const satisfies Readonly<Record<ListKind, keyof Devices>>;

function listOf(kind: DeviceKind): (typeof LISTS)[ListKind] | undefined {
  return kind in LISTS ? LISTS[kind as ListKind] : undefined;
}

/** The domain with one more device, where libvirt puts it among those of its kind. Memory makes the domain larger. */
export function insertDevice(domain: Domain, device: Device): Domain {
  if (device.kind === "disk") {
    const disks: Disk[] = [...domain.devices.disks];
    insertDisk(disks, device);
    return withDevices(domain, { disks });
  }
  if (device.kind === "controller") {
    const controllers: Controller[] = [...domain.devices.controllers];
    insertController(controllers, device);
    return withDevices(domain, { controllers });
  }
  if (device.kind === "serial") return insertSerial(domain, device);
  const list = listOf(device.kind);
  const larger = device.kind === "memory" ? { ...domain, memory: domain.memory + device.target.size } : domain;
  if (list === undefined) return withDevices(larger, { [device.kind]: device });
  return withDevices(larger, { [list]: [...domain.devices[list], device] });
}

/** The first console of a domain shows its first serial port. */
function insertSerial(domain: Domain, serial: Serial): Domain {
  const { serials, consoles } = domain.devices;
  const inserted = withDevices(domain, { serials: [...serials, serial] });
  if (serials.length > 0 || consoles.length > 0) return inserted;
  const mirror: Console = { kind: "console", source: serial.source, target: { type: "serial", port: 0 } };
  return withDevices(inserted, { consoles: [{ ...mirror, alias: serial.alias }] });
}

/** The domain without one of its devices. */
export function removeDevice(domain: Domain, device: Device): Domain {
  const list = listOf(device.kind);
  if (list === undefined) return withDevices(domain, { [device.kind]: undefined });
  const others = (domain.devices[list] as readonly Device[]).filter((each) => each !== device);
  const smaller = device.kind === "memory" ? { ...domain, memory: domain.memory - device.target.size } : domain;
  const removed = withDevices(smaller, { [list]: others });
  const [mirror, ...consoles] = domain.devices.consoles;
  const isMirrored = device.kind === "serial" && device === domain.devices.serials[0];
  return isMirrored && mirror?.target.type === "serial" ? withDevices(removed, { consoles }) : removed;
}

/** The device of that alias. Fails with `INTERNAL_ERROR` where there is none. */
export function deviceOfAlias(devices: readonly Device[], alias: string): Device {
  const found = devices.find((device) => aliasOf(device) === alias);
  if (found !== undefined) return found;
  throw new VirtError("INTERNAL_ERROR", `no device found with alias ${alias}`, { domain: "DOMAIN" });
}

export function aliasOf(device: Device): string | undefined {
  return "alias" in device ? device.alias : undefined;
}

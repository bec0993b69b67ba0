import type { DeviceMapping } from "./hooks.js";
import type { Device, DeviceKind, Devices, Domain } from "./model/index.js";

/** The domain with some lists of devices replaced. */
export function withDevices(domain: Domain, part: Partial<Devices>): Domain {
  return { ...domain, devices: { ...domain.devices, ...part } };
}

/** Every device, in the order in which libvirt walks them. */
export function allDevices(domain: Domain): Device[] {
  const d = domain.devices;
  const all: (Device | undefined)[] = [
    ...d.disks,
    ...d.interfaces,
    ...d.sounds,
    ...d.hostdevs,
    ...d.videos,
    ...d.controllers,
    ...d.smartcards,
    ...d.serials,
    ...d.parallels,
    ...d.channels,
    ...d.consoles,
    ...d.inputs,
    ...d.filesystems,
    d.watchdog,
    d.memballoon,
    ...d.rngs,
    d.nvram,
    ...d.hubs,
    ...d.shmems,
    ...d.tpms,
    ...d.panics,
    ...d.memories,
    ...d.redirdevs,
    d.iommu,
    d.vsock,
    ...d.graphics,
    ...d.audios,
    ...d.leases,
  ];
  return all.filter((device) => device !== undefined);
}

/**
 * The domain with each device replaced by what the function of its kind returns; the order of devices stays. Where no
 * function changes anything it is the same domain.
 */
export function mapDevices(domain: Domain, mapping: DeviceMapping): Domain {
  const d = domain.devices;
  let isChanged = false;
  const many = <D extends Device>(
    devices: readonly D[],
    map: ((device: D, domain: Domain) => D) | undefined,
  ): readonly D[] => {
    if (map === undefined || devices.length === 0) return devices;
    const mapped = devices.map((device) => map(device, domain));
    if (mapped.every((device, at) => device === devices[at])) return devices;
    isChanged = true;
    return mapped;
  };
  const one = <D extends Device>(
    device: D | undefined,
    map: ((device: D, domain: Domain) => D) | undefined,
  ): D | undefined => {
    const mapped = device === undefined || map === undefined ? device : map(device, domain);
    if (mapped !== device) isChanged = true;
    return mapped;
  };
  // every field by name: copying one object over another would cost more than all the rest
  const devices: Devices = {
    emulator: d.emulator,
    disks: many(d.disks, mapping.disk),
    interfaces: many(d.interfaces, mapping.interface),
    sounds: many(d.sounds, mapping.sound),
    hostdevs: many(d.hostdevs, mapping.hostdev),
    videos: many(d.videos, mapping.video),
    controllers: many(d.controllers, mapping.controller),
    smartcards: many(d.smartcards, mapping.smartcard),
    serials: many(d.serials, mapping.serial),
    parallels: many(d.parallels, mapping.parallel),
    channels: many(d.channels, mapping.channel),
    consoles: many(d.consoles, mapping.console),
    inputs: many(d.inputs, mapping.input),
    filesystems: many(d.filesystems, mapping.filesystem),
    watchdog: one(d.watchdog, mapping.watchdog),
    memballoon: one(d.memballoon, mapping.memballoon),
    rngs: many(d.rngs, mapping.rng),
    nvram: one(d.nvram, mapping.nvram),
    hubs: many(d.hubs, mapping.hub),
    shmems: many(d.shmems, mapping.shmem),
    tpms: many(d.tpms, mapping.tpm),
    panics: many(d.panics, mapping.panic),
    memories: many(d.memories, mapping.memory),
    iommu: one(d.iommu, mapping.iommu),
    vsock: one(d.vsock, mapping.vsock),
    redirdevs: many(d.redirdevs, mapping.redirdev),
    redirfilter: d.redirfilter,
    graphics: many(d.graphics, mapping.graphics),
    leases: many(d.leases, mapping.lease),
    audios: many(d.audios, mapping.audio),
  };
  return isChanged ? { ...domain, devices } : domain;
}

const KINDS: readonly DeviceKind[] = [
  "disk",
  "controller",
  "lease",
  "filesystem",
  "interface",
  "smartcard",
  "serial",
  "parallel",
  "console",
  "channel",
  "input",
  "tpm",
  "graphics",
  "sound",
  "audio",
  "video",
  "hostdev",
  "redirdev",
  "hub",
  "watchdog",
  "memballoon",
  "rng",
  "nvram",
  "panic",
  "shmem",
  "memory",
  "iommu",
  "vsock",
];

/** The same for a change that every kind of device may need. */
export function mapEachDevice(domain: Domain, map: <D extends Device>(device: D) => D): Domain {
  return mapDevices(domain, Object.fromEntries(KINDS.map((kind) => [kind, map])));
}

import type { Address, ChardevSource, Device, Domain, Hostdev, MemoryDevice } from "../model/index.js";
import { formatPciName } from "../parse/device-info.js";
import { findInterface } from "./find-interface.js";

type Matching = {
  readonly [K in Device["kind"]]?: (wanted: Extract<Device, { kind: K }>, domain: Domain) => Device | undefined;
};

/** The domain's device that a client describes, by what libvirt looks at for its kind; `undefined` where there is none. */
export function findDevice(domain: Domain, wanted: Device): Device | undefined {
  const find = MATCHING[wanted.kind] as ((wanted: Device, domain: Domain) => Device | undefined) | undefined;
  return find?.(wanted, domain);
}

const MATCHING: Matching = {
  disk: ({ target }, { devices }) => devices.disks.find((each) => each.target.dev === target.dev),
  interface: (wanted, { devices }) => findInterface(devices.interfaces, wanted),
  controller: ({ type, index }, { devices }) =>
    devices.controllers.find((each) => each.type === type && each.index === index),
  lease: ({ key, lockspace }, { devices }) =>
    devices.leases.find((each) => each.key === key && each.lockspace === lockspace),
  sound: (wanted, { devices }) =>
    devices.sounds.find((each) => each.model === wanted.model && samePlaceIfAny(wanted, each)),
  hostdev: (wanted, { devices }) => devices.hostdevs.find((each) => sameHostdev(wanted, each)),
  serial: (wanted, { devices }) =>
    devices.serials.find(
      (each) =>
        sameChardev(wanted.source, each.source) &&
        each.target.type === wanted.target.type &&
        each.target.port === wanted.target.port,
    ),
  parallel: (wanted, { devices }) =>
    devices.parallels.find(
      (each) => sameChardev(wanted.source, each.source) && each.target.port === wanted.target.port,
    ),
  console: ({ source, target }, { devices }) =>
    devices.consoles.find(
      (each) => sameChardev(source, each.source) && (target.port === -1 || each.target.port === target.port),
    ),
  channel: ({ source, target }, { devices }) =>
    devices.channels.find((each) => {
      if (!sameChardev(source, each.source)) return false;
      if (target.type === "guestfwd" && each.target.type === "guestfwd")
        return each.target.address === target.address && each.target.port === target.port;
      if (target.type === "guestfwd" || each.target.type === "guestfwd") return false;
      return each.target.type === target.type && each.target.name === target.name;
    }),
  rng: (wanted, { devices }) =>
    devices.rngs.find(
      (each) =>
        each.model === wanted.model &&
        each.rate?.bytes === wanted.rate?.bytes &&
        each.rate?.period === wanted.rate?.period &&
        sameRngBackend(wanted.backend, each.backend) &&
        samePlaceIfAny(wanted, each),
    ),
  redirdev: (wanted, { devices }) =>
    devices.redirdevs.find(
      (each) => sameChardev(wanted.source, each.source) && samePlaceIfAny(wanted, each) && sameAliasIfAny(wanted, each),
    ),
  shmem: (wanted, { devices }) =>
    devices.shmems.find(
      (each) =>
        each.name === wanted.name &&
        (each.size ?? 0) === (wanted.size ?? 0) &&
        each.model === wanted.model &&
        each.role === wanted.role &&
        (each.server === undefined) === (wanted.server === undefined) &&
        sameShmemServer(wanted.server, each.server) &&
        each.msi?.vectors === wanted.msi?.vectors &&
        each.msi?.ioeventfd === wanted.msi?.ioeventfd &&
        samePlaceIfAny(wanted, each),
    ),
  input: (wanted, { devices }) =>
    devices.inputs.find(
      (each) =>
        each.type === wanted.type &&
        each.bus === wanted.bus &&
        (wanted.type !== "passthrough" || each.source?.evdev === wanted.source?.evdev) &&
        samePlaceIfAny(wanted, each),
    ),
  filesystem: (wanted, { devices }) =>
    devices.filesystems.find(
      (each) =>
        (wanted.target === undefined || each.target === wanted.target) &&
        samePlaceIfAny(wanted, each) &&
        sameAliasIfAny(wanted, each),
    ),
  memory: (wanted, { devices }) => devices.memories.find((each) => sameMemory(wanted, each)),
  watchdog: (_, { devices }) => devices.watchdog,
  vsock: (wanted, { devices: { vsock } }) =>
    vsock !== undefined &&
    vsock.model === wanted.model &&
    vsock.cid.auto === wanted.cid.auto &&
    samePlaceIfAny(wanted, vsock)
      ? vsock
      : undefined,
  graphics: ({ type }, { devices }) => devices.graphics.find((each) => each.type === type),
};

interface Somewhere {
  readonly address?: Address | undefined;
  readonly alias?: string | undefined;
}

/** Addresses are the same where a guest sees the same place. */
export function samePlace(one: Address | undefined, other: Address | undefined): boolean {
  if (one === undefined || other === undefined) return one === other;
  if (one.type === "pci" && other.type === "pci") return formatPciName(one) === formatPciName(other);
  if (one.type === "dimm" && other.type === "dimm")
    return one.slot === other.slot && (one.base ?? 0) === (other.base ?? 0);
  return textOf(one) === textOf(other);
}

function textOf(address: Address): string {
  return JSON.stringify(
    Object.entries(address)
      .filter(([, value]) => value !== undefined)
      .sort(),
  );
}

function samePlaceIfAny(wanted: Somewhere, each: Somewhere): boolean {
  return wanted.address === undefined || samePlace(wanted.address, each.address);
}

function sameAliasIfAny(wanted: Somewhere, each: Somewhere): boolean {
  return wanted.alias === undefined || wanted.alias === each.alias;
}

type ChardevField = (source: ChardevSource) => readonly unknown[];

/** What makes a source the same one, by its kind; kinds that are not here need nothing else. */
const CHARDEV_FIELDS: {
  readonly [T in ChardevSource["type"]]?: (source: Extract<ChardevSource, { type: T }>) => readonly unknown[];
} = {
  file: ({ append, path }) => [append, path],
  pty: ({ path }) => [path],
  dev: ({ path }) => [path],
  pipe: ({ path }) => [path],
  nmdm: ({ master, slave }) => [master, slave],
  udp: ({ bind, connect }) => [bind?.host, bind?.service, connect?.host, connect?.service],
  tcp: ({ mode, protocol, host, service, reconnect }) => [
    mode,
    protocol,
    host,
    service,
    reconnect?.enabled,
    reconnect?.timeout,
  ],
  unix: ({ mode, path, reconnect }) => [mode, path, reconnect?.enabled, reconnect?.timeout],
  spiceport: ({ channel }) => [channel],
  dbus: ({ channel }) => [channel],
  "qemu-vdagent": ({ clipboardCopypaste, mouseMode }) => [clipboardCopypaste, mouseMode],
};

/** Whether two ends on the host are the same. */
export function sameChardev(one: ChardevSource, other: ChardevSource): boolean {
  if (one.type !== other.type) return false;
  const fields = CHARDEV_FIELDS[one.type] as ChardevField | undefined;
  return fields === undefined || JSON.stringify(fields(one)) === JSON.stringify(fields(other));
}

type RngBackend = Extract<Device, { kind: "rng" }>["backend"];

function sameRngBackend(one: RngBackend, other: RngBackend): boolean {
  if (one.model === "random" && other.model === "random") return one.path === other.path;
  if (one.model === "egd" && other.model === "egd") return sameChardev(one.source, other.source);
  return one.model === other.model;
}

type Server = { readonly path?: string | undefined } | undefined;

function sameShmemServer(one: Server, other: Server): boolean {
  return one?.path === undefined || one.path === other?.path;
}

function sameHostdev({ mode, source: wanted }: Hostdev, { mode: otherMode, source }: Hostdev): boolean {
  if (mode !== otherMode || wanted.type !== source.type) return false;
  if (wanted.type === "usb" && source.type === "usb") {
    if (wanted.bus !== undefined && wanted.device !== undefined)
      return wanted.bus === source.bus && wanted.device === source.device;
    return wanted.vendor === source.vendor && wanted.product === source.product;
  }
  if (wanted.type === "pci" && source.type === "pci")
    return formatPciName(wanted.address) === formatPciName(source.address);
  if (wanted.type === "scsi" && source.type === "scsi")
    return JSON.stringify(hostOf(wanted.scsi)) === JSON.stringify(hostOf(source.scsi));
  if (wanted.type === "scsi_host" && source.type === "scsi_host") return wanted.wwpn === source.wwpn;
  if (wanted.type === "mdev" && source.type === "mdev") return wanted.uuid === source.uuid;
  return JSON.stringify(wanted) === JSON.stringify(source);
}

function hostOf(scsi: Extract<Hostdev["source"], { type: "scsi" }>["scsi"]): readonly unknown[] {
  return scsi.protocol === "iscsi" ? [scsi.hosts, scsi.name] : [scsi.adapter, scsi.bus, scsi.target, scsi.unit];
}

function sameMemory(wanted: MemoryDevice, each: MemoryDevice): boolean {
  if (!samePlaceIfAny(wanted, each) || !sameAliasIfAny(wanted, each) || wanted.model !== each.model) return false;
  const target = ({ target: { node, size, block, requested } }: MemoryDevice) => [node, size, block, requested];
  if (JSON.stringify(target(wanted)) !== JSON.stringify(target(each))) return false;
  const source = (memory: MemoryDevice): readonly unknown[] => {
    if (memory.model === "nvdimm" || memory.model === "virtio-pmem") return [memory.source?.path];
    return [memory.model === "sgx-epc" ? 0 : (memory.source?.pagesize ?? 0), memory.source?.nodemask ?? []];
  };
  return JSON.stringify(source(wanted)) === JSON.stringify(source(each));
}

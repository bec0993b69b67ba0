import type { Hostdev, Interface, InterfaceSource, PciAddress } from "@polyvisor/sdk/conf";
import { addressProps, driveProps } from "./address.js";
import { aliasOf, type Build, internal, notYet, refuse } from "./context.js";
import { connectedTo, romProps } from "./network.js";
import { networkProps } from "./network-source.js";
import { firstHostdevNumber } from "./node-names.js";
import { type Props, positive } from "./props.js";
import { secretArgs } from "./secrets.js";
import { virtioDriver } from "./virtio.js";

type SourceOfInterface<T extends InterfaceSource["type"]> = Extract<InterfaceSource, { type: T }>;
type SourceOf<T extends Hostdev["source"]["type"]> = Extract<Hostdev["source"], { type: T }>;

/** Interfaces that are a PCI device of the host come first, then the devices that are given as such. */
export function hostdevArgs(build: Build): void {
  const { hostdevs, interfaces } = build.domain.devices;
  for (const nic of interfaces) {
    const source = connectedTo(nic);
    if (source.type === "hostdev") build.args.device(interfaceProps(build, nic, source));
  }
  let scsiNumber = firstHostdevNumber(build.domain);
  for (const hostdev of hostdevs) {
    // The host gives such a device away, but this guest does not get it.
    if (hostdev.address?.type === "unassigned" || hostdev.mode === "capabilities") continue;
    if (hostdev.source.type === "scsi") scsiArgs(build, hostdev, hostdev.source, scsiNumber++);
    else build.args.device({ ...sourceProps(build, hostdev), ...addressProps(build, hostdev), ...romProps(hostdev) });
  }
}

function interfaceProps(build: Build, nic: Interface, source: SourceOfInterface<"hostdev">): Props {
  if (source.address.type !== "pci") throw refuse("an interface of type 'hostdev' needs a PCI device");
  return {
    ...vfioProps(source.address),
    id: aliasOf(nic),
    bootindex: positive(build.bootIndexes.get(nic)),
    failover_pair_id: nic.teaming?.type === "transient" ? nic.teaming.persistent : undefined,
    ...addressProps(build, nic),
    ...romProps(nic),
  };
}

/** The SCSI commands of the guest go to the device itself, by its generic node or over the network. */
function scsiArgs(build: Build, hostdev: Hostdev, source: SourceOf<"scsi">, number: number): void {
  const node = `libvirt-${number}-backend`;
  const alias = aliasOf(hostdev);
  build.args.blockdev({
    ...scsiBackend(build, source, alias, node),
    "node-name": node,
    "read-only": hostdev.readonly === true,
  });
  if (hostdev.address?.type !== "drive") throw internal("SCSI host device has no address of a drive");
  build.args.device({
    driver: "scsi-generic",
    drive: node,
    id: alias,
    bootindex: positive(build.bootIndexes.get(hostdev)),
    ...driveProps(build, "scsi", hostdev.address),
  });
}

const ISCSI_PORT = 3260;

function scsiBackend(build: Build, { scsi }: SourceOf<"scsi">, alias: string, node: string): Props {
  if (scsi.protocol === "adapter") {
    const filename = build.runtime.scsiDevices?.get(alias);
    if (filename === undefined) throw notYet("a SCSI device of the host");
    return { driver: "host_device", filename };
  }
  const auth = scsi.auth === undefined ? undefined : secretArgs(build, `${node}-secret0`, scsi.auth.secret);
  const { name, initiatorIqn } = scsi;
  // a disk's host has this port by default, a device's does not
  const hosts = scsi.hosts.map((host) =>
    host.transport === "tcp" ? { ...host, port: host.port ?? ISCSI_PORT } : host,
  );
  return networkProps({ type: "network", protocol: "iscsi", name, hosts, auth: scsi.auth, initiatorIqn }, { auth });
}

function sourceProps(build: Build, hostdev: Hostdev): Props {
  const { source } = hostdev;
  switch (source.type) {
    case "usb":
      return usbProps(build, hostdev, source);
    case "pci":
      return pciProps(build, hostdev, source);
    case "mdev":
      return mdevProps(build, hostdev, source);
    case "scsi_host": {
      const fd = build.runtime.vhostFds?.get(aliasOf(hostdev));
      if (fd === undefined) throw notYet("a SCSI host device");
      const driver = virtioDriver(build, "vhost-scsi", hostdev, source.model);
      const vhostfd = build.args.descriptor(fd, `vhostfd-${aliasOf(hostdev)}`);
      return { driver, wwpn: source.wwpn, vhostfd, id: aliasOf(hostdev) };
    }
    default:
      throw notYet(`a host device of type '${source.type}'`);
  }
}

const GUEST_RESETS = {
  off: { "guest-reset": false },
  uninitialized: { "guest-reset": true, "guest-resets-all": false },
  on: { "guest-reset": true, "guest-resets-all": true },
} as const;

function usbProps(build: Build, hostdev: Hostdev, source: SourceOf<"usb">): Props {
  return {
    driver: "usb-host",
    ...usbPlace(build, source),
    id: aliasOf(hostdev),
    bootindex: positive(build.bootIndexes.get(hostdev)),
    ...(source.guestReset === undefined ? {} : GUEST_RESETS[source.guestReset]),
  };
}

/** A device that may be missing, and is, still has its port: QEMU takes it when it comes. */
function usbPlace({ can }: Build, source: SourceOf<"usb">): Props {
  if (source.missing === true) return {};
  const { bus, device } = source;
  if (bus === undefined || device === undefined) throw refuse("USB host device is missing bus/device information");
  if (!can("usb-host.hostdevice")) return { hostbus: bus, hostaddr: device };
  return { hostdevice: `/dev/bus/usb/${String(bus).padStart(3, "0")}/${String(device).padStart(3, "0")}` };
}

function vfioProps({ domain, bus, slot, function: fn }: PciAddress): Props {
  const hex = (value: number, digits: number) => value.toString(16).padStart(digits, "0");
  return { driver: "vfio-pci", host: `${hex(domain, 4)}:${hex(bus, 2)}:${hex(slot, 2)}.${fn.toString(16)}` };
}

function pciProps(build: Build, hostdev: Hostdev, source: SourceOf<"pci">): Props {
  return {
    ...vfioProps(source.address),
    id: aliasOf(hostdev),
    bootindex: positive(build.bootIndexes.get(hostdev)),
    failover_pair_id: hostdev.teaming?.type === "transient" ? hostdev.teaming.persistent : undefined,
  };
}

function mdevProps(build: Build, hostdev: Hostdev, source: SourceOf<"mdev">): Props {
  const ramfb = source.ramfb === "on";
  return {
    driver: source.model === "vfio-pci" && ramfb ? "vfio-pci-nohotplug" : source.model,
    id: aliasOf(hostdev),
    sysfsdev: `/sys/bus/mdev/devices/${source.uuid}`,
    display: source.display,
    ramfb: ramfb ? true : undefined,
    bootindex: positive(build.bootIndexes.get(hostdev)),
  };
}

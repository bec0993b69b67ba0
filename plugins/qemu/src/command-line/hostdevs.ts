import type { Hostdev } from "@polyvisor/sdk/conf";
import { addressProps } from "./address.js";
import { aliasOf, type Build, notYet, refuse } from "./context.js";
import { romProps } from "./network.js";
import { type Props, positive } from "./props.js";
import { virtioDriver } from "./virtio.js";

type SourceOf<T extends Hostdev["source"]["type"]> = Extract<Hostdev["source"], { type: T }>;

export function hostdevArgs(build: Build): void {
  for (const hostdev of build.domain.devices.hostdevs) {
    // The host gives such a device away, but this guest does not get it.
    if (hostdev.address?.type === "unassigned") continue;
    build.args.device({ ...sourceProps(build, hostdev), ...addressProps(build, hostdev), ...romProps(hostdev) });
  }
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
      return { driver, wwpn: source.wwpn, vhostfd: String(fd), id: aliasOf(hostdev) };
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

function pciProps(build: Build, hostdev: Hostdev, source: SourceOf<"pci">): Props {
  const { domain, bus, slot, function: fn } = source.address;
  const hex = (value: number, digits: number) => value.toString(16).padStart(digits, "0");
  return {
    driver: "vfio-pci",
    host: `${hex(domain, 4)}:${hex(bus, 2)}:${hex(slot, 2)}.${fn.toString(16)}`,
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

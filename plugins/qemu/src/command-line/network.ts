import type { ActualInterface, Interface, InterfaceSource, OnOff, VirtioModel } from "@polyvisor/sdk/conf";
import { addressProps } from "./address.js";
import { chardevArgs } from "./chardev.js";
import { aliasOf, type Build, notYet, refuse } from "./context.js";
import { checkConnected } from "./network-checks.js";
import { fromOnOff, type Props, positive } from "./props.js";
import { virtioProps } from "./virtio.js";

type Connected = Exclude<InterfaceSource, { type: "network" }> | ActualInterface["source"];

/** What an interface is connected to once the network that it names was resolved. */
export function connectedTo(nic: Interface): Connected {
  if (nic.source.type !== "network") return nic.source;
  return nic.source.actual?.source ?? { type: "network", bridge: "" };
}

export function networkArgs(build: Build): void {
  for (const nic of build.domain.devices.interfaces) {
    const source = connectedTo(nic);
    checkConnected(nic, source.type);
    // Such an interface is a host device, and is passed with those.
    if (source.type === "hostdev") continue;
    if (source.type === "vhostuser")
      chardevArgs(
        build,
        {
          type: "unix",
          mode: source.mode === "server" ? "bind" : "connect",
          path: source.path,
          reconnect: source.reconnect,
        },
        `char${aliasOf(nic)}`,
        { wait: true },
      );
    build.args.netdev({ ...netdevProps(build, nic, source), id: `host${aliasOf(nic)}` });
    if (isBoardNic(build, nic)) build.args.add("-net", boardNic(nic));
    else build.args.device(nicProps(build, nic));
  }
}

/** The cards of ARM's boards cannot be plugged in: QEMU only says what they are connected to. */
function isBoardNic({ domain }: Build, { address }: Interface): boolean {
  return (
    /^(armv6l|armv7l|aarch64)$/.test(domain.os.arch ?? "") && address?.type !== "virtio-mmio" && address?.type !== "pci"
  );
}

function boardNic(nic: Interface): string {
  const alias = aliasOf(nic);
  const model = nic.model === undefined ? "" : `,model=${nic.model}`;
  return `nic,macaddr=${nic.mac?.address},netdev=host${alias}${model},id=${alias}`;
}

function netdevProps(build: Build, nic: Interface, source: Connected): Props {
  if (nic.script !== undefined && source.type !== "ethernet")
    throw refuse(`scripts are not supported on interfaces of type ${source.type}`);
  switch (source.type) {
    case "user":
      return userProps(build, nic);
    case "bridge":
    case "network":
    case "direct":
    case "ethernet":
      return tapProps(build, nic);
    case "client":
      return { type: "socket", connect: `${source.address ?? ""}:${source.port}` };
    case "server":
      return { type: "socket", listen: `${source.address ?? ""}:${source.port}` };
    case "mcast":
      return { type: "socket", mcast: `${source.address ?? ""}:${source.port}` };
    case "udp":
      return {
        type: "socket",
        udp: `${source.address ?? ""}:${source.port}`,
        localaddr: `${source.local.address ?? ""}:${source.local.port}`,
      };
    case "internal":
      return { type: "user" };
    case "vhostuser":
      return { type: "vhost-user", chardev: `char${aliasOf(nic)}`, queues: queuesOf(nic) };
    case "vdpa": {
      const fd = build.runtime.vhostFds?.get(aliasOf(nic));
      const path = fd === undefined ? source.dev : build.args.fdSet(fd, `${aliasOf(nic)}-vdpa`);
      return { type: "vhost-vdpa", vhostdev: path, queues: queuesOf(nic) };
    }
    default:
      throw refuse(`interface type '${source.type}' is not supported by QEMU`);
  }
}

function queuesOf(nic: Interface): number | undefined {
  return (nic.driver?.queues ?? 0) > 1 ? nic.driver?.queues : undefined;
}

function userProps(build: Build, nic: Interface): Props {
  if (nic.backend?.type === "passt") {
    const path = build.runtime.helperSockets?.get(aliasOf(nic));
    if (path === undefined) throw notYet("the passt backend of an interface");
    return { type: "stream", addr: { type: "unix", path }, server: false };
  }
  if ((nic.portForwards?.length ?? 0) > 0) throw refuse("port forwarding needs the passt backend");
  let props: Props = { type: "user" };
  for (const ip of nic.ip?.ips ?? []) {
    const v6 = ip.family === "ipv6" || ip.address.includes(":");
    if (v6) props = { ...props, "ipv6-prefix": ip.address, "ipv6-prefixlen": positive(ip.prefix) };
    else props = { ...props, net: positive(ip.prefix) === undefined ? ip.address : `${ip.address}/${ip.prefix}` };
  }
  return props;
}

function tapProps(build: Build, nic: Interface): Props {
  const tap = build.runtime.taps?.get(aliasOf(nic));
  if (tap === undefined || tap.fds.length === 0) throw refuse(`no tap device was made for interface ${aliasOf(nic)}`);
  const vhost = tap.vhostFds ?? [];
  return {
    type: "tap",
    ...fdProps(build, "fd", tap.fds, `tapfd-${aliasOf(nic)}`),
    vhost: vhost.length > 0 ? true : undefined,
    ...fdProps(build, "vhostfd", vhost, `vhostfd-${aliasOf(nic)}`),
    sndbuf: nic.sndbuf,
  };
}

function fdProps({ args }: Build, name: string, fds: readonly number[], called: string): Props {
  if (fds.length === 0) return {};
  const names = fds.map((fd, at) => args.descriptor(fd, `${called}${at}`));
  return { [fds.length > 1 ? `${name}s` : name]: names.join(":") };
}

const TX_MODES = { iothread: "bh", timer: "timer" } as const;

export function nicProps(build: Build, nic: Interface): Props {
  const alias = aliasOf(nic);
  return {
    ...modelProps(build, nic),
    netdev: `host${alias}`,
    id: alias,
    mac: nic.mac?.address,
    bootindex: positive(build.bootIndexes.get(nic)),
    ...addressProps(build, nic),
    ...romProps(nic),
  };
}

function virtioModelOf(model: string | undefined): VirtioModel | undefined {
  return model === "virtio" || model === "virtio-transitional" || model === "virtio-non-transitional"
    ? model
    : undefined;
}

function modelProps(build: Build, nic: Interface): Props {
  const model = virtioModelOf(nic.model);
  if (model === undefined) return { driver: nic.model };
  const driver = nic.driver;
  const host = (name: string) => fromOnOff(driver?.host?.[name] as OnOff | undefined);
  const guest = (name: string) => fromOnOff(driver?.guest?.[name] as OnOff | undefined);
  const queues = queuesOf(nic);
  return {
    ...virtioProps(build, "virtio-net", nic, model),
    tx: driver?.txmode === undefined ? undefined : TX_MODES[driver.txmode],
    ioeventfd: fromOnOff(driver?.ioeventfd),
    event_idx: fromOnOff(driver?.eventIdx),
    csum: host("csum"),
    gso: host("gso"),
    host_tso4: host("tso4"),
    host_tso6: host("tso6"),
    host_ecn: host("ecn"),
    host_ufo: host("ufo"),
    mrg_rxbuf: host("mrg_rxbuf"),
    guest_csum: guest("csum"),
    guest_tso4: guest("tso4"),
    guest_tso6: guest("tso6"),
    guest_ecn: guest("ecn"),
    guest_ufo: guest("ufo"),
    mq: queues === undefined ? undefined : true,
    vectors: queues === undefined || nic.address?.type === "ccw" ? undefined : 2 * queues + 2,
    rx_queue_size: positive(driver?.rxQueueSize),
    tx_queue_size: positive(driver?.txQueueSize),
    rss: fromOnOff(driver?.rss),
    hash: fromOnOff(driver?.rssHashReport),
    host_mtu: positive(nic.mtu),
    failover: nic.teaming?.type === "persistent" ? true : undefined,
  };
}

export function romProps(device: Pick<Interface, "rom" | "address">): Props {
  const rom = device.rom;
  if (rom === undefined || (rom.enabled === undefined && rom.bar === undefined && rom.file === undefined)) return {};
  if (device.address?.type !== "pci") throw refuse("ROM tuning is only supported for PCI devices");
  if (rom.enabled === "no") return { romfile: "" };
  return { rombar: rom.bar === undefined ? undefined : rom.bar === "on" ? 1 : 0, romfile: rom.file };
}

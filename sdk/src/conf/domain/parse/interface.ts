import {
  allowChildren,
  attribute,
  child,
  childAttribute,
  childText,
  enumAttribute,
  enumOrDefault,
  integerAttribute,
  longAttribute,
  onOffAttribute,
  parseInteger,
  requiredAttribute,
  requiredEnum,
  requiredInteger,
  type XmlElement,
  yesNoAttribute,
} from "../../../xml/index.js";
import type { ActualInterface, Interface, InterfaceDriver, InterfaceSource, OnOff, Teaming } from "../model/index.js";
import { parseReconnect } from "./chardev.js";
import {
  anySet,
  confError,
  notModelled,
  type ParseContext,
  parseVirtioOptions,
  sanitizePath,
  wordAttribute,
} from "./context.js";
import { parseAddress, parseDeviceInfo } from "./device-info.js";
import {
  parseBandwidth,
  parseFilterReference,
  parseIps,
  parsePortForwards,
  parseVirtualPort,
  parseVlan,
} from "./interface-parts.js";

const CHILDREN: ReadonlySet<string> = new Set(
  (
    "acpi actual address alias backend backenddomain bandwidth boot coalesce downscript driver filterref guest ip link " +
    "mac model mtu port portForward rom route script source target teaming tune virtualport vlan"
  ).split(" "),
);

const TYPES = [
  "user",
  "ethernet",
  "vhostuser",
  "server",
  "client",
  "mcast",
  "network",
  "bridge",
  "internal",
  "direct",
  "hostdev",
  "udp",
  "vdpa",
  "null",
  "vds",
] as const;

const FILTERED: ReadonlySet<string> = new Set(["network", "bridge", "ethernet"]);
const WITH_VIRTUALPORT: ReadonlySet<string> = new Set(["network", "bridge", "direct", "hostdev"]);

/** Names that a start makes up for host cards; they are forgotten with the guest. */
export const GENERATED_NAME = /^(vnet|macvtap|macvlan)/;

export function parseInterface(element: XmlElement, context: ParseContext): Interface {
  allowChildren(element, CHILDREN);
  const type = enumAttribute(element, "type", TYPES) ?? "user";
  const model = childAttribute(element, "model", "type");
  const virtio = isVirtioNet(model);
  const source = child(element, "source");
  const virtualport = child(element, "virtualport");
  if (virtualport !== undefined && !WITH_VIRTUALPORT.has(type)) {
    const words = `<virtualport> element unsupported for <interface type='${type}'>`;
    throw confError(virtualport, "CONFIG_UNSUPPORTED", words);
  }
  const vlan = child(element, "vlan");
  const bandwidth = child(element, "bandwidth");
  const filterref = FILTERED.has(type) ? child(element, "filterref") : undefined;
  const driver = child(element, "driver");
  const mtu = childAttribute(element, "mtu", "size");
  return {
    kind: "interface",
    source: parseInterfaceSource(element, type, source, context),
    hostIp: source === undefined ? undefined : parseIps(source),
    trustGuestRxFilters: yesNoAttribute(element, "trustGuestRxFilters"),
    mac: parseMac(child(element, "mac")),
    virtualport: virtualport === undefined ? undefined : parseVirtualPort(virtualport),
    vlan: vlan === undefined ? undefined : parseVlan(vlan),
    ip: parseIps(element),
    script: childAttribute(element, "script", "path"),
    downscript: childAttribute(element, "downscript", "path"),
    backenddomain: childAttribute(element, "backenddomain", "name"),
    target: parseTarget(child(element, "target"), context),
    guest: parseGuest(child(element, "guest")),
    model: canonicalModel(element, model),
    driver: driver === undefined ? undefined : parseDriver(driver, virtio && type !== "hostdev"),
    backend: parseBackend(child(element, "backend"), virtio && type !== "hostdev"),
    portForwards: parsePortForwards(element),
    filterref: filterref === undefined ? undefined : parseFilterReference(filterref),
    bandwidth: bandwidth === undefined ? undefined : parseBandwidth(bandwidth, type === "network"),
    sndbuf: parseSndbuf(element),
    link: parseLink(child(element, "link")),
    mtu: mtu === undefined ? undefined : (parseInteger(mtu) ?? malformed(element, "malformed mtu size")) || undefined,
    coalesce: parseCoalesce(child(element, "coalesce")),
    port: parsePort(child(element, "port")),
    teaming: parseTeaming(child(element, "teaming")),
    ...parseDeviceInfo(element, context, { boot: true, rom: true }),
  };
}

export function isVirtioNet(model: string | undefined): boolean {
  return model === "virtio" || model === "virtio-transitional" || model === "virtio-non-transitional";
}

const MODELS = [
  "netfront",
  "rtl8139",
  "virtio",
  "e1000",
  "e1000e",
  "virtio-transitional",
  "virtio-non-transitional",
  "usb-net",
  "spapr-vlan",
  "lan9118",
  "scm91c111",
  "vlance",
  "vmxnet",
  "vmxnet2",
  "vmxnet3",
  "Am79C970A",
  "Am79C973",
  "82540EM",
  "82545EM",
  "82543GC",
] as const;

/** Known models take their usual letter case. */
function canonicalModel(element: XmlElement, model: string | undefined): string | undefined {
  if (model === undefined) return undefined;
  if (!/^[a-zA-Z0-9\-_]+$/.test(model)) {
    throw confError(element, "INVALID_ARG", "Model name contains invalid characters");
  }
  const lower = model.toLowerCase();
  return MODELS.find((each) => each.toLowerCase() === lower) ?? model;
}

function malformed(element: XmlElement, message: string): never {
  throw confError(element, "XML_ERROR", message, "Write a number.");
}

function parseInterfaceSource(
  element: XmlElement,
  type: (typeof TYPES)[number],
  source: XmlElement | undefined,
  context: ParseContext,
): InterfaceSource {
  if (type === "user") return { type, dev: source && attribute(source, "dev") };
  if (type === "ethernet" || type === "null") return { type };
  if (source === undefined) {
    if (type === "hostdev") throw confError(element, "XML_ERROR", "Missing <source> element in hostdev device");
    throw confError(
      element,
      "XML_ERROR",
      `interface type='${type}' requires a 'source' element`,
      `Add <source .../> that says what the ${type} interface is connected to.`,
    );
  }
  switch (type) {
    case "network":
      return {
        type,
        network: requiredAttribute(source, "network"),
        portgroup: attribute(source, "portgroup"),
        portid: context.inactive ? undefined : attribute(source, "portid"),
        actual: context.status ? parseActual(child(element, "actual"), context) : undefined,
      };
    case "bridge":
      return { type, bridge: requiredAttribute(source, "bridge") };
    case "internal":
      return { type, name: requiredAttribute(source, "name") };
    case "direct":
      return { type, dev: requiredAttribute(source, "dev"), mode: macvtapMode(source) };
    case "vdpa":
      return { type, dev: requiredAttribute(source, "dev") };
    case "vhostuser": {
      const socket = requiredAttribute(source, "type");
      if (socket !== "unix") {
        throw confError(source, "CONFIG_UNSUPPORTED", `Type='${socket}' unsupported for <interface type='vhostuser'>`);
      }
      const mode = requiredEnum(source, "mode", ["client", "server"]);
      return { type, path: requiredAttribute(source, "path"), mode, reconnect: parseReconnect(source) };
    }
    case "server":
      return { type, address: attribute(source, "address"), port: requiredInteger(source, "port", { signed: true }) };
    case "client":
    case "mcast":
      return {
        type,
        address: requiredAttribute(source, "address"),
        port: requiredInteger(source, "port", { signed: true }),
      };
    case "udp": {
      const address = requiredAttribute(source, "address");
      const port = requiredInteger(source, "port", { signed: true });
      const local = child(source, "local");
      if (local === undefined) {
        throw confError(source, "XML_ERROR", "'<local>' element missing for 'udp' socket interface");
      }
      const end = {
        address: requiredAttribute(local, "address"),
        port: requiredInteger(local, "port", { signed: true }),
      };
      return { type, address, port, local: end };
    }
    case "vds":
      return {
        type,
        switchid: requiredAttribute(source, "switchid").toLowerCase(),
        portid: longAttribute(source, "portid", { required: true, signed: true }) ?? 0,
        portgroupid: requiredAttribute(source, "portgroupid"),
        connectionid: longAttribute(source, "connectionid", { required: true, signed: true }) ?? 0,
      };
    case "hostdev":
      return parseHostdevSource(element, source);
  }
}

const MACVTAP_MODES = ["vepa", "private", "bridge", "passthrough"] as const;

function macvtapMode(source: XmlElement): (typeof MACVTAP_MODES)[number] {
  return enumAttribute(source, "mode", MACVTAP_MODES) ?? "vepa";
}

function parseHostdevSource(element: XmlElement, source: XmlElement): InterfaceSource {
  const managed = attribute(element, "managed") === "yes";
  const address = child(source, "address");
  const driver = child(element, "driver");
  if (address === undefined || attribute(address, "type") !== "pci") {
    if (child(source, "vendor") !== undefined || (address && attribute(address, "type") === "usb")) {
      throw notModelled(source, "a USB device as network interface");
    }
    throw confError(source, "XML_ERROR", "missing source address type", "Add <address type='pci' .../>.");
  }
  const parsed = parseAddress(address);
  if (parsed.type !== "pci") throw confError(address, "XML_ERROR", "missing source address type");
  return {
    type: "hostdev",
    managed: managed ? "yes" : undefined,
    driver: driver && enumOrDefault(driver, "name", ["kvm", "vfio", "xen"]),
    address: parsed,
  };
}

function parseActual(element: XmlElement | undefined, context: ParseContext): ActualInterface | undefined {
  if (element === undefined) return undefined;
  const type = requiredEnum(element, "type", ["network", "bridge", "direct", "hostdev", "user"]);
  const source = child(element, "source");
  const table = source && enumOrDefault(source, "macTableManager", ["kernel", "libvirt"]);
  if (type === "network" || type === "bridge") {
    const bridge = (source && attribute(source, "bridge")) ?? "";
    return { source: { type, bridge }, macTableManager: table };
  }
  const actual = parseInterfaceSource(element, type, source, context);
  if (actual.type === "network") throw notModelled(element);
  return { source: actual, macTableManager: table };
}

function parseMac(element: XmlElement | undefined): Interface["mac"] {
  const written = element && attribute(element, "address");
  if (element === undefined || written === undefined) return undefined;
  const parts = written.split(":");
  if (parts.length !== 6 || !parts.every((part) => /^[0-9a-fA-F]{1,2}$/.test(part))) {
    throw confError(element, "XML_ERROR", `unable to parse mac address '${written}'`, "Write it as 52:54:00:12:34:56.");
  }
  const address = parts.map((part) => part.toLowerCase().padStart(2, "0")).join(":");
  if (Number.parseInt(address.slice(0, 2), 16) & 1) {
    throw confError(
      element,
      "XML_ERROR",
      `expected unicast mac address, found multicast '${written}'`,
      "The first byte must be even.",
    );
  }
  return {
    address,
    type: enumAttribute(element, "type", ["generated", "static"]),
    check: yesNoAttribute(element, "check"),
  };
}

function parseTarget(element: XmlElement | undefined, context: ParseContext): Interface["target"] {
  if (element === undefined) return undefined;
  const dev = attribute(element, "dev");
  const managed = yesNoAttribute(element, "managed");
  const forgotten = dev !== undefined && context.inactive && managed !== "no" && GENERATED_NAME.test(dev);
  const target = { dev: forgotten ? undefined : dev, managed };
  return anySet(target) ? target : undefined;
}

function parseGuest(element: XmlElement | undefined): Interface["guest"] {
  if (element === undefined) return undefined;
  const guest = { dev: attribute(element, "dev"), actual: attribute(element, "actual") };
  return anySet(guest) ? guest : undefined;
}

const HOST_OFFLOADS = ["csum", "gso", "tso4", "tso6", "ecn", "ufo", "mrg_rxbuf"] as const;
const GUEST_OFFLOADS = ["csum", "tso4", "tso6", "ecn", "ufo"] as const;

function parseDriver(element: XmlElement, virtio: boolean): InterfaceDriver | undefined {
  const queues = virtio ? integerAttribute(element, "queues") : undefined;
  const driver: InterfaceDriver = {
    ...(virtio
      ? {
          name: enumAttribute(element, "name", ["qemu", "vhost"]),
          txmode: enumAttribute(element, "txmode", ["iothread", "timer"]),
          ioeventfd: onOffAttribute(element, "ioeventfd"),
          eventIdx: onOffAttribute(element, "event_idx"),
          queues: queues === undefined || queues <= 1 ? undefined : queues,
          rxQueueSize: integerAttribute(element, "rx_queue_size") || undefined,
          txQueueSize: integerAttribute(element, "tx_queue_size") || undefined,
          rss: onOffAttribute(element, "rss"),
          rssHashReport: onOffAttribute(element, "rss_hash_report"),
          host: parseOffloads(child(element, "host"), HOST_OFFLOADS),
          guest: parseOffloads(child(element, "guest"), GUEST_OFFLOADS),
        }
      : undefined),
    ...parseVirtioOptions(element),
  };
  return anySet(driver) ? driver : undefined;
}

function parseOffloads(element: XmlElement | undefined, names: readonly string[]): Record<string, OnOff> | undefined {
  if (element === undefined) return undefined;
  const offloads: Record<string, OnOff> = {};
  for (const name of names) {
    const value = onOffAttribute(element, name);
    if (value !== undefined) offloads[name] = value;
  }
  return Object.keys(offloads).length === 0 ? undefined : offloads;
}

function parseBackend(element: XmlElement | undefined, virtio: boolean): Interface["backend"] {
  if (element === undefined) return undefined;
  const tap = attribute(element, "tap");
  const vhost = virtio ? attribute(element, "vhost") : undefined;
  const backend = {
    type: enumAttribute(element, "type", ["passt"]),
    logFile: attribute(element, "logFile"),
    tap: tap === undefined ? undefined : sanitizePath(tap),
    vhost: vhost === undefined ? undefined : sanitizePath(vhost),
  };
  return anySet(backend) ? backend : undefined;
}

function parseSndbuf(element: XmlElement): number | undefined {
  const tune = child(element, "tune");
  const text = tune === undefined ? undefined : childText(tune, "sndbuf");
  if (tune === undefined || text === undefined) return undefined;
  return parseInteger(text) ?? malformed(tune, "sndbuf must be a positive integer");
}

function parseLink(element: XmlElement | undefined): Interface["link"] {
  return (
    element && wordAttribute(element, "state", ["up", "down"], (value) => `unknown interface link state '${value}'`)
  );
}

function parseCoalesce(element: XmlElement | undefined): Interface["coalesce"] {
  const rx = element && child(element, "rx");
  const frames = rx && child(rx, "frames");
  const text = frames && attribute(frames, "max");
  if (frames === undefined || text === undefined) return undefined;
  const rxMaxFrames = parseInteger(text);
  if (rxMaxFrames === undefined) {
    throw confError(frames, "XML_DETAIL", `cannot parse value '${text}' for coalesce parameter`, "Write a number.");
  }
  return rxMaxFrames === 0 ? undefined : { rxMaxFrames };
}

function parsePort(element: XmlElement | undefined): Interface["port"] {
  const isolated = element && yesNoAttribute(element, "isolated");
  return isolated === undefined ? undefined : { isolated };
}

export function parseTeaming(element: XmlElement | undefined): Teaming | undefined {
  if (element === undefined) return undefined;
  const persistent = attribute(element, "persistent");
  const complain = (value: string): string => `unknown teaming type '${value}'`;
  const type = wordAttribute(element, "type", ["persistent", "transient"], complain);
  if (type === undefined && persistent === undefined) return undefined;
  if (type === undefined) throw confError(element, "CONFIG_UNSUPPORTED", complain("(null)"));
  return { type, persistent };
}

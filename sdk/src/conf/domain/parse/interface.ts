import {
  allowChildren,
  attribute,
  child,
  childAttribute,
  childText,
  enumAttribute,
  integerAttribute,
  onOffAttribute,
  parseInteger,
  type XmlElement,
  yesNoAttribute,
} from "../../../xml/index.js";
import { parseBandwidth, parseFilterReference, parseVirtualPort, parseVlan } from "../../common/index.js";
import type { Interface, InterfaceDriver, OnOff, Teaming } from "../model/index.js";
import { anySet, confError, type ParseContext, parseVirtioOptions, sanitizePath, wordAttribute } from "./context.js";
import { parseDeviceInfo } from "./device-info.js";
import { parseIps, parsePortForwards } from "./interface-parts.js";
import { INTERFACE_TYPES, parseInterfaceSource } from "./interface-source.js";

const CHILDREN: ReadonlySet<string> = new Set(
  (
    "acpi actual address alias backend backenddomain bandwidth boot coalesce downscript driver filterref guest ip link " +
    "mac model mtu port portForward rom route script source target teaming tune virtualport vlan"
  ).split(" "),
);

const FILTERED: ReadonlySet<string> = new Set(["network", "bridge", "ethernet"]);
const WITH_VIRTUALPORT: ReadonlySet<string> = new Set(["network", "bridge", "direct", "hostdev"]);

/** Names that a start makes up for host cards; they are forgotten with the guest. */
export const GENERATED_NAME = /^(vnet|macvtap|macvlan)/;

export function parseInterface(element: XmlElement, context: ParseContext): Interface {
  allowChildren(element, CHILDREN);
  const type = enumAttribute(element, "type", INTERFACE_TYPES) ?? "user";
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
    hostIp: source === undefined ? undefined : parseIps(source, "interface host IP"),
    trustGuestRxFilters: yesNoAttribute(element, "trustGuestRxFilters"),
    mac: parseMac(child(element, "mac")),
    virtualport:
      virtualport && parseVirtualPort(virtualport, type === "network" ? {} : { requireType: true, requireAll: true }),
    vlan: vlan === undefined ? undefined : parseVlan(vlan),
    ip: parseIps(element, "guest interface"),
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
    bandwidth: bandwidth === undefined ? undefined : parseBandwidth(bandwidth, { floor: type === "network" }),
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

/** libvirt knows these; it keeps others as they are written. */
export const KNOWN_NET_MODELS: ReadonlySet<string> = new Set(MODELS);

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

function parseMac(element: XmlElement | undefined): Interface["mac"] {
  if (element === undefined) return undefined;
  const written = attribute(element, "address");
  const type = enumAttribute(element, "type", ["generated", "static"]);
  const check = yesNoAttribute(element, "check");
  if (written === undefined) return (type ?? check) === undefined ? undefined : { type, check };
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
  return { address, type, check };
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

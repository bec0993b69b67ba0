import {
  allowChildren,
  attribute,
  child,
  childElements,
  enumAttribute,
  onOffAttribute,
  parseInteger,
  requiredEnum,
  requiredInteger,
  type XmlElement,
  yesNoAttribute,
} from "../../../xml/index.js";
import type {
  Channel,
  ChannelTarget,
  ChardevReconnect,
  ChardevSource,
  Console,
  Parallel,
  Serial,
} from "../model/index.js";
import { confError, type ParseContext, word } from "./context.js";
import { parseDeviceInfo } from "./device-info.js";
import { parseDeviceSeclabels } from "./seclabel.js";

const CHILDREN: ReadonlySet<string> = new Set("acpi address alias log protocol source target".split(" "));

export const CHARDEV_TYPES = [
  "null",
  "vc",
  "pty",
  "dev",
  "file",
  "pipe",
  "stdio",
  "udp",
  "tcp",
  "unix",
  "spicevmc",
  "spiceport",
  "nmdm",
  "qemu-vdagent",
  "dbus",
] as const;

type ChardevType = (typeof CHARDEV_TYPES)[number];

/** The host's end of a device whose element has a `type` attribute; pty when it has none. */
function sourceOf(element: XmlElement, context: ParseContext): ChardevSource {
  const complain = (value: string): string => `unknown type presented to host for character device: ${value}`;
  const type = word(element, attribute(element, "type") ?? "pty", CHARDEV_TYPES, complain);
  return parseChardevSource(element, type, context);
}

/** `<source>`, `<protocol>` and `<log>` below an element. */
export function parseChardevSource(element: XmlElement, type: ChardevType, context: ParseContext): ChardevSource {
  const sources = childElements(element, "source");
  if (sources.length > 1 && type !== "udp") {
    throw confError(sources[1] ?? element, "XML_ERROR", "only one source element is allowed for character device");
  }
  if (sources.length > 2) {
    throw confError(sources[2] ?? element, "XML_ERROR", "only two source elements are allowed for character device");
  }
  const [, protocol] = childElements(element, "protocol");
  if (protocol !== undefined) {
    throw confError(protocol, "XML_ERROR", "only one protocol element is allowed for character device");
  }
  const source = sources[0];
  const common = {
    log: parseLog(element),
    seclabels: source === undefined || source.children.length === 0 ? undefined : parseDeviceSeclabels(source, context),
  };
  const get = (name: string): string | undefined => (source === undefined ? undefined : attribute(source, name));
  switch (type) {
    case "pty":
      return { type, path: context.inactive ? undefined : get("path"), ...common };
    case "dev":
    case "pipe":
      return { type, path: get("path"), ...common };
    case "file":
      return { type, path: get("path"), append: source && onOffAttribute(source, "append"), ...common };
    case "unix":
      return { type, mode: mode(source), path: get("path"), reconnect: source && parseReconnect(source), ...common };
    case "tcp":
      return { ...parseTcp(element, source), ...common };
    case "udp":
      return { type, ...parseUdp(sources), ...common };
    case "spiceport":
    case "dbus":
      return {
        type,
        channel: get("channel"),
        ...common,
      };
    case "nmdm":
      return { type, master: get("master"), slave: get("slave"), ...common };
    case "qemu-vdagent": {
      const clipboard = source && child(source, "clipboard");
      const mouse = source && child(source, "mouse");
      return {
        type,
        clipboardCopypaste: clipboard && requiredEnum(clipboard, "copypaste", ["yes", "no"]),
        mouseMode: mouse && requiredEnum(mouse, "mode", ["server", "client"]),
        ...common,
      };
    }
    default:
      return { type, ...common };
  }
}

function mode(source: XmlElement | undefined): "bind" | "connect" {
  return (source && enumAttribute(source, "mode", ["connect", "bind"])) ?? "connect";
}

function parseTcp(element: XmlElement, source: XmlElement | undefined): ChardevSource {
  const protocol = child(element, "protocol");
  const written = protocol && attribute(protocol, "type");
  return {
    type: "tcp",
    mode: mode(source),
    host: source && attribute(source, "host"),
    service: source && attribute(source, "service"),
    protocol:
      protocol === undefined || written === undefined
        ? "raw"
        : word(protocol, written, ["raw", "telnet", "telnets", "tls"], (value) => `Unknown protocol '${value}'`),
    tls: source && yesNoAttribute(source, "tls"),
    tlsFromConfig: source !== undefined && attribute(source, "tlsFromConfig") === "1" ? true : undefined,
    reconnect: source && parseReconnect(source),
  };
}

interface UdpEnds {
  readonly bind?: { readonly host?: string | undefined; readonly service?: string | undefined } | undefined;
  readonly connect?: { readonly host?: string | undefined; readonly service?: string | undefined } | undefined;
}

function parseUdp(sources: readonly XmlElement[]): UdpEnds {
  let ends: UdpEnds = {};
  for (const source of sources) {
    const end = { host: attribute(source, "host"), service: attribute(source, "service") };
    const which = mode(source);
    if (ends[which] === undefined) ends = { ...ends, [which]: end };
  }
  return ends;
}

export function parseReconnect(source: XmlElement): ChardevReconnect | undefined {
  const element = child(source, "reconnect");
  if (element === undefined) return undefined;
  const enabled = yesNoAttribute(element, "enabled");
  if (enabled === undefined) return undefined;
  return { enabled, timeout: enabled === "yes" ? requiredInteger(element, "timeout") : undefined };
}

function parseLog(element: XmlElement): ChardevSource["log"] {
  const logs = childElements(element, "log");
  if (logs.length > 1) {
    throw confError(logs[1] ?? element, "XML_ERROR", "only one log element is allowed for character device");
  }
  const log = logs[0];
  const file = log === undefined ? undefined : attribute(log, "file");
  return log === undefined || file === undefined ? undefined : { file, append: onOffAttribute(log, "append") };
}

function targetType<const T extends string>(target: XmlElement | undefined, types: readonly T[]): T | undefined {
  const written = target === undefined ? undefined : attribute(target, "type");
  if (target === undefined || written === undefined || written === "none") return undefined;
  return word(target, written, types, (value) => `unknown target type '${value}' specified for character device`);
}

function targetPort(target: XmlElement | undefined): number {
  const text = target === undefined ? undefined : attribute(target, "port");
  if (target === undefined || text === undefined) return -1;
  const port = parseInteger(text, { signed: true, max: 2147483647 });
  if (port === undefined) throw confError(target, "XML_ERROR", `Invalid port number: ${text}`, "Write a number.");
  return port;
}

const SERIAL_TYPES = [
  "isa-serial",
  "usb-serial",
  "pci-serial",
  "spapr-vio-serial",
  "system-serial",
  "sclp-serial",
  "isa-debug",
] as const;
const SERIAL_MODELS = [
  "isa-serial",
  "usb-serial",
  "pci-serial",
  "spapr-vty",
  "pl011",
  "sclpconsole",
  "sclplmconsole",
  "16550a",
  "isa-debugcon",
] as const;

export function parseSerial(element: XmlElement, context: ParseContext): Serial {
  allowChildren(element, CHILDREN);
  const target = child(element, "target");
  const model = target && child(target, "model");
  const name = model && attribute(model, "name");
  const info = parseDeviceInfo(element, context);
  const type = targetType(target, SERIAL_TYPES);
  const source = sourceOf(element, context);
  refuseSpicevmc(element, source);
  if (type === "usb-serial" && info.address !== undefined && info.address.type !== "usb") {
    throw confError(element, "CONFIG_UNSUPPORTED", "usb-serial requires address of usb type");
  }
  return {
    kind: "serial",
    source,
    target: {
      type,
      model:
        target && name && name !== "none"
          ? word(
              target,
              name,
              SERIAL_MODELS,
              (value) => `unknown target model '${value}' specified for character device`,
            )
          : undefined,
      port: targetPort(target),
    },
    ...info,
  };
}

function refuseSpicevmc(element: XmlElement, source: ChardevSource): void {
  if (source.type === "spicevmc") {
    throw confError(element, "CONFIG_UNSUPPORTED", "spicevmc device type only supports virtio");
  }
}

export function parseParallel(element: XmlElement, context: ParseContext): Parallel {
  allowChildren(element, CHILDREN);
  const port = targetPort(child(element, "target"));
  const source = sourceOf(element, context);
  refuseSpicevmc(element, source);
  return { kind: "parallel", source, target: { port }, ...parseDeviceInfo(element, context) };
}

const CONSOLE_TYPES = ["serial", "xen", "uml", "virtio", "lxc", "openvz", "sclp", "sclplm"] as const;

export function parseConsole(element: XmlElement, context: ParseContext): Console {
  allowChildren(element, CHILDREN);
  const target = child(element, "target");
  const source = sourceOf(element, context);
  refuseSpicevmc(element, source);
  return {
    kind: "console",
    source,
    target: { type: targetType(target, CONSOLE_TYPES), port: targetPort(target) },
    ...parseDeviceInfo(element, context),
  };
}

export function parseChannel(element: XmlElement, context: ParseContext): Channel {
  allowChildren(element, CHILDREN);
  const target = parseChannelTarget(element, child(element, "target"), context);
  const source = sourceOf(element, context);
  if (target.type !== "virtio") refuseSpicevmc(element, source);
  return { kind: "channel", source, target, ...parseDeviceInfo(element, context) };
}

function parseChannelTarget(element: XmlElement, target: XmlElement | undefined, context: ParseContext): ChannelTarget {
  const type = targetType(target, ["guestfwd", "virtio", "xen"]);
  if (target !== undefined && type === undefined) {
    const words = "unknown target type '(null)' specified for character device";
    throw confError(target, "CONFIG_UNSUPPORTED", words, "Add type='virtio'.");
  }
  if (target === undefined || type === undefined) {
    throw confError(
      element,
      "XML_ERROR",
      "target type must be specified for channel device",
      "Add <target type='virtio' name='...'/>.",
    );
  }
  if (type === "guestfwd") {
    const address = attribute(target, "address");
    if (address === undefined)
      throw confError(target, "XML_ERROR", "guestfwd channel does not define a target address");
    if (!/^\d+(\.\d+){3}$/.test(address)) {
      throw confError(target, "CONFIG_UNSUPPORTED", "guestfwd channel only supports IPv4 addresses");
    }
    return { type, address, port: requiredInteger(target, "port") };
  }
  const state =
    context.inactive || type === "xen" ? undefined : enumAttribute(target, "state", ["connected", "disconnected"]);
  return { type, name: attribute(target, "name"), state };
}

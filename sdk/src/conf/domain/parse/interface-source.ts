import {
  attribute,
  child,
  enumAttribute,
  enumOrDefault,
  longAttribute,
  requiredAttribute,
  requiredEnum,
  requiredInteger,
  type XmlElement,
} from "../../../xml/index.js";
import { parseUuid } from "../../common/index.js";
import type { ActualInterface, InterfaceSource } from "../model/index.js";
import { parseReconnect } from "./chardev.js";
import { confError, type ParseContext } from "./context.js";
import { parsePciAddress } from "./device-info.js";
import { parseUsbSource } from "./hostdev-usb.js";

export const INTERFACE_TYPES = [
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

/** What the card is connected to on the host. */
export function parseInterfaceSource(
  element: XmlElement,
  type: (typeof INTERFACE_TYPES)[number],
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
        switchid: switchUuid(source),
        portid: longAttribute(source, "portid", { required: true, signed: true }) ?? 0,
        portgroupid: requiredAttribute(source, "portgroupid"),
        connectionid: longAttribute(source, "connectionid", { required: true, signed: true }) ?? 0,
      };
    case "hostdev":
      return parseHostdevSource(element, source, context);
  }
}

const MACVTAP_MODES = ["vepa", "private", "bridge", "passthrough"] as const;

function macvtapMode(source: XmlElement): (typeof MACVTAP_MODES)[number] {
  return enumAttribute(source, "mode", MACVTAP_MODES) ?? "vepa";
}

function parseHostdevSource(element: XmlElement, source: XmlElement, context: ParseContext): InterfaceSource {
  const address = child(source, "address");
  const managed = attribute(element, "managed") === "yes" ? "yes" : undefined;
  const type = (address && attribute(address, "type")) ?? (child(source, "vendor") === undefined ? undefined : "usb");
  if (type === undefined) {
    throw confError(source, "XML_ERROR", "missing source address type", "Add <address type='pci' .../>.");
  }
  if (type === "usb") return { type: "hostdev", managed, address: parseUsbSource(source, context) };
  if (type !== "pci" || address === undefined) {
    const hint = "Use type='pci' or type='usb'.";
    throw confError(source, "CONFIG_UNSUPPORTED", `unknown host device source address type '${type}'`, hint);
  }
  const driver = child(element, "driver");
  return {
    type: "hostdev",
    managed,
    driver: driver && enumAttribute(driver, "name", ["kvm", "vfio", "xen"]),
    address: parsePciAddress(address),
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
  if (actual.type === "network") throw confError(element, "XML_ERROR", "missing actual source");
  return { source: actual, macTableManager: table };
}

function switchUuid(source: XmlElement): string {
  const written = requiredAttribute(source, "switchid");
  const uuid = parseUuid(written);
  if (uuid !== undefined) return uuid;
  const words = `Invalid value for attribute 'switchid' in element 'source': '${written}'. Expected UUID`;
  throw confError(source, "XML_ERROR", words, "Write the switch's UUID.");
}

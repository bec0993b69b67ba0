import {
  allowChildren,
  attribute,
  child,
  childText,
  enumAttribute,
  oneOf,
  type XmlElement,
  yesNoAttribute,
} from "../../../xml/index.js";
import {
  parseBandwidth,
  parseHostPciAddress,
  parseMacAddress,
  parseUuid,
  parseVirtualPort,
  parseVlan,
} from "../../common/index.js";
import type { BridgeMacTableManager, NetworkPort, NetworkPortPlug } from "../model.js";
import { childWith, filled, netError } from "./context.js";
import { FORWARD_DRIVERS } from "./forward.js";
import { MAC_TABLE_MANAGERS, parseIsolated } from "./network.js";

const CHILDREN: ReadonlySet<string> = new Set(
  "uuid owner mac group rxfilters virtualport bandwidth vlan port plug".split(" "),
);

/** Reads `<networkport>`. */
export function parsePortElement(root: XmlElement): NetworkPort {
  allowChildren(root, CHILDREN);
  const optional = <T>(name: string, parse: (found: XmlElement) => T): T | undefined => {
    const found = child(root, name);
    return found === undefined ? undefined : parse(found);
  };
  return {
    uuid: parsePortUuid(root, root, "network port has no uuid"),
    owner: parseOwner(root),
    group: childText(root, "group"),
    virtualport: optional("virtualport", (found) => parseVirtualPort(found)),
    mac: parseMac(root),
    // whether the network can keep a floor shows when the port is used
    bandwidth: optional("bandwidth", (found) => parseBandwidth(found, { floor: true, classId: true })),
    vlan: optional("vlan", parseVlan),
    isolatedPort: optional("port", parseIsolated),
    trustGuestRxFilters: optional("rxfilters", (found) => yesNoAttribute(found, "trustGuest")),
    plug: optional("plug", parsePlug),
  };
}

function internal(element: XmlElement, detail: string, hint: string): ReturnType<typeof netError> {
  return netError(element, "INTERNAL_ERROR", detail, hint);
}

function parsePortUuid(root: XmlElement, parent: XmlElement | undefined, missing: string): string {
  const written = parent && childText(parent, "uuid");
  if (parent === undefined || written === undefined) throw internal(root, missing, "Add <uuid>.");
  const uuid = parseUuid(written);
  if (uuid !== undefined) return uuid;
  throw internal(child(parent, "uuid") ?? root, `Unable to parse UUID '${written}'`, "Write a UUID.");
}

function parseOwner(root: XmlElement): NetworkPort["owner"] {
  const owner = child(root, "owner");
  const name = owner && childText(owner, "name");
  if (name === undefined) throw internal(owner ?? root, "network port has no owner name", "Add <owner> with <name>.");
  return { name, uuid: parsePortUuid(root, owner, "network port has no owner UUID") };
}

function parseMac(root: XmlElement): string {
  const element = childWith(root, "mac", "address");
  const written = filled(element, "address");
  if (element === undefined || written === undefined) {
    throw internal(root, "network port has no mac", "Add <mac address='...'/>.");
  }
  const mac = parseMacAddress(written);
  if (mac !== undefined) return mac;
  throw internal(element, `Unable to parse MAC '${written}'`, "Write it as 52:54:00:12:34:56.");
}

const PLUGS = ["none", "network", "bridge", "direct", "hostdev-pci"] as const;

function parsePlug(element: XmlElement): NetworkPortPlug | undefined {
  const type = enumAttribute(element, "type", PLUGS) ?? "none";
  switch (type) {
    case "none":
      return undefined;
    case "network":
    case "bridge":
      return parseBridgePlug(element, type);
    case "direct":
      return parseDirectPlug(element);
    case "hostdev-pci":
      return parseHostdevPlug(element);
  }
}

function parseBridgePlug(element: XmlElement, type: "network" | "bridge"): NetworkPortPlug {
  const bridge = attribute(element, "bridge");
  if (bridge === undefined) {
    throw netError(element, "XML_ERROR", "Missing network port bridge name", "Add bridge='...'.");
  }
  const written = attribute(element, "macTableManager");
  const macTableManager: BridgeMacTableManager | undefined = MAC_TABLE_MANAGERS.find((each) => each === written);
  if (written !== undefined && macTableManager === undefined) {
    const detail = `Invalid macTableManager setting '${written}' in network port`;
    throw netError(element, "XML_ERROR", detail, oneOf(written, MAC_TABLE_MANAGERS));
  }
  return { type, bridge, macTableManager };
}

const DIRECT_MODES = ["vepa", "private", "bridge", "passthrough"] as const;

function parseDirectPlug(element: XmlElement): NetworkPortPlug {
  const dev = attribute(element, "dev");
  if (dev === undefined) {
    throw netError(element, "XML_ERROR", "Missing network port link device name", "Add dev='...'.");
  }
  const written = attribute(element, "mode");
  const mode = written === undefined ? "vepa" : DIRECT_MODES.find((each) => each === written);
  if (mode !== undefined) return { type: "direct", dev, mode };
  const detail = `Invalid mode setting '${written}' in network port`;
  throw netError(element, "XML_ERROR", detail, oneOf(written ?? "", DIRECT_MODES));
}

function parseHostdevPlug(element: XmlElement): NetworkPortPlug {
  const managed = yesNoAttribute(element, "managed");
  const written = filled(childWith(element, "driver", "name"), "name");
  const driver = FORWARD_DRIVERS.find((each) => each === written);
  if (written !== undefined && driver === undefined) {
    throw netError(element, "XML_ERROR", "Missing network port driver name", oneOf(written, FORWARD_DRIVERS));
  }
  const address = child(element, "address");
  if (address === undefined) {
    throw netError(element, "XML_ERROR", "Missing network port PCI address", "Add <address>.");
  }
  return { type: "hostdev-pci", managed, driver, address: parseHostPciAddress(address) };
}

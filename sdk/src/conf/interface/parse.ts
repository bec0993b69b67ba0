import { DOCUMENT_KINDS } from "../../schema/kinds.js";
import {
  allowChildren,
  attribute,
  child,
  childElements,
  integerAttribute,
  requiredAttribute,
  requiredEnum,
  type XmlElement,
  yesNoAttribute,
} from "../../xml/index.js";
import { attributeAt, errorsOf, expectRoot, firstAt, oneWord, parseDocument, readable } from "../document.js";
import { parseBondMonitor } from "./bond-monitor.js";
import { formatHostInterface } from "./format.js";
import { parseLink } from "./link.js";
import {
  BOND_MODES,
  type BondPart,
  type BridgePart,
  type EthernetPart,
  type HostInterface,
  type InterfaceAddress,
  type InterfaceProtocol,
  type VlanPart,
} from "./model.js";

const interfaceError = errorsOf("INTERFACE");
const DOCUMENT = DOCUMENT_KINDS.interface;
const TYPES = ["ethernet", "bridge", "bond", "vlan"] as const;
const MOST_MTU = 100000;
const names = (list: string): ReadonlySet<string> => new Set(list.split(" "));
const OUTERMOST = "mtu protocol start";
const CHILDREN = {
  ethernet: { inner: names("link mac"), outer: names(`link mac ${OUTERMOST}`) },
  vlan: { inner: names("link vlan"), outer: names(`link vlan ${OUTERMOST}`) },
  bond: { inner: names("bond link"), outer: names(`bond link ${OUTERMOST}`) },
  bridge: { inner: names("bridge"), outer: names(`bridge ${OUTERMOST}`) },
} as const;
const INTERFACES = names("interface");
const BOND = names("arpmon interface miimon");
const PROTOCOL = { ipv4: names("dhcp ip route"), ipv6: names("autoconf dhcp ip route") } as const;

/** An interface of the host from its XML. Throws `VirtError` in libvirt's words, with the place. */
export function parseHostInterface(xml: string): HostInterface {
  return readHostInterface(parseDocument(xml, DOCUMENT));
}

/** The same from an element, such as one that a schema has been asked about. */
export function readHostInterface(root: XmlElement): HostInterface {
  const type = requiredEnum(expectRoot(root, DOCUMENT), "type", TYPES);
  allowChildren(root, CHILDREN[type].outer);
  const outermost = {
    start: parseStart(root),
    mtu: parseMtu(root),
    protocols: childElements(root, "protocol").map(parseProtocol),
  };
  const iface = { ...(type === "bridge" ? parseBridge(root) : parseMember(root, type)), ...outermost };
  return readable(root, DOCUMENT.errorDomain, iface, formatHostInterface);
}

function parseName(element: XmlElement): string {
  const name = attribute(element, "name");
  if (name === undefined) throw interfaceError(element, "XML_ERROR", "interface has no name", "Add name='...'.");
  return name;
}

/** The type of an interface inside another one, which takes those of some types. */
function innerType<const T extends (typeof TYPES)[number]>(element: XmlElement, types: readonly T[]): T {
  const written = requiredEnum(element, "type", TYPES);
  const type = oneWord(written, types, (hint) =>
    interfaceError(element, "XML_ERROR", `interface has unsupported type '${written}'`, hint),
  );
  allowChildren(element, CHILDREN[type].inner);
  return type;
}

function parseMember(element: XmlElement, type: "ethernet" | "vlan" | "bond"): EthernetPart | VlanPart | BondPart {
  switch (type) {
    case "ethernet":
      return parseEthernet(element);
    case "vlan":
      return parseVlan(element);
    case "bond":
      return parseBond(element);
  }
}

function parseEthernet(element: XmlElement): EthernetPart {
  const link = parseLink(child(element, "link"));
  return { type: "ethernet", name: parseName(element), link, mac: attributeAt(element, ["mac"], "address") };
}

/** The element that makes an interface what its type says. */
function partOf(element: XmlElement, type: "vlan" | "bond" | "bridge"): XmlElement {
  const part = child(element, type);
  if (part !== undefined) return part;
  throw interfaceError(element, "XML_ERROR", `${type} interface misses the ${type} element`, `Add a <${type}>.`);
}

function parseVlan(element: XmlElement): VlanPart {
  const name = parseName(element);
  const link = parseLink(child(element, "link"));
  const part = partOf(element, "vlan");
  allowChildren(part, INTERFACES);
  const tag = attribute(part, "tag");
  if (!tag) throw interfaceError(part, "XML_ERROR", "vlan interface misses the tag attribute", "Add tag='...'.");
  const device = attributeAt(part, ["interface"], "name");
  if (device === undefined) {
    const hint = "Add <interface name='...'/> to <vlan>.";
    throw interfaceError(part, "XML_ERROR", "vlan interface misses name attribute", hint);
  }
  return { type: "vlan", name, link, tag, device };
}

function parseBond(element: XmlElement): BondPart {
  const name = parseName(element);
  const link = parseLink(child(element, "link"));
  const part = partOf(element, "bond");
  allowChildren(part, BOND);
  const mode = attribute(part, "mode") || undefined;
  return {
    type: "bond",
    name,
    link,
    mode:
      mode === undefined
        ? undefined
        : oneWord(mode, BOND_MODES, (hint) => interfaceError(part, "XML_ERROR", `unknown bonding mode ${mode}`, hint)),
    interfaces: childElements(part, "interface").map((each) => {
      innerType(each, ["ethernet"]);
      return parseEthernet(each);
    }),
    monitor: parseBondMonitor(part),
  };
}

function parseBridge(element: XmlElement): BridgePart {
  const part = partOf(element, "bridge");
  allowChildren(part, INTERFACES);
  const stp = attribute(part, "stp");
  return {
    type: "bridge",
    name: parseName(element),
    stp:
      stp === undefined
        ? undefined
        : oneWord(stp, ["on", "off"], (hint) =>
            interfaceError(part, "XML_ERROR", `bridge interface stp should be on or off got ${stp}`, hint),
          ),
    delay: attribute(part, "delay"),
    interfaces: childElements(part, "interface").map((each) =>
      parseMember(each, innerType(each, ["ethernet", "vlan", "bond"])),
    ),
  };
}

function parseStart(root: XmlElement): HostInterface["start"] {
  const mode = attributeAt(root, ["start"], "mode");
  if (mode === undefined) return undefined;
  return oneWord(mode, ["onboot", "hotplug", "none"], (hint) =>
    interfaceError(firstAt(root, "start") ?? root, "XML_ERROR", `unknown interface startmode ${mode}`, hint),
  );
}

function parseMtu(root: XmlElement): number | undefined {
  const element = child(root, "mtu");
  const mtu =
    element === undefined || attribute(element, "size") === "" ? undefined : integerAttribute(element, "size");
  if (mtu !== undefined && mtu > MOST_MTU) {
    const detail = "value of the 'size' attribute of 'mtu' element must be at most 100000";
    throw interfaceError(element ?? root, "XML_ERROR", detail, "Give at most 100000 bytes.");
  }
  return mtu || undefined;
}

function parseProtocol(element: XmlElement): InterfaceProtocol {
  const written = attribute(element, "family");
  if (written === undefined) {
    const hint = "Add family='ipv4' or family='ipv6'.";
    throw interfaceError(element, "XML_ERROR", "protocol misses the family attribute", hint);
  }
  const family = oneWord(written, ["ipv4", "ipv6"], (hint) =>
    interfaceError(element, "XML_ERROR", `unsupported protocol family '${written}'`, hint),
  );
  allowChildren(element, PROTOCOL[family]);
  const dhcp = child(element, "dhcp");
  return {
    family,
    gateway: attributeAt(element, ["route"], "gateway"),
    autoconf: child(element, "autoconf") === undefined ? undefined : true,
    dhcp: dhcp === undefined ? undefined : { peerdns: yesNoAttribute(dhcp, "peerdns") },
    addresses: childElements(element, "ip").map(parseAddress),
  };
}

function parseAddress(element: XmlElement): InterfaceAddress {
  const address = requiredAttribute(element, "address");
  return { address, prefix: integerAttribute(element, "prefix", { base: 0, signed: true }) || undefined };
}

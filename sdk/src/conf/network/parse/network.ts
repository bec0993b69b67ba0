import {
  allowChildren,
  attribute,
  child,
  childElements,
  childText,
  errorAt,
  isElement,
  oneOf,
  parseInteger,
  type XmlElement,
  type XmlNode,
  yesNoAttribute,
} from "../../../xml/index.js";
import {
  isMulticastMac,
  keepMetadata,
  parseBandwidth,
  parseIpRoute,
  parseMacAddress,
  parseVirtualPort,
  parseVlan,
  parseWrappingUint32,
} from "../../common/index.js";
import { ownUuid } from "../../document.js";
import type { Network, NetworkBridge } from "../model.js";
import { childWith, filled, netError, type Refuse } from "./context.js";
import { NO_DNS, parseDns } from "./dns.js";
import { DNSMASQ_URI, parseDnsmasqOptions } from "./dnsmasq.js";
import { parseForward } from "./forward.js";
import { parseNetworkIp } from "./ip.js";
import { checkForwardMode } from "./modes.js";
import { parsePortGroup } from "./portgroup.js";
import { checkGateway, subnetsOf } from "./route.js";

const CHILDREN: ReadonlySet<string> = new Set(
  "name uuid metadata bridge mtu mac forward virtualport portgroup domain dns bandwidth vlan port ip route".split(" "),
);

/** Reads `<network>`, in the order in which libvirt finds faults. */
export function parseNetworkElement(root: XmlElement, newUuid: () => string): Network {
  // elements of dnsmasq's namespace are told apart by their namespace, not by their name
  const isOwn = (node: XmlNode): boolean => !isElement(node) || node.uri !== DNSMASQ_URI;
  allowChildren({ ...root, children: root.children.filter(isOwn) }, CHILDREN);
  const name = parseName(root);
  const optional = <T>(element: string, parse: (found: XmlElement) => T): T | undefined => {
    const found = child(root, element);
    return found === undefined ? undefined : parse(found);
  };
  const routes = childElements(root, "route");
  const bridge = child(root, "bridge");
  const identity = {
    name,
    uuid: ownUuid(root, newUuid, (at, detail, hint) => netError(at, "INTERNAL_ERROR", detail, hint)),
    ipv6: parseIpv6(root, name),
  };
  const early = {
    trustGuestRxFilters: yesNoAttribute(root, "trustGuestRxFilters"),
    domain: optional("domain", parseDomainName),
    bandwidth: optional("bandwidth", (found) => parseBandwidth(found)),
    vlan: optional("vlan", parseVlan),
    isolatedPort: optional("port", parseIsolated),
    bridge: parseBridge(bridge, name),
    mac: optional("mac", (found) => parseBridgeMac(found, name)),
    mtu: parseMtu(childWith(root, "mtu", "size"), name),
    dns: optional("dns", (found) => parseDns(found, name)) ?? NO_DNS,
    virtualport: optional("virtualport", (found) => parseVirtualPort(found, { requireType: true })),
    portgroups: childElements(root, "portgroup").map(parsePortGroup),
    ips: childElements(root, "ip").map((found) => parseNetworkIp(found, name)),
  };
  const network: Network = {
    ...identity,
    ...early,
    routes: parseRoutes(routes, name, early.ips),
    forward: optional("forward", (found) => parseForward(found, name)),
  };
  checkForwardMode(network, { root, bridge });
  return {
    ...network,
    metadata: optional("metadata", keepMetadata),
    dnsmasqOptions: parseDnsmasqOptions(root),
  };
}

function parseName(root: XmlElement): string {
  const name = childText(root, "name");
  if (name === undefined) throw netError(root, "NO_NAME", "", "Add <name>.");
  if (name.includes("/")) {
    throw errorAt(child(root, "name") ?? root, "XML_DETAIL", "invalid char in name: /", "Choose a name without /.");
  }
  return name;
}

function parseIpv6(root: XmlElement, network: string): boolean {
  const written = filled(root, "ipv6");
  if (written === undefined || written === "no") return false;
  if (written === "yes") return true;
  const detail = `Invalid ipv6 setting '${written}' in network '${network}'`;
  throw netError(root, "XML_ERROR", detail, oneOf(written, ["yes", "no"]));
}

function parseDomainName(element: XmlElement): Network["domain"] {
  const name = attribute(element, "name");
  const localOnly = yesNoAttribute(element, "localOnly");
  return name === undefined ? undefined : { name, localOnly };
}

export function parseIsolated(element: XmlElement): Network["isolatedPort"] {
  return yesNoAttribute(element, "isolated");
}

export const MAC_TABLE_MANAGERS = ["kernel", "libvirt"] as const;

function parseBridge(element: XmlElement | undefined, network: string): NetworkBridge {
  if (element === undefined) return { stp: true, delay: 0 };
  const refuse: Refuse = (detail, hint) => {
    throw netError(element, "XML_ERROR", detail, hint);
  };
  const written = filled(element, "delay");
  const delay = parseInteger(written ?? "0");
  if (delay === undefined) return refuse(`Invalid delay value in network '${network}'`, "Write a number of seconds.");
  const manager = filled(element, "macTableManager");
  const macTableManager = MAC_TABLE_MANAGERS.find((each) => each === manager);
  if (manager !== undefined && macTableManager === undefined) {
    const detail = `Invalid macTableManager setting '${manager}' in network '${network}'`;
    refuse(detail, oneOf(manager, MAC_TABLE_MANAGERS));
  }
  return {
    name: filled(element, "name"),
    zone: filled(element, "zone"),
    stp: filled(element, "stp") !== "off",
    delay,
    macTableManager,
  };
}

function parseBridgeMac(element: XmlElement, network: string): string | undefined {
  const written = filled(element, "address");
  if (written === undefined) return undefined;
  const mac = parseMacAddress(written);
  if (mac === undefined) {
    const detail = `Invalid bridge mac address '${written}' in network '${network}'`;
    throw netError(element, "XML_ERROR", detail, "Write it as 52:54:00:12:34:56.");
  }
  if (isMulticastMac(mac)) {
    const detail = `Invalid multicast bridge mac address '${written}' in network '${network}'`;
    throw netError(element, "XML_ERROR", detail, "The first byte must be even.");
  }
  return mac;
}

function parseMtu(element: XmlElement | undefined, network: string): number | undefined {
  const written = filled(element, "size");
  if (element === undefined || written === undefined) return undefined;
  const mtu = parseWrappingUint32(written);
  if (mtu === undefined) {
    const detail = `Invalid mtu size '${written}' in network '${network}'`;
    throw netError(element, "XML_ERROR", detail, "Write a number of bytes.");
  }
  return mtu || undefined;
}

function parseRoutes(elements: readonly XmlElement[], network: string, ips: Network["ips"]): Network["routes"] {
  const parsed = elements.map((element) => ({ element, route: parseIpRoute(element, network) }));
  const subnets = subnetsOf(ips);
  for (const { element, route } of parsed) checkGateway(element, route, network, subnets);
  return parsed.map(({ route }) => route);
}

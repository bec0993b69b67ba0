import { attribute, childElements, enumAttribute, longAttribute, type XmlElement } from "../../../xml/index.js";
import { ipFamily, isMulticastMac, parseIpAddress, parseMacAddress } from "../../common/index.js";
import type { DhcpHost, DhcpLease, DhcpRange, NetworkIp } from "../model.js";
import { ADDRESS_HINT, netError, type Refuse, socketAddress } from "./context.js";
import { checkRange, networkPrefix } from "./range.js";

/** What a DHCP entry must know of the `<ip>` that it is in. */
export type DhcpParent = Pick<NetworkIp, "address" | "netmask" | "prefix">;

/** `<dhcp>`: ranges, hosts and, for IPv4, what guests boot. */
export function parseDhcp(
  element: XmlElement,
  network: string,
  parent: DhcpParent,
): Pick<NetworkIp, "ranges" | "hosts" | "bootp"> {
  const ranges: DhcpRange[] = [];
  const hosts: DhcpHost[] = [];
  let bootp: NetworkIp["bootp"];
  for (const each of childElements(element)) {
    if (each.name === "range") ranges.push(parseDhcpRange(each, network, parent));
    else if (each.name === "host") hosts.push(parseDhcpHost(each, network, parent));
    else if (each.name === "bootp" && ipFamily(parent.address) === "ipv4") bootp = parseBootp(each) ?? bootp;
  }
  return { ranges, hosts, bootp };
}

function parseBootp(element: XmlElement): NetworkIp["bootp"] {
  const file = attribute(element, "file");
  const server = attribute(element, "server");
  if (file === undefined) return undefined;
  return { file, server: server === undefined ? undefined : socketAddress(element, server) };
}

export function parseDhcpRange(element: XmlElement, network: string, parent: DhcpParent): DhcpRange {
  const start = parseEnd(element, "start", network);
  const end = parseEnd(element, "end", network);
  checkRange(element, start, end, { address: parent.address, prefix: networkPrefix(parent) });
  return { start, end, lease: parseLease(element) };
}

function parseEnd(range: XmlElement, name: "start" | "end", network: string): string {
  const text = attribute(range, name);
  if (text !== undefined) return socketAddress(range, text);
  const detail = `Missing '${name}' attribute in dhcp range for network '${network}'`;
  throw netError(range, "XML_ERROR", detail, `Add ${name}='...'.`);
}

/** `partial`: an entry to look for, of which one of the MAC address, the name and the address is enough. */
export function parseDhcpHost(element: XmlElement, network: string, parent: DhcpParent, partial = false): DhcpHost {
  const mac = attribute(element, "mac");
  if (mac !== undefined) checkHostMac(element, network, parent, mac);
  const id = attribute(element, "id");
  const bad = id === undefined ? undefined : /[^0-9a-fA-F:]/u.exec(id)?.[0];
  if (bad !== undefined) {
    const detail = `Invalid character '${bad}' in id '${id}' of network '${network}'`;
    throw netError(element, "XML_ERROR", detail, "Write the DUID in hexadecimal, with colons.");
  }
  const name = attribute(element, "name");
  if (name !== undefined && !/^[a-zA-Z0-9]/.test(name)) {
    const detail = `Cannot use host name '${name}' in network '${network}'`;
    throw netError(element, "XML_ERROR", detail, "Begin the name with a letter or a digit.");
  }
  const written = attribute(element, "ip");
  const ip = written === undefined ? undefined : parseIpAddress(written);
  if (written !== undefined && ip === undefined) {
    const detail = `Invalid IP address in static host definition for network '${network}'`;
    throw netError(element, "XML_ERROR", detail, ADDRESS_HINT);
  }
  if (partial) {
    if (mac === undefined && name === undefined && ip === undefined) {
      const detail = `At least one of name, mac, or ip attribute must be specified for static host definition in network '${network}' `;
      throw netError(element, "XML_ERROR", detail, "Add name, mac or ip.");
    }
  } else checkComplete(element, network, parent, { mac, id, name, ip });
  return { mac, id, name, ip, lease: parseLease(element) };
}

function checkHostMac(element: XmlElement, network: string, parent: DhcpParent, mac: string): void {
  const refuse: Refuse = (detail, hint) => {
    throw netError(element, "XML_ERROR", detail, hint);
  };
  if (ipFamily(parent.address) === "ipv6") {
    const detail = `Invalid to specify MAC address '${mac}' in network '${network}' IPv6 static host definition`;
    refuse(detail, "Write id='...' (the DUID) or name='...'.");
  }
  const parsed = parseMacAddress(mac);
  if (parsed === undefined) {
    refuse(`Cannot parse MAC address '${mac}' in network '${network}'`, "Write it as 52:54:00:12:34:56.");
  }
  if (isMulticastMac(parsed)) {
    const detail = `expected unicast mac address, found multicast '${mac}' in network '${network}'`;
    refuse(detail, "The first byte must be even.");
  }
}

function checkComplete(element: XmlElement, network: string, parent: DhcpParent, host: DhcpHost): void {
  const refuse: Refuse = (detail, hint) => {
    throw netError(element, "XML_ERROR", detail, hint);
  };
  if (ipFamily(parent.address) === "ipv6") {
    if (host.id === undefined && host.name === undefined) {
      refuse(`Static host definition in IPv6 network '${network}' must have id or name attribute`, "Add id or name.");
    }
  } else if (host.mac === undefined && host.name === undefined) {
    refuse(`Static host definition in IPv4 network '${network}' must have mac or name attribute`, "Add mac or name.");
  }
  if (host.ip === undefined) {
    refuse(`Missing IP address in static host definition for network '${network}'`, "Add ip='...'.");
  }
}

const UNITS = ["seconds", "minutes", "hours"] as const;

function parseLease(parent: XmlElement): DhcpLease | undefined {
  let lease: DhcpLease | undefined;
  for (const element of childElements(parent, "lease")) {
    const expiry = longAttribute(element, "expiry", { base: 0 });
    if (expiry === undefined) continue;
    const unit = enumAttribute(element, "unit", UNITS) ?? "minutes";
    const short = (unit === "seconds" && expiry < 120) || (unit === "minutes" && expiry < 2);
    if (expiry > 0 && short) {
      const detail = "The minimum lease time should be greater than 2 minutes";
      throw netError(element, "CONFIG_UNSUPPORTED", detail, "Write 2 minutes or more, or 0 for no end.");
    }
    lease = { expiry, unit };
  }
  return lease;
}

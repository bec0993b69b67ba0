import { allowChildren, child, integerAttribute, type XmlElement, yesNoAttribute } from "../../../xml/index.js";
import { ipFamily, parseIpAddress } from "../../common/index.js";
import type { NetworkIp } from "../model.js";
import { ADDRESS_HINT, filled, netError, type Refuse } from "./context.js";
import { parseDhcp } from "./dhcp.js";

const CHILDREN: ReadonlySet<string> = new Set(["dhcp", "tftp"]);
const DHCP: ReadonlySet<string> = new Set(["range", "host", "bootp"]);

export function parseNetworkIp(element: XmlElement, network: string): NetworkIp {
  allowChildren(element, CHILDREN);
  const written = filled(element, "address");
  if (written === undefined) {
    const detail = `Missing required address attribute in network '${network}'`;
    throw netError(element, "XML_ERROR", detail, "Add address='...'.");
  }
  const address = parseIpAddress(written);
  if (address === undefined) {
    throw netError(element, "XML_ERROR", `Invalid address '${written}' in network '${network}'`, ADDRESS_HINT);
  }
  const writtenMask = filled(element, "netmask");
  const netmask = writtenMask === undefined ? undefined : parseIpAddress(writtenMask);
  if (writtenMask !== undefined && netmask === undefined) {
    const detail = `Invalid netmask '${writtenMask}' in network '${network}'`;
    throw netError(element, "XML_ERROR", detail, "Write it as 255.255.255.0.");
  }
  const prefix = integerAttribute(element, "prefix") || undefined;
  const localPtr = yesNoAttribute(element, "localPtr");
  const base = { address, netmask, prefix, localPtr };
  const family = checkFamily(element, network, base, { address: written, netmask: writtenMask });
  const dhcp = child(element, "dhcp");
  if (dhcp !== undefined) allowChildren(dhcp, DHCP);
  const entries = dhcp === undefined ? { ranges: [], hosts: [] } : parseDhcp(dhcp, network, base);
  return { family, ...base, tftpRoot: parseTftp(element, network, address), ...entries };
}

/** Refuses addresses, masks and prefixes of another family than the one that is written. */
function checkFamily(
  element: XmlElement,
  network: string,
  ip: Pick<NetworkIp, "address" | "netmask" | "prefix">,
  written: { readonly address: string; readonly netmask: string | undefined },
): NetworkIp["family"] {
  const refuse: Refuse = (detail, hint) => {
    throw netError(element, "CONFIG_UNSUPPORTED", detail, hint);
  };
  const family = filled(element, "family");
  if (family !== undefined && family !== "ipv4" && family !== "ipv6") {
    const detail = `Unrecognized family '${family}' in network '${network}'`;
    throw netError(element, "XML_ERROR", detail, "Allowed: ipv4, ipv6.");
  }
  const { prefix = 0 } = ip;
  const v6 = ipFamily(ip.address) === "ipv6";
  if (family === "ipv6") {
    if (!v6) {
      const detail = `Family 'ipv6' specified for non-IPv6 address '${written.address}' in network '${network}'`;
      refuse(detail, "Remove the family, or write an IPv6 address.");
    }
    if (written.netmask !== undefined) {
      refuse(`netmask not allowed for IPv6 address '${written.address}' in network '${network}'`, "Write a prefix.");
    }
    if (prefix > 128) refuse(`Invalid IPv6 prefix '${prefix}' in network '${network}'`, "Write a number up to 128.");
    return family;
  }
  if (v6) {
    const detail = `${family ?? "no"} family specified for non-IPv4 address '${written.address}' in network '${network}'`;
    refuse(detail, "Write family='ipv6', or an IPv4 address.");
  }
  if (ip.netmask !== undefined) {
    if (ipFamily(ip.netmask) !== "ipv4") {
      const detail = `Invalid netmask '${written.netmask}' for address '${written.address}' in network '${network}' (both must be IPv4)`;
      refuse(detail, "Write it as 255.255.255.0.");
    }
    if (prefix > 0) {
      refuse(`Network '${network}' IP address cannot have both a prefix and a netmask`, "Remove one of both.");
    }
  } else if (prefix > 32) {
    refuse(`Invalid IPv4 prefix '${prefix}' in network '${network}'`, "Write a number up to 32.");
  }
  return family;
}

function parseTftp(element: XmlElement, network: string, address: string): string | undefined {
  const tftp = child(element, "tftp");
  if (tftp === undefined) return undefined;
  if (ipFamily(address) === "ipv6") {
    const detail = `Unsupported <tftp> element in an IPv6 element in network '${network}'`;
    throw netError(tftp, "CONFIG_UNSUPPORTED", detail, "Put <tftp> in an IPv4 <ip>.");
  }
  return filled(tftp, "root");
}

import {
  attribute,
  childElements,
  integerAttribute,
  requiredEnum,
  type XmlElement,
  yesNoAttribute,
} from "../../../xml/index.js";
import { type IpFamily, parseIpAddress, parseIpRoute, parseWrappingUint32 } from "../../common/index.js";
import type { IpAddress, PortForward, SourceIp } from "../model/index.js";
import { confError } from "./context.js";

/** `<ip>` and `<route>` below an element, undefined when there are none; `owner` begins what is said of a bad route. */
export function parseIps(element: XmlElement, owner: string): SourceIp | undefined {
  const ips = childElements(element, "ip").map(parseIp);
  const routes = childElements(element, "route").map((route) => parseIpRoute(route, owner));
  return ips.length === 0 && routes.length === 0 ? undefined : { ips, routes };
}

const PREFIX_MAX: Readonly<Record<IpFamily, number>> = { ipv4: 32, ipv6: 128 };

function parseIp(element: XmlElement): IpAddress {
  const written = attribute(element, "address");
  if (written === undefined) {
    throw confError(element, "XML_ERROR", "Missing required address in <ip>", "Add address='...'.");
  }
  const wished = attribute(element, "family");
  const family = wished === "ipv4" || wished === "ipv6" ? wished : written.includes(":") ? "ipv6" : "ipv4";
  const address = parseIpAddress(written, family);
  if (address === undefined) {
    throw confError(element, "XML_ERROR", `Invalid address '${written}' in <ip>`, `Write an ${family} address.`);
  }
  const prefixText = attribute(element, "prefix");
  const prefix = prefixText === undefined ? undefined : parseWrappingUint32(prefixText);
  if (prefixText !== undefined && (prefix === undefined || prefix > PREFIX_MAX[family])) {
    const hint = `Write a number up to ${PREFIX_MAX[family]}.`;
    throw confError(element, "XML_ERROR", `Invalid prefix value '${prefixText}' in <ip>`, hint);
  }
  const writtenPeer = attribute(element, "peer");
  const peer = writtenPeer === undefined ? undefined : parseIpAddress(writtenPeer, family);
  if (writtenPeer !== undefined && peer === undefined) {
    throw confError(element, "INVALID_ARG", `Invalid peer '${writtenPeer}' in <ip>`, `Write an ${family} address.`);
  }
  return { address, family, prefix: prefix || undefined, peer };
}

export function parsePortForwards(element: XmlElement): readonly PortForward[] | undefined {
  const found = childElements(element, "portForward");
  if (found.length === 0) return undefined;
  return found.map((forward) => {
    const written = attribute(forward, "address");
    const address = written === undefined ? undefined : parseIpAddress(written);
    if (written !== undefined && address === undefined) {
      throw confError(forward, "XML_ERROR", `Invalid address '${written}' in <portForward>`);
    }
    return {
      proto: requiredEnum(forward, "proto", ["tcp", "udp"]),
      address,
      dev: attribute(forward, "dev"),
      ranges: childElements(forward, "range").map((range) => ({
        start: integerAttribute(range, "start", { nonzero: true }),
        end: integerAttribute(range, "end", { nonzero: true }),
        to: integerAttribute(range, "to", { nonzero: true }),
        exclude: yesNoAttribute(range, "exclude"),
      })),
    };
  });
}

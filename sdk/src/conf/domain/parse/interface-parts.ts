import {
  attribute,
  childElements,
  integerAttribute,
  parseInteger,
  requiredEnum,
  type XmlElement,
  yesNoAttribute,
} from "../../../xml/index.js";
import type { IpAddress, IpRoute, PortForward, SourceIp } from "../model/index.js";
import { confError, wordAttribute } from "./context.js";

/** `<ip>` and `<route>` below an element, undefined when there are none. */
export function parseIps(element: XmlElement): SourceIp | undefined {
  const ips = childElements(element, "ip").map(parseIp);
  const routes = childElements(element, "route").map(parseRoute);
  return ips.length === 0 && routes.length === 0 ? undefined : { ips, routes };
}

function isAddress(text: string): boolean {
  return /^\d{1,3}(\.\d{1,3}){3}$/.test(text) || (text.includes(":") && /^[0-9a-fA-F:.]+$/.test(text));
}

function parseIp(element: XmlElement): IpAddress {
  const address = attribute(element, "address");
  if (address === undefined) throw confError(element, "INVALID_ARG", "Missing required address in <ip>");
  if (!isAddress(address)) throw confError(element, "INVALID_ARG", `Invalid address '${address}' in <ip>`);
  const prefixText = attribute(element, "prefix");
  const prefix = prefixText === undefined ? undefined : parseInteger(prefixText);
  if (prefixText !== undefined && prefix === undefined) {
    throw confError(element, "INVALID_ARG", `Invalid prefix value '${prefixText}' in <ip>`);
  }
  const peer = attribute(element, "peer");
  if (peer !== undefined && !isAddress(peer)) throw confError(element, "INVALID_ARG", `Invalid peer '${peer}' in <ip>`);
  return { address, family: address.includes(":") ? "ipv6" : "ipv4", prefix: prefix || undefined, peer };
}

function parseRoute(element: XmlElement): IpRoute {
  const gateway = attribute(element, "gateway");
  if (gateway === undefined) {
    throw confError(element, "XML_ERROR", "Missing required gateway attribute in route definition");
  }
  const family = wordAttribute(
    element,
    "family",
    ["ipv4", "ipv6"],
    (value) => `Invalid family '${value}' in route definition`,
  );
  return {
    family,
    address: attribute(element, "address") ?? (family === "ipv6" ? "::" : "0.0.0.0"),
    prefix: integerAttribute(element, "prefix"),
    netmask: attribute(element, "netmask"),
    gateway,
    metric: integerAttribute(element, "metric", { nonzero: true }),
  };
}

export function parsePortForwards(element: XmlElement): readonly PortForward[] | undefined {
  const found = childElements(element, "portForward");
  if (found.length === 0) return undefined;
  return found.map((forward) => {
    const address = attribute(forward, "address");
    if (address !== undefined && !isAddress(address)) {
      throw confError(forward, "XML_ERROR", `Invalid address '${address}' in <portForward>`);
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

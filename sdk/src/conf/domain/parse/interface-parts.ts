import {
  attribute,
  child,
  childElements,
  integerAttribute,
  parseInteger,
  requiredEnum,
  requiredInteger,
  type XmlElement,
  yesNoAttribute,
} from "../../../xml/index.js";
import type {
  Bandwidth,
  BandwidthRate,
  FilterReference,
  IpAddress,
  IpRoute,
  PortForward,
  SourceIp,
  VirtualPort,
  Vlan,
} from "../model/index.js";
import { anySet, confError, wordAttribute } from "./context.js";

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

const VPORT_TYPES = ["802.1Qbg", "802.1Qbh", "openvswitch", "midonet"] as const;

export function parseVirtualPort(element: XmlElement): VirtualPort {
  const type = wordAttribute(element, "type", VPORT_TYPES, (value) => `unknown virtualport type ${value}`);
  const parameters = child(element, "parameters");
  if (parameters === undefined) return { type };
  const number = (name: string, limit: number): number | undefined => {
    const text = attribute(parameters, name);
    if (text === undefined) return undefined;
    const value = parseInteger(text, { base: 0 });
    if (value === undefined) throw confError(parameters, "XML_ERROR", `cannot parse value of ${name} parameter`);
    if (value > limit) throw confError(parameters, "XML_ERROR", `value of ${name} out of range`);
    return value;
  };
  const uuid = (name: string): string | undefined => {
    const text = attribute(parameters, name);
    if (text === undefined) return undefined;
    if (!/^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$/.test(text)) {
      throw confError(parameters, "XML_ERROR", `cannot parse ${name} parameter as a uuid`);
    }
    return text.toLowerCase();
  };
  return {
    type,
    managerid: number("managerid", 0xff),
    typeid: number("typeid", 0xffffff),
    typeidversion: number("typeidversion", 0xff),
    instanceid: uuid("instanceid"),
    profileid: attribute(parameters, "profileid"),
    interfaceid: uuid("interfaceid"),
  };
}

export function parseVlan(element: XmlElement): Vlan {
  const found = childElements(element, "tag");
  if (found.length === 0) {
    throw confError(
      element,
      "XML_ERROR",
      "missing tag id - each <vlan> must have at least one <tag id='n'/> subelement",
    );
  }
  const tags = found.map((tag) => {
    const id = requiredInteger(tag, "id");
    if (id > 4095) throw confError(tag, "XML_ERROR", `vlan tag id ${id} too large (maximum 4095)`);
    const nativeMode = wordAttribute(
      tag,
      "nativeMode",
      ["tagged", "untagged"],
      (value) => `Invalid value for attribute 'nativeMode' in element 'tag': '${value}'.`,
      "XML_ERROR",
    );
    return { id, nativeMode };
  });
  const written = attribute(element, "trunk");
  const native = tags.some((tag) => tag.nativeMode !== undefined);
  if (
    written !== undefined &&
    written.toLowerCase() !== "yes" &&
    (written.toLowerCase() !== "no" || tags.length > 1 || native)
  ) {
    throw confError(
      element,
      "XML_ERROR",
      `invalid "trunk='${written}'" in <vlan> - trunk='yes' is required for more than one vlan tag`,
    );
  }
  return { trunk: written?.toLowerCase() === "yes" || tags.length > 1 || native, tags };
}

/** `allowFloor`: whether the interface's connection guarantees a minimum. */
export function parseBandwidth(element: XmlElement, allowFloor: boolean): Bandwidth | undefined {
  const one = (name: "inbound" | "outbound"): BandwidthRate | undefined => {
    const found = childElements(element, name);
    if (found.length > 1) {
      throw confError(found[1] ?? element, "XML_ERROR", `Only one child <${name}> element allowed`);
    }
    const rate = found[0];
    return rate === undefined ? undefined : parseRate(rate);
  };
  const bandwidth = { inbound: one("inbound"), outbound: one("outbound") };
  if (bandwidth.inbound?.floor !== undefined && !allowFloor) {
    throw confError(element, "CONFIG_UNSUPPORTED", "floor attribute is not supported for this config");
  }
  if (bandwidth.outbound?.floor !== undefined) {
    throw confError(element, "XML_ERROR", "'floor' attribute allowed only in <inbound> element");
  }
  return anySet(bandwidth) ? bandwidth : undefined;
}

function parseRate(element: XmlElement): BandwidthRate {
  const number = (name: string): number | undefined => {
    const text = attribute(element, name);
    if (text === undefined) return undefined;
    const value = parseInteger(text);
    if (value === undefined) {
      throw confError(element, "CONFIG_UNSUPPORTED", `could not convert bandwidth ${name} value '${text}'`);
    }
    return value || undefined;
  };
  const has = (name: string): boolean => attribute(element, name) !== undefined;
  if (!has("average") && !has("floor")) {
    throw confError(element, "XML_ERROR", "Missing mandatory average or floor attributes");
  }
  if ((has("peak") || has("burst")) && !has("average")) {
    throw confError(element, "XML_ERROR", "'peak' and 'burst' require 'average' attribute");
  }
  return { average: number("average"), peak: number("peak"), burst: number("burst"), floor: number("floor") };
}

export function parseFilterReference(element: XmlElement): FilterReference | undefined {
  const filter = attribute(element, "filter");
  if (filter === undefined) return undefined;
  const parameters: { name: string; value: string }[] = [];
  for (const each of childElements(element, "parameter")) {
    const name = attribute(each, "name");
    const value = attribute(each, "value");
    if (name !== undefined && value !== undefined && /^\w+$/.test(name)) parameters.push({ name, value });
  }
  parameters.sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
  return { filter, parameters };
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

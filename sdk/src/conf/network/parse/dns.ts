import {
  allowChildren,
  attribute,
  childElements,
  textOf,
  type XmlElement,
  yesNoAttribute,
} from "../../../xml/index.js";
import { parseIpAddress } from "../../common/index.js";
import type { DnsForwarder, DnsHost, DnsSrv, DnsTxt, NetworkDns } from "../model.js";
import { ADDRESS_HINT, netError, type Refuse, unsigned } from "./context.js";

export const NO_DNS: NetworkDns = { forwarders: [], txts: [], srvs: [], hosts: [] };

const CHILDREN: ReadonlySet<string> = new Set(["forwarder", "host", "srv", "txt"]);

export function parseDns(element: XmlElement, network: string): NetworkDns {
  allowChildren(element, CHILDREN);
  const dns: NetworkDns = {
    enable: yesNoAttribute(element, "enable"),
    forwardPlainNames: yesNoAttribute(element, "forwardPlainNames"),
    forwarders: childElements(element, "forwarder").map((each) => parseForwarder(each, network)),
    hosts: childElements(element, "host").map((each) => parseDnsHost(each, network)),
    srvs: childElements(element, "srv").map((each) => parseDnsSrv(each, network)),
    txts: childElements(element, "txt").map((each) => parseDnsTxt(each, network)),
  };
  const { forwarders, hosts, srvs, txts } = dns;
  if (dns.enable === "no" && forwarders.length + hosts.length + srvs.length + txts.length > 0) {
    const detail = `Extra data in disabled network '${network}'`;
    throw netError(element, "XML_ERROR", detail, "Remove what is in <dns>, or enable='no'.");
  }
  return dns;
}

function parseForwarder(element: XmlElement, network: string): DnsForwarder {
  const written = attribute(element, "addr");
  const address = written === undefined ? undefined : parseIpAddress(written);
  if (written !== undefined && address === undefined) {
    const detail = `Invalid forwarder IP address '${written}' in network '${network}'`;
    throw netError(element, "XML_ERROR", detail, ADDRESS_HINT);
  }
  const domain = attribute(element, "domain");
  if (address === undefined && domain === undefined) {
    const detail = "Invalid forwarder element, must contain at least one of addr or domain";
    throw netError(element, "XML_ERROR", detail, "Add addr or domain.");
  }
  return { domain, address };
}

/** An entry to look for: what is not said matches everything. */
export type Partly<T, K extends keyof T> = Omit<T, K> & { readonly [P in K]?: T[P] | undefined };

export function parseDnsHost(element: XmlElement, network: string): DnsHost {
  const host = parsePartialDnsHost(element, network, false);
  const { ip } = host;
  if (ip === undefined) throw missingIp(element, network);
  return { ...host, ip };
}

function missingIp(element: XmlElement, network: string): ReturnType<typeof netError> {
  return netError(element, "XML_DETAIL", `Missing IP address in network '${network}' DNS HOST record`, "Add ip='...'.");
}

export function parsePartialDnsHost(element: XmlElement, network: string, partial = true): Partly<DnsHost, "ip"> {
  const refuse: Refuse = (detail, hint) => {
    throw netError(element, "XML_DETAIL", detail, hint);
  };
  const written = attribute(element, "ip");
  if (written === undefined && !partial) throw missingIp(element, network);
  const ip = written === undefined ? undefined : parseIpAddress(written);
  if (written !== undefined && ip === undefined) {
    refuse(`Invalid IP address in network '${network}' DNS HOST record`, ADDRESS_HINT);
  }
  const names = childElements(element, "hostname")
    .filter((each) => each.children.length > 0)
    .map(textOf);
  if (names.includes("") || (names.length === 0 && !partial)) {
    refuse(`Missing hostname in network '${network}' DNS HOST record`, "Add <hostname>.");
  }
  if (ip === undefined && names.length === 0) {
    refuse(`Missing ip and hostname in network '${network}' DNS HOST record`, "Add ip='...' or <hostname>.");
  }
  return { ip, names };
}

// a record of 512 bytes, less what else it holds
const SERVICE_LENGTH = 482;
const SERVICE = /^[a-zA-Z0-9_+/*-]*$/;
const PROTOCOL = /^[a-zA-Z0-9+/-]*$/;

export function parseDnsSrv(element: XmlElement, network: string): DnsSrv {
  const srv = parsePartialDnsSrv(element, network, false);
  return { ...srv, service: srv.service ?? "", protocol: srv.protocol ?? "" };
}

export function parsePartialDnsSrv(
  element: XmlElement,
  network: string,
  partial = true,
): Partly<DnsSrv, "service" | "protocol"> {
  const service = attribute(element, "service");
  const protocol = attribute(element, "protocol");
  checkService(element, network, service, partial);
  checkProtocol(element, network, service, protocol, partial);
  const target = attribute(element, "target");
  const number = (name: string, invalid: string, least: number): number | undefined => {
    const value = unsigned(element, name);
    if (value === undefined) return undefined;
    if (value !== "invalid" && target === undefined) {
      const detail = `DNS SRV ${name} attribute not permitted without target for service '${service ?? "(null)"}' in network '${network}'`;
      throw netError(element, "XML_DETAIL", detail, "Add target='...'.");
    }
    if (value === "invalid" || value < least || value > 65535) {
      const detail = `${invalid} DNS SRV ${name} attribute for service '${service ?? "(null)"}' in network '${network}'`;
      throw netError(element, "XML_DETAIL", detail, `Write a number from ${least} to 65535.`);
    }
    return value || undefined;
  };
  return {
    service,
    protocol,
    domain: attribute(element, "domain"),
    target,
    port: number("port", "invalid", 1),
    priority: number("priority", "Invalid", 0),
    weight: number("weight", "invalid", 0),
  };
}

function checkService(element: XmlElement, network: string, service: string | undefined, partial: boolean): void {
  const refuse: Refuse = (detail, hint) => {
    throw netError(element, "XML_DETAIL", detail, hint);
  };
  if (service === undefined) {
    if (partial) return;
    refuse(`missing required service attribute in DNS SRV record of network '${network}'`, "Add service='...'.");
  }
  if (Buffer.byteLength(service) > SERVICE_LENGTH) {
    const detail = `service attribute '${service}' in network '${network}' is too long, limit is ${SERVICE_LENGTH} bytes`;
    refuse(detail, "Write a shorter name.");
  }
  if (!SERVICE.test(service)) {
    const detail = `invalid character in service attribute '${service}' in DNS SRV record of network '${network}'`;
    refuse(detail, "Use letters, digits and _-+/*.");
  }
}

function checkProtocol(
  element: XmlElement,
  network: string,
  service: string | undefined,
  protocol: string | undefined,
  partial: boolean,
): void {
  if (protocol === undefined) {
    if (partial) return;
    const detail = `missing required protocol attribute in DNS SRV record '${service}' of network '${network}'`;
    throw netError(element, "XML_DETAIL", detail, "Add protocol='tcp' or protocol='udp'.");
  }
  if (!PROTOCOL.test(protocol)) {
    const detail = `invalid character in protocol attribute '${protocol}' in DNS SRV record of network '${network}'`;
    throw netError(element, "XML_DETAIL", detail, "Use letters, digits and -+/.");
  }
}

export function parseDnsTxt(element: XmlElement, network: string): DnsTxt {
  const txt = parsePartialDnsTxt(element, network, false);
  return { ...txt, value: txt.value ?? "" };
}

export function parsePartialDnsTxt(element: XmlElement, network: string, partial = true): Partly<DnsTxt, "value"> {
  const refuse: Refuse = (detail, hint) => {
    throw netError(element, "XML_DETAIL", detail, hint);
  };
  const name = attribute(element, "name");
  const value = attribute(element, "value");
  if (name === undefined) {
    return refuse(`missing required name attribute in DNS TXT record of network ${network}`, "Add name='...'.");
  }
  if (/[ ,]/.test(name)) {
    const detail = `prohibited character in DNS TXT record name '${name}' of network ${network}`;
    refuse(detail, "Leave spaces and commas out.");
  }
  if (value === undefined && !partial) {
    const detail = `missing required value attribute in DNS TXT record named '${name}' of network ${network}`;
    refuse(detail, "Add value='...'.");
  }
  return { name, value };
}

import {
  attr,
  attribute,
  attrNonzero,
  errorAt,
  integerAttribute,
  type XmlElement,
  type XmlWriter,
} from "../../xml/index.js";
import { type IpFamily, ipFamily, maskAddress, netmaskOfPrefix, parseIpAddress } from "./ip-address.js";

/** A static route of a network, or of a card of the host. */
export interface IpRoute {
  /** As it was written; without it, IPv4. */
  readonly family?: IpFamily | undefined;
  readonly address: string;
  readonly prefix?: number | undefined;
  readonly netmask?: string | undefined;
  readonly gateway: string;
  readonly metric?: number | undefined;
}

/** Throws an error about the element that is being read. */
type Refuse = (detail: string, hint: string) => never;

const ADDRESS_HINT = "Write a numeric address, such as 192.168.122.1 or fd00::1.";

/** `owner` is what messages begin with, such as the network's name. */
export function parseIpRoute(element: XmlElement, owner: string): IpRoute {
  const refuse: Refuse = (detail, hint) => {
    throw errorAt(element, "XML_ERROR", `${owner}: ${detail}`, hint, "NETWORK");
  };
  const prefix = integerAttribute(element, "prefix");
  const metric = integerAttribute(element, "metric", { nonzero: true });
  const required = (name: string): string =>
    attribute(element, name) ?? refuse(`Missing required ${name} attribute in route definition`, `Add ${name}='...'.`);
  const written = { address: required("address"), gateway: required("gateway") };
  const parsed = (text: string, what: string): string =>
    parseIpAddress(text) ?? refuse(`Bad ${what} address '${text}' in route definition`, ADDRESS_HINT);
  const address = parsed(written.address, "network");
  const gateway = parsed(written.gateway, "gateway");
  const family = attribute(element, "family");
  if (family !== undefined && family !== "ipv4" && family !== "ipv6") {
    return refuse(`Unrecognized family '${family}' in route definition`, "Allowed: ipv4, ipv6.");
  }
  const mask = attribute(element, "netmask");
  const route: IpRoute = { family, address, prefix, gateway, metric };
  const netmask = (family === "ipv6" ? checkIpv6 : checkIpv4)(route, written, mask, refuse);
  checkNetworkAddress({ ...route, netmask }, written.address, refuse);
  return { ...route, netmask };
}

type Written = Pick<IpRoute, "address" | "gateway">;

function checkIpv4(route: IpRoute, written: Written, mask: string | undefined, refuse: Refuse): string | undefined {
  const said = route.family === undefined ? "No family specified" : "IPv4 family specified";
  for (const name of ["address", "gateway"] as const) {
    if (ipFamily(route[name]) === "ipv6") {
      // libvirt shows the address for the gateway too
      refuse(`${said} for non-IPv4 ${name} '${written.address}' in route definition`, "Write family='ipv6'.");
    }
  }
  const { prefix } = route;
  let netmask: string | undefined;
  if (mask !== undefined) {
    netmask = parseIpAddress(mask) ?? refuse(`Bad netmask address '${mask}' in route definition`, ADDRESS_HINT);
    if (ipFamily(netmask) === "ipv6") {
      refuse(`Invalid netmask '${mask}' for address '${written.address}' (both must be IPv4)`, "Write 255.255.255.0.");
    }
    if (prefix !== undefined) {
      refuse("Route definition cannot have both a prefix and a netmask", "Remove one of both.");
    }
  }
  if (prefix !== undefined && prefix > 32) refusePrefix(prefix, 32, refuse);
  return netmask;
}

function checkIpv6(route: IpRoute, written: Written, mask: string | undefined, refuse: Refuse): undefined {
  if (ipFamily(route.address) === "ipv4") {
    const detail = `ipv6 family specified for non-IPv6 address '${written.address}' in route definition`;
    refuse(detail, "Remove the family.");
  }
  if (mask !== undefined) {
    const detail = `Specifying netmask invalid for IPv6 address '${written.address}' in route definition`;
    refuse(detail, "Write a prefix.");
  }
  if (ipFamily(route.gateway) === "ipv4") {
    const detail = `ipv6 specified for non-IPv6 gateway address '${written.gateway}' in route definition`;
    refuse(detail, "Write the gateway's IPv6 address.");
  }
  const { prefix } = route;
  if (prefix !== undefined && prefix > 128) refusePrefix(prefix, 128, refuse);
}

function refusePrefix(prefix: number, most: number, refuse: Refuse): never {
  const detail = `Invalid prefix ${prefix} specified in route definition, must be 0 - ${most}`;
  return refuse(detail, `Write a number up to ${most}.`);
}

function checkNetworkAddress(route: IpRoute, written: string, refuse: Refuse): void {
  const family: IpFamily = ipFamily(route.address);
  const netmask = route.netmask ?? netmaskOfPrefix(route.prefix ?? 0, family) ?? "";
  if (maskAddress(route.address, netmask) !== route.address) {
    const hint = "Write the network's own address, such as 10.0.0.0 with prefix='8'.";
    refuse(`Address '${written}' in route definition is not a network address`, hint);
  }
}

export function formatIpRoute(w: XmlWriter, route: IpRoute): void {
  w.empty(
    "route",
    attr("family", route.family) +
      attr("address", route.address) +
      attr("netmask", route.netmask) +
      attr("prefix", route.prefix) +
      attr("gateway", route.gateway) +
      attrNonzero("metric", route.metric),
  );
}

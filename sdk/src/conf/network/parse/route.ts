import { attribute, integerAttribute, type XmlElement } from "../../../xml/index.js";
import { type IpFamily, ipFamily, maskAddress, netmaskOfPrefix, parseIpAddress } from "../../common/index.js";
import type { NetworkIp, NetworkRoute } from "../model.js";
import { ADDRESS_HINT, netError, type Refuse } from "./context.js";
import { networkPrefix } from "./range.js";

/** A static route of a network. */
export function parseRoute(element: XmlElement, network: string): NetworkRoute {
  const refuse: Refuse = (detail, hint) => {
    throw netError(element, "XML_ERROR", `${network}: ${detail}`, hint);
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
  const route: NetworkRoute = { family, address, prefix, gateway, metric };
  const netmask = (family === "ipv6" ? checkIpv6 : checkIpv4)(route, written, mask, refuse);
  checkNetworkAddress({ ...route, netmask }, written.address, refuse);
  return { ...route, netmask };
}

type Written = Pick<NetworkRoute, "address" | "gateway">;

function checkIpv4(
  route: NetworkRoute,
  written: Written,
  mask: string | undefined,
  refuse: Refuse,
): string | undefined {
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

function checkIpv6(route: NetworkRoute, written: Written, mask: string | undefined, refuse: Refuse): undefined {
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

function checkNetworkAddress(route: NetworkRoute, written: string, refuse: Refuse): void {
  const family: IpFamily = ipFamily(route.address);
  const netmask = route.netmask ?? netmaskOfPrefix(route.prefix ?? 0, family) ?? "";
  if (maskAddress(route.address, netmask) !== route.address) {
    const hint = "Write the network's own address, such as 10.0.0.0 with prefix='8'.";
    refuse(`Address '${written}' in route definition is not a network address`, hint);
  }
}

/** The networks that a bridge is in, by netmask. */
export type Subnets = ReadonlyMap<string, ReadonlySet<string>>;

export function subnetsOf(ips: readonly NetworkIp[]): Subnets {
  const subnets = new Map<string, Set<string>>();
  for (const ip of ips) {
    const prefix = networkPrefix(ip);
    const netmask = prefix === undefined ? undefined : netmaskOfPrefix(prefix, ipFamily(ip.address));
    if (netmask === undefined) continue;
    const networks = subnets.get(netmask) ?? new Set<string>();
    subnets.set(netmask, networks.add(maskAddress(ip.address, netmask)));
  }
  return subnets;
}

/** Refuses a gateway that is in none of the network's own subnets. */
export function checkGateway(element: XmlElement, route: NetworkRoute, network: string, subnets: Subnets): void {
  const family = ipFamily(route.gateway);
  for (const [netmask, networks] of subnets) {
    if (ipFamily(netmask) === family && networks.has(maskAddress(route.gateway, netmask))) return;
  }
  const detail = `unreachable static route gateway '${route.gateway}' specified for network '${network}'`;
  throw netError(element, "CONFIG_UNSUPPORTED", detail, "Write a gateway inside one of the network's <ip>.");
}

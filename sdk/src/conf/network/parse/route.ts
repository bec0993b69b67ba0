import type { XmlElement } from "../../../xml/index.js";
import { type IpRoute, ipFamily, maskAddress, netmaskOfPrefix } from "../../common/index.js";
import type { NetworkIp } from "../model.js";
import { netError } from "./context.js";
import { networkPrefix } from "./range.js";

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
export function checkGateway(element: XmlElement, route: IpRoute, network: string, subnets: Subnets): void {
  const family = ipFamily(route.gateway);
  for (const [netmask, networks] of subnets) {
    if (ipFamily(netmask) === family && networks.has(maskAddress(route.gateway, netmask))) return;
  }
  const detail = `unreachable static route gateway '${route.gateway}' specified for network '${network}'`;
  throw netError(element, "CONFIG_UNSUPPORTED", detail, "Write a gateway inside one of the network's <ip>.");
}

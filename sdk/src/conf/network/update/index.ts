import { VirtError } from "@polyvisor/core";
import { parseXml } from "../../../xml/index.js";
import type { Network } from "../model.js";
import { netError } from "../parse/context.js";
import { updateForwardInterface, updatePortGroup } from "./devices.js";
import { updateDhcpHost, updateDhcpRange } from "./dhcp.js";
import { updateDnsHost, updateDnsSrv, updateDnsTxt } from "./dns.js";
import type { SectionUpdate } from "./list.js";

export { NetworkUpdateCommand } from "./list.js";

/** The part of a network that an update is about, by libvirt's numbers. */
export const NetworkUpdateSection = {
  bridge: 1,
  domain: 2,
  ip: 3,
  ipDhcpHost: 4,
  ipDhcpRange: 5,
  forward: 6,
  forwardInterface: 7,
  forwardPf: 8,
  portgroup: 9,
  dnsHost: 10,
  dnsTxt: 11,
  dnsSrv: 12,
} as const;

/** What `virNetworkUpdate` carries; numbers that libvirt does not know are refused in its words. */
export interface NetworkUpdate {
  /** One of `NetworkUpdateCommand`. */
  readonly command: number;
  /** One of `NetworkUpdateSection`. */
  readonly section: number;
  /** Which `<ip>`, counted from 0; -1 for the one that has `<dhcp>`. */
  readonly parentIndex: number;
  /** The element to add, to put in place of another, or to delete. */
  readonly xml: string;
}

const SECTIONS: ReadonlyMap<number, (update: SectionUpdate) => Network> = new Map([
  [NetworkUpdateSection.bridge, fixed("bridge")],
  [NetworkUpdateSection.domain, fixed("domain")],
  [NetworkUpdateSection.ip, fixed("ip")],
  [NetworkUpdateSection.ipDhcpHost, updateDhcpHost],
  [NetworkUpdateSection.ipDhcpRange, updateDhcpRange],
  [NetworkUpdateSection.forward, fixed("forward")],
  [NetworkUpdateSection.forwardInterface, updateForwardInterface],
  [NetworkUpdateSection.forwardPf, fixed("forward pf")],
  [NetworkUpdateSection.portgroup, updatePortGroup],
  [NetworkUpdateSection.dnsHost, updateDnsHost],
  [NetworkUpdateSection.dnsTxt, updateDnsTxt],
  [NetworkUpdateSection.dnsSrv, updateDnsSrv],
]);

/**
 * The network with one element added, changed or deleted. Throws `VirtError` in libvirt's words.
 *
 * Only the element itself is checked; `recheckNetwork` tells whether the whole may be kept.
 */
export function updateNetwork(network: Network, { command, section, parentIndex, xml }: NetworkUpdate): Network {
  const element = parseXml(xml, { documentName: "network_update_xml", errorDomain: "NETWORK" });
  const update = SECTIONS.get(section);
  if (update === undefined) {
    throw new VirtError("OPERATION_UNSUPPORTED", "can't update unrecognized section of network", {
      domain: "NETWORK",
      hint: "Allowed: 4 (ip-dhcp-host), 5 (ip-dhcp-range), 7 (forward-interface), 9 (portgroup), 10 to 12 (dns-...).",
    });
  }
  return update({ network, command, parentIndex, element });
}

/** A section that only a new definition changes. */
function fixed(section: string): (update: SectionUpdate) => Network {
  return ({ network, element }) => {
    const detail = `can't update '${section}' section of network '${network.name}'`;
    throw netError(element, "OPERATION_UNSUPPORTED", detail, "Define the network anew.");
  };
}

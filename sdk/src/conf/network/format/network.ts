import { attr, attrNonzero, serializeXml, XmlWriter } from "../../../xml/index.js";
import {
  formatBandwidth,
  formatIpRoute,
  formatVirtualPort,
  formatVlan,
  hostPciAttributes,
} from "../../common/index.js";
import type { ForwardNat, Network, NetworkForward, PortGroup } from "../model.js";
import { DNSMASQ_URI } from "../parse/dnsmasq.js";
import { formatDns } from "./dns.js";
import { formatIp } from "./ip.js";

export interface NetworkFormatOptions {
  /** As it is kept on disk: without use counts, and without what was found under a physical function. */
  readonly inactive?: boolean;
  /** How deep the document is indented. */
  readonly level?: number;
}

/** The network's XML, to the byte as libvirt prints it. */
export function formatNetwork(network: Network, options: NetworkFormatOptions = {}): string {
  const inactive = options.inactive === true;
  const w = new XmlWriter(options.level ?? 0);
  const attributes =
    attr("xmlns:dnsmasq", network.dnsmasqOptions === undefined ? undefined : DNSMASQ_URI) +
    (inactive ? "" : attrNonzero("connections", network.connections)) +
    attr("ipv6", network.ipv6 ? "yes" : undefined) +
    attr("trustGuestRxFilters", network.trustGuestRxFilters);
  w.block("network", attributes, () => {
    w.leaf("name", network.name);
    w.leaf("uuid", network.uuid);
    if (network.metadata !== undefined) w.line(serializeXml(network.metadata, w.level));
    if (network.forward !== undefined) formatForward(w, network.forward, inactive);
    formatBridge(w, network);
    w.emptyIfAttributes("mtu", attrNonzero("size", network.mtu));
    w.emptyIfAttributes("mac", attr("address", network.mac));
    const { domain } = network;
    if (domain !== undefined) w.empty("domain", attr("name", domain.name) + attr("localOnly", domain.localOnly));
    formatDns(w, network.dns);
    formatVlan(w, network.vlan);
    formatBandwidth(w, network.bandwidth);
    w.emptyIfAttributes("port", attr("isolated", network.isolatedPort));
    for (const ip of network.ips) formatIp(w, ip);
    for (const route of network.routes) formatIpRoute(w, route);
    formatVirtualPort(w, network.virtualport);
    for (const group of network.portgroups) formatPortGroup(w, group);
    formatDnsmasqOptions(w, network.dnsmasqOptions);
  });
  return w.toString();
}

function formatForward(w: XmlWriter, forward: NetworkForward, inactive: boolean): void {
  const { pf } = forward;
  const first = forward.interfaces[0];
  const dev = pf === undefined && first?.type === "netdev" ? first.dev : undefined;
  const managed = forward.mode === "hostdev" ? (forward.managed ? "yes" : "no") : undefined;
  w.elementAlways("forward", attr("dev", dev) + attr("mode", forward.mode) + attr("managed", managed), () => {
    w.emptyIfAttributes("driver", attr("name", forward.driver));
    if (forward.mode === "nat") formatNat(w, forward.nat);
    w.emptyIfAttributes("pf", attr("dev", pf));
    if (pf === undefined || !inactive) formatInterfaces(w, forward, inactive);
  });
}

function formatInterfaces(w: XmlWriter, forward: NetworkForward, inactive: boolean): void {
  for (const each of forward.interfaces) {
    if (each.type === "pci") w.empty("address", attr("type", "pci") + hostPciAttributes(each.address));
    else w.empty("interface", attr("dev", each.dev) + (inactive ? "" : attrNonzero("connections", each.connections)));
  }
}

function formatNat(w: XmlWriter, nat: ForwardNat | undefined): void {
  if (nat === undefined) return;
  const { address, port } = nat;
  w.element("nat", attr("ipv6", nat.ipv6), () => {
    if (address !== undefined) w.empty("address", attr("start", address.start) + attr("end", address.end));
    if (port !== undefined && (port.start > 0 || port.end > 0)) {
      w.empty("port", attr("start", port.start) + attrNonzero("end", port.end));
    }
  });
}

const WITH_BRIDGE: readonly (NetworkForward["mode"] | undefined)[] = [undefined, "nat", "route", "open"];

function formatBridge(w: XmlWriter, { bridge, forward }: Network): void {
  const own = WITH_BRIDGE.includes(forward?.mode);
  if (!own && bridge.name === undefined && bridge.macTableManager === undefined) return;
  w.empty(
    "bridge",
    attr("name", bridge.name) +
      attr("zone", bridge.zone) +
      (own ? attr("stp", bridge.stp ? "on" : "off") + attr("delay", bridge.delay) : "") +
      attr("macTableManager", bridge.macTableManager),
  );
}

function formatPortGroup(w: XmlWriter, group: PortGroup): void {
  const isDefault = group.isDefault ? "yes" : undefined;
  const attributes =
    attr("name", group.name) + attr("default", isDefault) + attr("trustGuestRxFilters", group.trustGuestRxFilters);
  w.block("portgroup", attributes, () => {
    formatVlan(w, group.vlan);
    formatVirtualPort(w, group.virtualport);
    formatBandwidth(w, group.bandwidth);
  });
}

function formatDnsmasqOptions(w: XmlWriter, options: Network["dnsmasqOptions"]): void {
  if (options === undefined) return;
  w.block("dnsmasq:options", "", () => {
    for (const option of options) w.empty("dnsmasq:option", attr("value", option));
  });
}

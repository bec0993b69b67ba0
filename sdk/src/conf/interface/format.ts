import { attr, XmlWriter } from "../../xml/index.js";
import { formatLink } from "./link.js";
import type {
  BondMonitor,
  BondPart,
  BridgePart,
  EthernetPart,
  HostInterface,
  InterfaceProtocol,
  VlanPart,
} from "./model.js";

type Part = EthernetPart | VlanPart | BondPart | BridgePart;

/** An interface of the host as libvirt prints it. */
export function formatHostInterface(iface: HostInterface): string {
  const w = new XmlWriter();
  formatInterface(w, iface, () => {
    w.emptyIfAttributes("start", attr("mode", iface.start));
    w.emptyIfAttributes("mtu", attr("size", iface.mtu));
    for (const protocol of iface.protocols) formatProtocol(w, protocol);
  });
  return w.toString();
}

function formatInterface(w: XmlWriter, part: Part, outermost: () => void = () => {}): void {
  w.block("interface", attr("type", part.type) + attr("name", part.name), () => {
    outermost();
    if (part.type !== "bridge") formatLink(w, part.link);
    switch (part.type) {
      case "ethernet":
        w.emptyIfAttributes("mac", attr("address", part.mac));
        break;
      case "vlan":
        w.block("vlan", attr("tag", part.tag), () => w.empty("interface", attr("name", part.device)));
        break;
      case "bond":
        w.block("bond", attr("mode", part.mode), () => {
          if (part.monitor !== undefined) formatMonitor(w, part.monitor);
          for (const each of part.interfaces) formatInterface(w, each);
        });
        break;
      case "bridge":
        w.block("bridge", attr("stp", part.stp) + attr("delay", part.delay), () => {
          for (const each of part.interfaces) formatInterface(w, each);
        });
    }
  });
}

function formatMonitor(w: XmlWriter, monitor: BondMonitor): void {
  if (monitor.type === "arpmon") {
    const { interval, target, validate } = monitor;
    w.empty("arpmon", attr("interval", interval) + attr("target", target) + attr("validate", validate));
    return;
  }
  const { freq, downdelay, updelay, carrier } = monitor;
  w.empty(
    "miimon",
    attr("freq", freq) + attr("downdelay", downdelay) + attr("updelay", updelay) + attr("carrier", carrier),
  );
}

function formatProtocol(w: XmlWriter, protocol: InterfaceProtocol): void {
  w.block("protocol", attr("family", protocol.family), () => {
    if (protocol.autoconf === true) w.empty("autoconf");
    if (protocol.dhcp !== undefined) w.empty("dhcp", attr("peerdns", protocol.dhcp.peerdns));
    for (const { address, prefix } of protocol.addresses) {
      w.empty("ip", attr("address", address) + attr("prefix", prefix));
    }
    w.emptyIfAttributes("route", attr("gateway", protocol.gateway));
  });
}

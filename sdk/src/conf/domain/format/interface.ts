import { attr, attrNonzero, type XmlWriter } from "../../../xml/index.js";
import {
  formatBandwidth,
  formatFilterReference,
  formatIpRoute,
  formatVirtualPort,
  formatVlan,
} from "../../common/index.js";
import type { ActualInterface, Interface, InterfaceSource, PortForward, SourceIp } from "../model/index.js";
import { GENERATED_NAME, isVirtioNet } from "../parse/interface.js";
import { formatReconnect } from "./chardev.js";
import { type FormatContext, virtioOptions } from "./context.js";
import { formatDeviceInfo, pciPlace } from "./device-info.js";
import { formatUsbSource } from "./hostdev-usb.js";

export function formatInterface(w: XmlWriter, each: Interface, context: FormatContext): void {
  const { source } = each;
  const actual = source.type === "network" ? source.actual : undefined;
  const shown =
    actual !== undefined && !context.inactive && !context.status && !context.migratable ? actual : undefined;
  const type = shown?.source.type ?? source.type;
  const managed = source.type === "hostdev" && source.managed === "yes" ? attr("managed", "yes") : "";
  w.block("interface", attr("type", type) + managed + attr("trustGuestRxFilters", each.trustGuestRxFilters), () => {
    if (each.mac !== undefined) {
      w.empty("mac", attr("address", each.mac.address) + attr("type", each.mac.type) + attr("check", each.mac.check));
    }
    if (shown !== undefined) formatShownActual(w, source, shown);
    else formatSource(w, each, context);
    formatConnection(w, each);
    if (shown === undefined && context.status && actual !== undefined) formatActual(w, actual);
    formatIps(w, each.ip);
    for (const forward of each.portForwards ?? []) formatPortForward(w, forward);
    formatHostSide(w, each, context);
    formatCard(w, each);
    formatDeviceInfo(w, each);
  });
}

function formatConnection(w: XmlWriter, each: Interface): void {
  formatVlan(w, each.vlan);
  formatVirtualPort(w, each.virtualport);
  formatBandwidth(w, each.bandwidth);
  if (each.port !== undefined) w.empty("port", attr("isolated", each.port.isolated));
}

function formatSource(w: XmlWriter, each: Interface, context: FormatContext): void {
  const { source } = each;
  if (source.type === "hostdev") {
    if (source.driver !== undefined) w.empty("driver", attr("name", source.driver));
    const { address } = source;
    const type = attr("type", address.type);
    if (address.type === "usb") formatUsbSource(w, address, context, type);
    else w.block("source", "", () => w.empty("address", type + pciPlace(address)));
    return;
  }
  w.element("source", sourceAttributes(each, context), () => {
    if (source.type === "vhostuser") formatReconnect(w, source.reconnect);
    if (source.type === "udp") {
      w.empty("local", attr("address", source.local.address) + attr("port", source.local.port));
    }
    formatIps(w, each.hostIp);
  });
}

function sourceAttributes(each: Interface, context: FormatContext): string {
  const { source } = each;
  switch (source.type) {
    case "network": {
      const portid = context.inactive ? "" : attr("portid", source.portid);
      return attr("network", source.network) + attr("portgroup", source.portgroup) + portid;
    }
    case "bridge":
      return attr("bridge", source.bridge);
    case "internal":
      return attr("name", source.name);
    case "direct":
      return attr("dev", source.dev) + attr("mode", source.mode);
    case "vdpa":
      return attr("dev", source.dev);
    case "vhostuser":
      return attr("type", "unix") + attr("path", source.path) + attr("mode", source.mode);
    case "server":
    case "client":
    case "mcast":
    case "udp":
      return attr("address", source.address) + attr("port", source.port);
    case "vds":
      return (
        attr("switchid", source.switchid) +
        attr("portid", source.portid) +
        attr("portgroupid", source.portgroupid) +
        attr("connectionid", source.connectionid)
      );
    case "user":
      return each.backend?.type === "passt" ? attr("dev", source.dev) : "";
    default:
      return "";
  }
}

/** What a running guest's network interface really is, in place of the network's name. */
function formatShownActual(w: XmlWriter, source: InterfaceSource, actual: ActualInterface): void {
  if (source.type !== "network") return;
  const network = attr("network", source.network) + attr("portgroup", source.portgroup) + attr("portid", source.portid);
  w.empty("source", network + actualAttributes(actual));
}

function actualAttributes(actual: ActualInterface): string {
  const { source } = actual;
  if (source.type === "bridge" || source.type === "network") {
    return attr("bridge", source.bridge) + attr("macTableManager", actual.macTableManager);
  }
  if (source.type === "direct") return attr("dev", source.dev) + attr("mode", source.mode);
  return "";
}

function formatActual(w: XmlWriter, actual: ActualInterface): void {
  w.block("actual", attr("type", actual.source.type), () => w.emptyIfAttributes("source", actualAttributes(actual)));
}

export function formatIps(w: XmlWriter, ip: SourceIp | undefined): void {
  for (const each of ip?.ips ?? []) {
    const prefix = attrNonzero("prefix", each.prefix);
    w.empty("ip", attr("address", each.address) + attr("family", each.family) + prefix + attr("peer", each.peer));
  }
  for (const route of ip?.routes ?? []) formatIpRoute(w, route);
}

function formatPortForward(w: XmlWriter, forward: PortForward): void {
  const attributes = attr("proto", forward.proto) + attr("address", forward.address) + attr("dev", forward.dev);
  w.elementAlways("portForward", attributes, () => {
    for (const range of forward.ranges) {
      const ports = attr("start", range.start) + attr("end", range.end) + attr("to", range.to);
      w.emptyIfAttributes("range", ports + attr("exclude", range.exclude));
    }
  });
}

function formatHostSide(w: XmlWriter, each: Interface, context: FormatContext): void {
  if (each.script !== undefined) w.empty("script", attr("path", each.script));
  if (each.downscript !== undefined) w.empty("downscript", attr("path", each.downscript));
  if (each.backenddomain !== undefined) w.empty("backenddomain", attr("name", each.backenddomain));
  const { target } = each;
  if (target !== undefined) {
    const hidden =
      context.inactive && target.managed !== "no" && target.dev !== undefined && GENERATED_NAME.test(target.dev);
    w.emptyIfAttributes("target", (hidden ? "" : attr("dev", target.dev)) + attr("managed", target.managed));
  }
  if (each.guest !== undefined) w.empty("guest", attr("dev", each.guest.dev) + attr("actual", each.guest.actual));
}

function formatCard(w: XmlWriter, each: Interface): void {
  if (each.model !== undefined) {
    w.empty("model", attr("type", each.model));
    if (isVirtioNet(each.model)) formatDriver(w, each);
  }
  const { backend } = each;
  if (backend !== undefined) {
    w.emptyIfAttributes(
      "backend",
      attr("type", backend.type) +
        attr("tap", backend.tap) +
        attr("vhost", backend.vhost) +
        attr("logFile", backend.logFile),
    );
  }
  formatFilterReference(w, each.filterref);
  const { sndbuf, coalesce, teaming } = each;
  if (sndbuf !== undefined) w.block("tune", "", () => w.leaf("sndbuf", sndbuf));
  if (teaming !== undefined) w.empty("teaming", attr("type", teaming.type) + attr("persistent", teaming.persistent));
  if (each.link !== undefined) w.empty("link", attr("state", each.link));
  if (each.mtu) w.empty("mtu", attr("size", each.mtu));
  if (coalesce !== undefined) {
    w.block("coalesce", "", () => w.block("rx", "", () => w.empty("frames", attr("max", coalesce.rxMaxFrames))));
  }
}

const HOST_OFFLOADS = ["csum", "gso", "tso4", "tso6", "ecn", "ufo", "mrg_rxbuf"];

function formatDriver(w: XmlWriter, each: Interface): void {
  const { driver } = each;
  if (driver === undefined) return;
  const offloads = (states: Readonly<Record<string, string>> | undefined): string =>
    states === undefined ? "" : HOST_OFFLOADS.map((name) => attr(name, states[name])).join("");
  const attributes =
    attr("name", driver.name) +
    attr("txmode", driver.txmode) +
    attr("ioeventfd", driver.ioeventfd) +
    attr("event_idx", driver.eventIdx) +
    attrNonzero("queues", driver.queues) +
    attrNonzero("rx_queue_size", driver.rxQueueSize) +
    attrNonzero("tx_queue_size", driver.txQueueSize) +
    attr("rss", driver.rss) +
    attr("rss_hash_report", driver.rssHashReport) +
    virtioOptions(driver);
  w.element("driver", attributes, () => {
    w.emptyIfAttributes("host", offloads(driver.host));
    w.emptyIfAttributes("guest", offloads(driver.guest));
  });
}

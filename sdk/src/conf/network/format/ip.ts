import { attr, attrNonzero, type XmlWriter } from "../../../xml/index.js";
import type { DhcpLease, NetworkIp } from "../model.js";

export function formatIp(w: XmlWriter, ip: NetworkIp): void {
  const attributes =
    attr("family", ip.family) +
    attr("address", ip.address) +
    attr("netmask", ip.netmask) +
    attrNonzero("prefix", ip.prefix) +
    attr("localPtr", ip.localPtr);
  w.block("ip", attributes, () => {
    w.emptyIfAttributes("tftp", attr("root", ip.tftpRoot));
    if (ip.ranges.length > 0 || ip.hosts.length > 0) w.block("dhcp", "", () => formatDhcp(w, ip));
  });
}

function formatDhcp(w: XmlWriter, { ranges, hosts, bootp }: NetworkIp): void {
  for (const { start, end, lease } of ranges) {
    w.elementAlways("range", attr("start", start) + attr("end", end), () => formatLease(w, lease));
  }
  for (const { mac, id, name, ip, lease } of hosts) {
    const attributes = attr("mac", mac) + attr("id", id) + attr("name", name) + attr("ip", ip);
    w.elementAlways("host", attributes, () => formatLease(w, lease));
  }
  if (bootp !== undefined) w.empty("bootp", attr("file", bootp.file) + attr("server", bootp.server));
}

function formatLease(w: XmlWriter, lease: DhcpLease | undefined): void {
  if (lease === undefined) return;
  w.empty("lease", attr("expiry", lease.expiry) + (lease.expiry === 0 ? "" : attr("unit", lease.unit)));
}

import { attr, attrNonzero, type XmlWriter } from "../../../xml/index.js";
import type { NetworkDns } from "../model.js";

export function formatDns(w: XmlWriter, dns: NetworkDns): void {
  w.element("dns", attr("enable", dns.enable) + attr("forwardPlainNames", dns.forwardPlainNames), () => {
    for (const each of dns.forwarders) w.empty("forwarder", attr("domain", each.domain) + attr("addr", each.address));
    for (const each of dns.txts) w.empty("txt", attr("name", each.name) + attr("value", each.value));
    for (const each of dns.srvs) {
      w.empty(
        "srv",
        attr("service", each.service) +
          attr("protocol", each.protocol) +
          attr("domain", each.domain) +
          attr("target", each.target) +
          attrNonzero("port", each.port) +
          attrNonzero("priority", each.priority) +
          attrNonzero("weight", each.weight),
      );
    }
    for (const each of dns.hosts) {
      w.block("host", attr("ip", each.ip), () => {
        for (const name of each.names) w.leaf("hostname", name);
      });
    }
  });
}

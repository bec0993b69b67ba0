import { attr, XmlWriter } from "../../../xml/index.js";
import { formatBandwidth, formatVirtualPort, formatVlan, hostPciAttributes } from "../../common/index.js";
import type { NetworkPort, NetworkPortPlug } from "../model.js";

/** The port's XML, to the byte as libvirt prints it. */
export function formatNetworkPort(port: NetworkPort): string {
  const w = new XmlWriter();
  w.block("networkport", "", () => {
    w.leaf("uuid", port.uuid);
    w.block("owner", "", () => {
      w.leaf("name", port.owner.name);
      w.leaf("uuid", port.owner.uuid);
    });
    w.leaf("group", port.group);
    w.empty("mac", attr("address", port.mac));
    formatVirtualPort(w, port.virtualport);
    formatBandwidth(w, port.bandwidth);
    formatVlan(w, port.vlan);
    w.emptyIfAttributes("port", attr("isolated", port.isolatedPort));
    w.emptyIfAttributes("rxfilters", attr("trustGuest", port.trustGuestRxFilters));
    if (port.plug !== undefined) formatPlug(w, port.plug);
  });
  return w.toString();
}

function formatPlug(w: XmlWriter, plug: NetworkPortPlug): void {
  const type = attr("type", plug.type);
  switch (plug.type) {
    case "network":
    case "bridge":
      w.empty("plug", type + attr("bridge", plug.bridge) + attr("macTableManager", plug.macTableManager));
      return;
    case "direct":
      w.empty("plug", type + attr("dev", plug.dev) + attr("mode", plug.mode));
      return;
    case "hostdev-pci":
      w.block("plug", type + attr("managed", plug.managed), () => {
        w.emptyIfAttributes("driver", attr("name", plug.driver));
        w.empty("address", hostPciAttributes(plug.address));
      });
  }
}

import { attr, attrNonzero, type XmlWriter } from "../../../xml/index.js";
import type { Bandwidth, BandwidthRate, FilterReference, VirtualPort, Vlan } from "../model/index.js";

export function formatVlan(w: XmlWriter, vlan: Vlan | undefined): void {
  if (vlan === undefined) return;
  w.block("vlan", vlan.trunk ? attr("trunk", "yes") : "", () => {
    for (const tag of vlan.tags) w.empty("tag", attr("id", tag.id) + attr("nativeMode", tag.nativeMode));
  });
}

export function formatVirtualPort(w: XmlWriter, port: VirtualPort | undefined): void {
  if (port === undefined) return;
  const parameters =
    attr("managerid", port.managerid) +
    attr("typeid", port.typeid) +
    attr("typeidversion", port.typeidversion) +
    attr("instanceid", port.instanceid) +
    attr("interfaceid", port.interfaceid) +
    attr("profileid", port.profileid);
  w.element("virtualport", attr("type", port.type), () => w.emptyIfAttributes("parameters", parameters));
}

export function formatBandwidth(w: XmlWriter, bandwidth: Bandwidth | undefined): void {
  if (bandwidth === undefined) return;
  w.block("bandwidth", "", () => {
    formatRate(w, "inbound", bandwidth.inbound);
    formatRate(w, "outbound", bandwidth.outbound);
  });
}

function formatRate(w: XmlWriter, name: string, rate: BandwidthRate | undefined): void {
  if (rate === undefined || (!rate.average && !rate.floor)) return;
  w.empty(
    name,
    attrNonzero("average", rate.average) +
      attrNonzero("peak", rate.peak) +
      attrNonzero("floor", rate.floor) +
      attrNonzero("burst", rate.burst),
  );
}

export function formatFilterReference(w: XmlWriter, filterref: FilterReference | undefined): void {
  if (filterref === undefined) return;
  w.elementAlways("filterref", attr("filter", filterref.filter), () => {
    for (const { name, value } of filterref.parameters) w.empty("parameter", attr("name", name) + attr("value", value));
  });
}

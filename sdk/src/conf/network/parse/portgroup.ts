import { allowChildren, child, type XmlElement, yesNoAttribute } from "../../../xml/index.js";
import { parseBandwidth, parseVirtualPort, parseVlan } from "../../common/index.js";
import type { PortGroup } from "../model.js";
import { filled, netError } from "./context.js";

const CHILDREN: ReadonlySet<string> = new Set(["bandwidth", "virtualport", "vlan"]);

export function parsePortGroup(element: XmlElement): PortGroup {
  allowChildren(element, CHILDREN);
  const name = filled(element, "name");
  if (name === undefined) {
    throw netError(element, "XML_ERROR", "Missing required name attribute in portgroup", "Add name='...'.");
  }
  const virtualport = child(element, "virtualport");
  const bandwidth = child(element, "bandwidth");
  const vlan = child(element, "vlan");
  return {
    name,
    isDefault: filled(element, "default")?.toLowerCase() === "yes",
    trustGuestRxFilters: yesNoAttribute(element, "trustGuestRxFilters"),
    virtualport: virtualport && parseVirtualPort(virtualport),
    bandwidth: bandwidth && parseBandwidth(bandwidth),
    vlan: vlan && parseVlan(vlan),
  };
}

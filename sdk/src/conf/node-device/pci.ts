import {
  allowChildren,
  attr,
  attribute,
  child,
  childElements,
  enumAttribute,
  integerAttribute,
  parseInteger,
  requiredInteger,
  type XmlElement,
  type XmlWriter,
} from "../../xml/index.js";
import { type HostPciAddress, hostPciAttributes, parseHostPciAddress } from "../common/index.js";
import { attributeAt, oneWord, textAt } from "../document.js";
import { type NodeDeviceContext, nodeDeviceError, parseMaker, requiredNumber } from "./context.js";
import { formatMdevTypes, joinMdevTypes } from "./mdev.js";
import { type DeviceMaker, PCIE_SPEEDS, type PciCapability, type PcieLink } from "./model.js";
import { formatVpd, parseVpd } from "./vpd.js";

const names = (list: string): ReadonlySet<string> => new Set(list.split(" "));
const CHILDREN = names("bus capability class domain function iommuGroup numa pci-express product slot vendor");
const ADDRESSES = names("address");
const LINKS = names("link");
const INNER = [
  "phys_function",
  "virt_functions",
  "mdev_types",
  "vpd",
  "endpoint",
  "pci-bridge",
  "cardbus-bridge",
] as const;

export function parsePci(element: XmlElement, context: NodeDeviceContext): PciCapability {
  allowChildren(element, CHILDREN);
  const klass = parseClass(element, context);
  const place: HostPciAddress = {
    domain: requiredNumber(element, "domain", "PCI domain ID", context),
    bus: requiredNumber(element, "bus", "PCI bus ID", context),
    slot: requiredNumber(element, "slot", "PCI slot ID", context),
    function: requiredNumber(element, "function", "PCI function ID", context),
  };
  return {
    type: "pci",
    class: klass,
    ...place,
    vendor: parseMaker(element, "vendor", "PCI", context),
    product: parseMaker(element, "product", "PCI", context),
    ...parseInner(element),
    iommuGroup: parseIommuGroup(child(element, "iommuGroup")),
    numaNode: parseNumaNode(element, context),
    pciExpress: parsePciExpress(child(element, "pci-express")),
  };
}

function parseClass(element: XmlElement, context: NodeDeviceContext): number | undefined {
  const text = textAt(element, "class");
  if (text === undefined) return undefined;
  const value = parseInteger(text, { base: 16, max: 0xffffff });
  if (value !== undefined) return value;
  const at = child(element, "class") ?? element;
  const hint = "Write six hexadecimal digits, such as 0x030000.";
  throw nodeDeviceError(at, "INTERNAL_ERROR", `invalid PCI class supplied for '${context.name}'`, hint);
}

function parseInner(
  element: XmlElement,
): Pick<PciCapability, "physicalFunction" | "virtualFunctions" | "headerType" | "mdevTypes" | "vpd"> {
  const inner = childElements(element, "capability").map((capability) => {
    const type = attribute(capability, "type");
    if (type === undefined) {
      throw nodeDeviceError(capability, "XML_ERROR", "Missing capability type", "Add type='...'.");
    }
    const known = oneWord(type, INNER, (hint) =>
      nodeDeviceError(capability, "XML_ERROR", `unknown PCI capability type '${type}'`, hint),
    );
    return { type: known, capability };
  });
  const of = (type: (typeof INNER)[number]): readonly XmlElement[] =>
    inner.filter((each) => each.type === type).map((each) => each.capability);
  const vpd = of("vpd").map(parseVpd);
  return {
    physicalFunction: of("phys_function").map(parsePhysicalFunction).at(-1),
    virtualFunctions: parseVirtualFunctions(of("virt_functions")),
    headerType: inner.map(({ type }) => type).find((type) => type === "pci-bridge" || type === "cardbus-bridge"),
    mdevTypes: joinMdevTypes(of("mdev_types")),
    vpd: vpd.at(-1),
  };
}

function parsePhysicalFunction(element: XmlElement): HostPciAddress {
  allowChildren(element, ADDRESSES);
  const address = child(element, "address");
  if (address !== undefined) return parseHostPciAddress(address);
  const detail = "Missing address in 'phys_function' capability";
  throw nodeDeviceError(element, "XML_ERROR", detail, "Add the <address> of the physical function.");
}

function parseVirtualFunctions(elements: readonly XmlElement[]): PciCapability["virtualFunctions"] {
  if (elements.length === 0) return undefined;
  let maxCount: number | undefined;
  const addresses = elements.flatMap((element) => {
    allowChildren(element, ADDRESSES);
    const text = attribute(element, "maxCount") || undefined;
    if (text !== undefined) {
      maxCount = parseInteger(text, { max: 4294967295 });
      if (maxCount === undefined) {
        throw nodeDeviceError(element, "XML_ERROR", "Malformed 'maxCount' parameter", "Write a number.");
      }
    }
    return childElements(element, "address").map(parseHostPciAddress);
  });
  return { maxCount: maxCount || undefined, addresses };
}

function parseIommuGroup(element: XmlElement | undefined): PciCapability["iommuGroup"] {
  if (element === undefined) return undefined;
  allowChildren(element, ADDRESSES);
  const number = requiredInteger(element, "number");
  const addresses = childElements(element, "address").map(parseHostPciAddress);
  return addresses.length === 0 ? undefined : { number, addresses };
}

function parseNumaNode(element: XmlElement, context: NodeDeviceContext): number | undefined {
  const text = attributeAt(element, ["numa"], "node");
  if (text === undefined) return undefined;
  const node = parseInteger(text, { signed: true, max: 2147483647 });
  if (node === undefined) {
    const at = child(element, "numa") ?? element;
    const detail = `invalid NUMA node ID supplied for '${context.name}'`;
    throw nodeDeviceError(at, "INTERNAL_ERROR", detail, "Write a number.");
  }
  return node < 0 ? undefined : node;
}

function parsePciExpress(element: XmlElement | undefined): PciCapability["pciExpress"] {
  if (element === undefined) return undefined;
  allowChildren(element, LINKS);
  const link = (validity: "cap" | "sta"): PcieLink | undefined => {
    const found = childElements(element, "link").find((each) => attribute(each, "validity") === validity);
    return found === undefined ? undefined : parseLink(found);
  };
  return { cap: link("cap"), sta: link("sta") };
}

function parseLink(element: XmlElement): PcieLink {
  const port = integerAttribute(element, "port", { signed: true });
  return {
    width: requiredInteger(element, "width", { base: 0 }),
    speed: attribute(element, "speed") === "" ? undefined : enumAttribute(element, "speed", PCIE_SPEEDS),
    port: port === undefined || port < 0 ? undefined : port,
  };
}

const hex = (value: number, width: number): string => `0x${value.toString(16).padStart(width, "0")}`;

export function formatMaker(w: XmlWriter, name: "vendor" | "product", maker: DeviceMaker, space = ""): void {
  const id = attr("id", hex(maker.id, 4));
  if (maker.name === undefined) w.empty(name, id + space);
  else w.leaf(name, maker.name, id);
}

export function formatPci(w: XmlWriter, pci: PciCapability): void {
  if (pci.class !== undefined) w.leaf("class", hex(pci.class, 6));
  w.leaf("domain", pci.domain);
  w.leaf("bus", pci.bus);
  w.leaf("slot", pci.slot);
  w.leaf("function", pci.function);
  formatMaker(w, "product", pci.product);
  formatMaker(w, "vendor", pci.vendor);
  formatFunctions(w, pci);
  if (pci.headerType !== undefined) w.empty("capability", attr("type", pci.headerType));
  formatMdevTypes(w, pci.mdevTypes);
  if (pci.vpd !== undefined) formatVpd(w, pci.vpd);
  const { iommuGroup } = pci;
  if (iommuGroup !== undefined) {
    w.block("iommuGroup", attr("number", iommuGroup.number), () => formatPlaces(w, iommuGroup.addresses));
  }
  w.emptyIfAttributes("numa", attr("node", pci.numaNode));
  const { pciExpress } = pci;
  if (pciExpress !== undefined) {
    w.elementAlways("pci-express", "", () => {
      formatLink(w, "cap", pciExpress.cap);
      formatLink(w, "sta", pciExpress.sta);
    });
  }
}

function formatFunctions(w: XmlWriter, { physicalFunction, virtualFunctions }: PciCapability): void {
  if (physicalFunction !== undefined) {
    w.block("capability", attr("type", "phys_function"), () => formatPlaces(w, [physicalFunction]));
  }
  if (virtualFunctions !== undefined) {
    const { maxCount, addresses } = virtualFunctions;
    w.elementAlways("capability", attr("type", "virt_functions") + attr("maxCount", maxCount), () =>
      formatPlaces(w, addresses),
    );
  }
}

function formatPlaces(w: XmlWriter, places: readonly HostPciAddress[]): void {
  for (const place of places) w.empty("address", hostPciAttributes(place));
}

function formatLink(w: XmlWriter, validity: "cap" | "sta", link: PcieLink | undefined): void {
  if (link === undefined) return;
  const { port, speed, width } = link;
  w.empty("link", attr("validity", validity) + attr("port", port) + attr("speed", speed) + attr("width", width));
}

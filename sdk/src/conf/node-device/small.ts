import {
  allowChildren,
  attr,
  attribute,
  child,
  childElements,
  type XmlElement,
  type XmlWriter,
} from "../../xml/index.js";
import { attributeAt, firstAt, oneWord, textAt, uuidText } from "../document.js";
import { formatLink, parseLink } from "../interface/link.js";
import { type NodeDeviceContext, nodeDeviceError, parseMaker, requiredNumber, requiredText } from "./context.js";
import {
  type DrmCapability,
  NET_FEATURES,
  type NetCapability,
  type SystemCapability,
  type UsbDeviceCapability,
  type UsbInterfaceCapability,
} from "./model.js";
import { formatMaker } from "./pci.js";

const names = (list: string): ReadonlySet<string> => new Set(list.split(" "));
const SYSTEM = names("firmware hardware product");
const HARDWARE = names("serial uuid vendor version");
const FIRMWARE = names("release_date vendor version");
const USB_DEVICE = names("bus device product vendor");
const USB_INTERFACE = names("class description number protocol subclass");
const NET = names("address capability feature interface link");
const DRM = names("type");

export function parseSystem(element: XmlElement, context: NodeDeviceContext): SystemCapability {
  allowChildren(element, SYSTEM);
  for (const each of childElements(element, "hardware")) allowChildren(each, HARDWARE);
  for (const each of childElements(element, "firmware")) allowChildren(each, FIRMWARE);
  const at = firstAt(element, "hardware", "uuid") ?? element;
  const uuid = textAt(element, "hardware", "uuid");
  if (uuid === undefined) {
    const detail = `no system UUID supplied for '${context.name}'`;
    throw nodeDeviceError(at, "INTERNAL_ERROR", detail, "Add a <uuid> to <hardware>.");
  }
  return {
    type: "system",
    product: textAt(element, "product"),
    hardware: {
      vendor: textAt(element, "hardware", "vendor"),
      version: textAt(element, "hardware", "version"),
      serial: textAt(element, "hardware", "serial"),
      uuid: uuidText(uuid, (hint) =>
        nodeDeviceError(at, "INTERNAL_ERROR", `malformed uuid element for '${context.name}'`, hint),
      ),
    },
    firmware: {
      vendor: textAt(element, "firmware", "vendor"),
      version: textAt(element, "firmware", "version"),
      releaseDate: textAt(element, "firmware", "release_date"),
    },
  };
}

export function formatSystem(w: XmlWriter, { product, hardware, firmware }: SystemCapability): void {
  w.leaf("product", product);
  w.block("hardware", "", () => {
    w.leaf("vendor", hardware.vendor);
    w.leaf("version", hardware.version);
    w.leaf("serial", hardware.serial);
    w.leaf("uuid", hardware.uuid);
  });
  w.block("firmware", "", () => {
    w.leaf("vendor", firmware.vendor);
    w.leaf("version", firmware.version);
    w.leaf("release_date", firmware.releaseDate);
  });
}

export function parseUsbDevice(element: XmlElement, context: NodeDeviceContext): UsbDeviceCapability {
  allowChildren(element, USB_DEVICE);
  return {
    type: "usb_device",
    bus: requiredNumber(element, "bus", "USB bus number", context),
    device: requiredNumber(element, "device", "USB device number", context),
    vendor: parseMaker(element, "vendor", "USB", context),
    product: parseMaker(element, "product", "USB", context),
  };
}

export function formatUsbDevice(w: XmlWriter, capability: UsbDeviceCapability): void {
  w.leaf("bus", capability.bus);
  w.leaf("device", capability.device);
  // libvirt leaves a space here, and only here
  formatMaker(w, "product", capability.product, " ");
  formatMaker(w, "vendor", capability.vendor, " ");
}

export function parseUsbInterface(element: XmlElement, context: NodeDeviceContext): UsbInterfaceCapability {
  allowChildren(element, USB_INTERFACE);
  return {
    type: "usb",
    number: requiredNumber(element, "number", "USB interface number", context),
    class: requiredNumber(element, "class", "USB interface class", context),
    subclass: requiredNumber(element, "subclass", "USB interface subclass", context),
    protocol: requiredNumber(element, "protocol", "USB interface protocol", context),
    description: textAt(element, "description"),
  };
}

export function formatUsbInterface(w: XmlWriter, capability: UsbInterfaceCapability): void {
  w.leaf("number", capability.number);
  w.leaf("class", capability.class);
  w.leaf("subclass", capability.subclass);
  w.leaf("protocol", capability.protocol);
  w.leaf("description", capability.description);
}

export function parseNet(element: XmlElement, context: NodeDeviceContext): NetCapability {
  allowChildren(element, NET);
  const name = requiredText(element, "interface", "no network interface supplied", context);
  const written = childElements(element, "feature").map(parseFeature);
  const kind = attributeAt(element, ["capability"], "type");
  return {
    type: "net",
    interface: name,
    address: textAt(element, "address"),
    features: NET_FEATURES.filter((feature) => written.includes(feature)),
    kind:
      kind === undefined
        ? undefined
        : oneWord(kind, ["80203", "80211"], (hint) => {
            const at = child(element, "capability") ?? element;
            const detail = `invalid network type supplied for '${context.name}'`;
            return nodeDeviceError(at, "CONFIG_UNSUPPORTED", detail, hint);
          }),
    link: parseLink(child(element, "link")),
  };
}

function parseFeature(element: XmlElement): (typeof NET_FEATURES)[number] {
  const name = attribute(element, "name");
  if (name === undefined) {
    throw nodeDeviceError(element, "XML_ERROR", "missing network device feature name", "Add name='...'.");
  }
  return oneWord(name, NET_FEATURES, (hint) =>
    nodeDeviceError(element, "XML_ERROR", `unknown network device feature '${name}'`, hint),
  );
}

export function formatNet(w: XmlWriter, net: NetCapability): void {
  w.leaf("interface", net.interface);
  w.leaf("address", net.address);
  formatLink(w, net.link);
  for (const feature of net.features) w.empty("feature", attr("name", feature));
  if (net.kind !== undefined) w.empty("capability", attr("type", net.kind));
}

export function parseDrm(element: XmlElement, context: NodeDeviceContext): DrmCapability {
  allowChildren(element, DRM);
  const type = textAt(element, "type") ?? "(null)";
  const kind = oneWord(type, ["primary", "control", "render"], (hint) => {
    const detail = `unknown drm type '${type}' for '${context.name}'`;
    return nodeDeviceError(child(element, "type") ?? element, "CONFIG_UNSUPPORTED", detail, hint);
  });
  return { type: "drm", kind };
}

import {
  allowChildren,
  attribute,
  child,
  childAttribute,
  childText,
  enumAttribute,
  enumOrDefault,
  integerAttribute,
  onOffAttribute,
  requiredAttribute,
  requiredEnum,
  type XmlElement,
  yesNoAttribute,
} from "../../../xml/index.js";
import type { Hostdev, HostdevSource, ScsiHostSource } from "../model/index.js";
import { confError, has, type ParseContext } from "./context.js";
import { parseDeviceInfo, parsePciAddress } from "./device-info.js";
import { VIRTIO_MODELS } from "./disk.js";
import { parseTeaming } from "./interface.js";
import { parseIps } from "./interface-parts.js";
import { parseInitiator, parseStorageHosts } from "./storage.js";
import { parseAuth } from "./storage-secrets.js";

const CHILDREN: ReadonlySet<string> = new Set(
  "acpi address alias boot driver ip readonly rom route shareable source teaming".split(" "),
);
const SUBSYSTEMS = ["usb", "pci", "scsi", "scsi_host", "mdev"] as const;
const CAPABILITIES = ["storage", "misc", "net"] as const;

export function parseHostdev(element: XmlElement, context: ParseContext): Hostdev {
  allowChildren(element, CHILDREN);
  const mode = enumAttribute(element, "mode", ["subsystem", "capabilities"]) ?? "subsystem";
  const source = child(element, "source");
  if (source === undefined) {
    throw confError(element, "XML_ERROR", "Missing <source> element in hostdev device", "Add <source>.");
  }
  return {
    kind: "hostdev",
    mode,
    managed: mode === "subsystem" && yesNoAttribute(element, "managed") === "yes",
    source: mode === "subsystem" ? parseSubsystem(element, source, context) : parseCapabilities(element, source),
    teaming: parseTeaming(child(element, "teaming")),
    readonly: has(element, "readonly") || undefined,
    shareable: has(element, "shareable") || undefined,
    ...parseDeviceInfo(element, context, { boot: true, rom: true }),
  };
}

function parseSubsystem(element: XmlElement, source: XmlElement, context: ParseContext): HostdevSource {
  const type = requiredEnum(element, "type", SUBSYSTEMS);
  switch (type) {
    case "usb":
      return parseUsb(source, context);
    case "pci": {
      const address = child(source, "address");
      if (address === undefined) throw confError(source, "XML_ERROR", "Missing <address> element in hostdev device");
      const driver = child(element, "driver");
      return {
        type,
        address: parsePciAddress(address),
        driver: driver && enumOrDefault(driver, "name", ["kvm", "vfio", "xen"]),
        writeFiltering: yesNoAttribute(source, "writeFiltering"),
      };
    }
    case "scsi":
      return {
        type,
        scsi: parseScsi(source),
        sgio: enumAttribute(element, "sgio", ["filtered", "unfiltered"]),
        rawio: yesNoAttribute(element, "rawio"),
      };
    case "scsi_host": {
      const protocol = requiredEnum(source, "protocol", ["vhost"]);
      const wwpn = attribute(source, "wwpn");
      if (wwpn === undefined || !/^naa\.[0-9a-fA-F]{16}$/.test(wwpn)) {
        throw confError(
          source,
          "XML_ERROR",
          wwpn === undefined ? "Missing vhost-scsi hostdev source wwpn" : "malformed 'wwpn' value",
        );
      }
      return { type, protocol, wwpn, model: enumAttribute(element, "model", VIRTIO_MODELS) };
    }
    case "mdev": {
      const model = requiredEnum(element, "model", ["vfio-pci", "vfio-ccw", "vfio-ap"]);
      const address = child(source, "address");
      if (address === undefined) throw confError(source, "XML_ERROR", "Missing <address> element in hostdev device");
      const uuid = requiredAttribute(address, "uuid").toLowerCase();
      return {
        type,
        model,
        display: onOffAttribute(element, "display"),
        ramfb: onOffAttribute(element, "ramfb"),
        uuid,
      };
    }
  }
}

function parseUsb(source: XmlElement, context: ParseContext): HostdevSource {
  const vendor = child(source, "vendor");
  const product = child(source, "product");
  const address = child(source, "address");
  const id = (element: XmlElement | undefined, what: string): number | undefined => {
    if (element === undefined) return undefined;
    if (attribute(element, "id") === undefined) throw confError(element, "XML_ERROR", `missing ${what} id`);
    return integerAttribute(element, "id", { base: 0 });
  };
  const usb = {
    type: "usb",
    startupPolicy: enumAttribute(source, "startupPolicy", ["mandatory", "requisite", "optional"]),
    guestReset: enumAttribute(source, "guestReset", ["off", "uninitialized", "on"]),
    autoAddress: attribute(source, "autoAddress") === "yes" || undefined,
    missing: !context.inactive && attribute(source, "missing") === "yes" ? true : undefined,
    vendor: id(vendor, "usb vendor") || undefined,
    product: id(product, "usb product"),
    bus: address && (integerAttribute(address, "bus", { base: 0 }) || undefined),
    device: address && (integerAttribute(address, "device", { base: 0 }) || undefined),
  } as const;
  if (vendor !== undefined && product === undefined) throw confError(source, "XML_ERROR", "missing product");
  if (vendor === undefined && product !== undefined) throw confError(source, "XML_ERROR", "missing vendor");
  if (vendor === undefined && address === undefined) {
    throw confError(
      source,
      "XML_ERROR",
      "vendor or address must be specified",
      "Add <vendor id/> and <product id/>, or <address/>.",
    );
  }
  return usb;
}

function parseScsi(source: XmlElement): ScsiHostSource {
  const protocol = enumAttribute(source, "protocol", ["adapter", "iscsi"]) ?? "adapter";
  if (protocol === "iscsi") {
    const name = attribute(source, "name");
    if (name === undefined) throw confError(source, "XML_ERROR", "missing iSCSI hostdev source path name");
    const hosts = parseStorageHosts(source, 3260);
    if (hosts.length !== 1) {
      const words =
        hosts.length === 0
          ? "missing the host address for the iSCSI hostdev"
          : "only one source host address may be specified for the iSCSI hostdev";
      throw confError(source, "XML_ERROR", words);
    }
    const auth = child(source, "auth");
    return { protocol, name, hosts, auth: auth && parseAuth(auth), initiatorIqn: parseInitiator(source) };
  }
  const adapter = childAttribute(source, "adapter", "name");
  const address = child(source, "address");
  if (adapter === undefined || address === undefined) {
    throw confError(source, "XML_ERROR", "'adapter' and 'address' must be specified for scsi hostdev source");
  }
  const part = (name: string): number => integerAttribute(address, name, { required: true }) ?? 0;
  return { protocol, adapter, bus: part("bus"), target: part("target"), unit: part("unit") };
}

function parseCapabilities(element: XmlElement, source: XmlElement): HostdevSource {
  const type = requiredEnum(element, "type", CAPABILITIES);
  const need = (name: string, what: string): string => {
    const value = childText(source, name);
    if (value === undefined)
      throw confError(source, "XML_ERROR", `Missing <${name}> element in hostdev ${what} device`);
    return value;
  };
  switch (type) {
    case "storage":
      return { type, block: need("block", "storage") };
    case "misc":
      return { type, char: need("char", "character") };
    case "net":
      return { type, interface: need("interface", "net"), ...parseIps(element) };
  }
}

import {
  allowChildren,
  attribute,
  child,
  childAttribute,
  childText,
  enumAttribute,
  integerAttribute,
  onOffAttribute,
  requiredEnum,
  type XmlElement,
  yesNoAttribute,
} from "../../../xml/index.js";
import type { Hostdev, HostdevSource, PciAddress, ScsiHostSource } from "../model/index.js";
import { confError, has, type ParseContext, word } from "./context.js";
import { parseDeviceInfo, parsePciAddress } from "./device-info.js";
import { VIRTIO_MODELS } from "./disk.js";
import { parseUsbSource } from "./hostdev-usb.js";
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
  const unknownMode = (value: string): string => `unknown hostdev mode '${value}'`;
  const mode = word(element, attribute(element, "mode") ?? "subsystem", ["subsystem", "capabilities"], unknownMode);
  const source = child(element, "source");
  if (source === undefined) {
    throw confError(element, "XML_ERROR", "Missing <source> element in hostdev device", "Add <source>.");
  }
  return {
    kind: "hostdev",
    mode,
    managed: mode === "subsystem" && attribute(element, "managed") === "yes",
    source: mode === "subsystem" ? parseSubsystem(element, source, context) : parseCapabilities(element, source),
    teaming: parseTeaming(child(element, "teaming")),
    readonly: has(element, "readonly") || undefined,
    shareable: has(element, "shareable") || undefined,
    ...parseDeviceInfo(element, context, { boot: true, rom: true }),
  };
}

function parseSubsystem(element: XmlElement, source: XmlElement, context: ParseContext): HostdevSource {
  const written = attribute(element, "type");
  if (written === undefined) throw confError(element, "XML_ERROR", "missing source address type", "Add type='pci'.");
  const type = word(element, written, SUBSYSTEMS, (value) => `unknown host device source address type '${value}'`);
  refuseForeign(element, source, type);
  switch (type) {
    case "usb":
      return parseUsbSource(source, context);
    case "pci": {
      const address = child(source, "address");
      const driver = child(element, "driver");
      return {
        type,
        // without one libvirt takes the first place of all
        address: address === undefined ? FIRST_PLACE : parsePciAddress(address),
        driver: driver && enumAttribute(driver, "name", ["kvm", "vfio", "xen"]),
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
      const given = attribute(source, "protocol");
      if (given === undefined) throw confError(source, "XML_ERROR", "Missing scsi_host subsystem protocol");
      const protocol = word(source, given, ["vhost"], (value) => `Unknown scsi_host subsystem protocol '${value}'`);
      const wwpn = attribute(source, "wwpn");
      if (wwpn === undefined || !/^naa\.[0-9a-fA-F]{16}$/.test(wwpn)) {
        throw confError(
          source,
          "XML_ERROR",
          wwpn === undefined ? "missing vhost-scsi hostdev source wwpn" : "malformed 'wwpn' value",
        );
      }
      return { type, protocol, wwpn, model: enumAttribute(element, "model", VIRTIO_MODELS) };
    }
    case "mdev": {
      const model = requiredEnum(element, "model", ["vfio-pci", "vfio-ccw", "vfio-ap"]);
      const address = child(source, "address");
      if (address === undefined) throw confError(source, "CONFIG_UNSUPPORTED", "Missing <address> element");
      const uuid = mediatedUuid(address);
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

const FIRST_PLACE: PciAddress = { type: "pci", domain: 0, bus: 0, slot: 0, function: 0 };

function mediatedUuid(address: XmlElement): string {
  const written = attribute(address, "uuid");
  if (written === undefined) {
    throw confError(address, "CONFIG_UNSUPPORTED", "Missing 'uuid' attribute for element <address>", "Add uuid='...'.");
  }
  const digits = written.trim().replaceAll("-", "").toLowerCase();
  if (!/^[0-9a-f]{32}$/.test(digits)) {
    throw confError(address, "INTERNAL_ERROR", "Cannot parse uuid attribute of element <address>", "Write a UUID.");
  }
  return digits.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}

/** What only some kinds of devices have. */
function refuseForeign(element: XmlElement, source: XmlElement, type: (typeof SUBSYSTEMS)[number]): void {
  const given = (name: string): boolean => attribute(element, name) !== undefined;
  if (type !== "usb" && attribute(source, "startupPolicy") !== undefined) {
    throw confError(source, "CONFIG_UNSUPPORTED", "Setting startupPolicy is only allowed for USB devices");
  }
  if (type !== "scsi" && given("sgio")) {
    throw confError(element, "XML_ERROR", "sgio is only supported for scsi host device");
  }
  if (type !== "scsi" && given("rawio")) {
    throw confError(element, "XML_ERROR", "rawio is only supported for scsi host device");
  }
  if (type !== "mdev" && type !== "scsi_host" && given("model")) {
    const words = `'model' attribute in <hostdev> is only supported when type='${type}'`;
    throw confError(element, "XML_ERROR", words, "Remove it: only mediated devices and vhost-scsi have models.");
  }
}

function parseScsi(source: XmlElement): ScsiHostSource {
  const protocol = hostdevProtocol(source);
  if (protocol === "iscsi") {
    const name = attribute(source, "name");
    if (name === undefined) throw confError(source, "XML_ERROR", "missing iSCSI hostdev source path name");
    const hosts = parseStorageHosts(source);
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
  if (address === undefined) {
    throw confError(source, "XML_ERROR", "'address' must be specified for scsi hostdev source");
  }
  const part = (name: string): number => integerAttribute(address, name, { required: true }) ?? 0;
  const place = { bus: part("bus"), target: part("target"), unit: part("unit") };
  if (adapter === undefined) {
    throw confError(source, "XML_ERROR", "'adapter' name must be specified for scsi hostdev source");
  }
  return { protocol, adapter, ...place };
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
      return { type, interface: need("interface", "net"), ...parseIps(element, "Domain hostdev device") };
  }
}

function hostdevProtocol(source: XmlElement): "adapter" | "iscsi" {
  const written = attribute(source, "protocol");
  if (written === undefined) return "adapter";
  return word(source, written, ["adapter", "iscsi"], (value) => `Unknown SCSI subsystem protocol '${value}'`);
}

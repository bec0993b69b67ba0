import type { VirtError } from "@polyvisor/core";
import { DOCUMENT_KINDS } from "../../schema/kinds.js";
import {
  allowChildren,
  attribute,
  child,
  childElements,
  requiredEnum,
  textOf,
  type XmlElement,
} from "../../xml/index.js";
import { attributeAt, expectRoot, parseDocument, readable, textAt } from "../document.js";
import { parseApCard, parseApMatrix, parseApQueue, parseCcw, parseCss } from "./channel.js";
import { type NodeDeviceContext, nodeDeviceError, requiredText } from "./context.js";
import { formatNodeDevice } from "./format.js";
import { parseMdev, parseMdevTypes } from "./mdev.js";
import type { NodeDevice, NodeDeviceCapability } from "./model.js";
import { parsePci } from "./pci.js";
import { parseScsi, parseScsiHost, parseScsiTarget } from "./scsi.js";
import { parseDrm, parseNet, parseSystem, parseUsbDevice, parseUsbInterface } from "./small.js";
import { parseStorage } from "./storage.js";

export interface NodeDeviceParseOptions {
  /** A device that is to be made, which the document does not name, rather than one that is there. */
  readonly create?: boolean;
  /** Makes up a world wide name where none is given; without it that is an error. */
  readonly newWwn?: () => string;
}

const DOCUMENT = DOCUMENT_KINDS.nodeDevice;
const CHILDREN: ReadonlySet<string> = new Set("capability devnode driver name parent path".split(" "));

/** In libvirt's order, which its messages count in. */
const TYPES = [
  "system",
  "pci",
  "usb_device",
  "usb",
  "net",
  "scsi_host",
  "scsi_target",
  "scsi",
  "storage",
  "fc_host",
  "vports",
  "scsi_generic",
  "drm",
  "mdev_types",
  "mdev",
  "ccw",
  "css",
  "vdpa",
  "ap_card",
  "ap_queue",
  "ap_matrix",
  "vpd",
] as const;

/** A device of the host from its XML. Throws `VirtError` in libvirt's words, with the place. */
export function parseNodeDevice(xml: string, options: NodeDeviceParseOptions = {}): NodeDevice {
  return readNodeDevice(parseDocument(xml, DOCUMENT), options);
}

/** The same from an element, such as one that a schema has been asked about. */
export function readNodeDevice(root: XmlElement, options: NodeDeviceParseOptions = {}): NodeDevice {
  allowChildren(expectRoot(root, DOCUMENT), CHILDREN);
  const create = options.create ?? false;
  const name = create ? "new device" : textAt(root, "name");
  if (name === undefined) throw nodeDeviceError(root, "NO_NAME", "", "Add a <name>.");
  const context: NodeDeviceContext = { name, create, newWwn: options.newWwn };
  const path = textAt(root, "path");
  const devnodes = parseDevnodes(root);
  const parentWwn = parseParentWwn(root);
  const capabilities = childElements(root, "capability");
  if (capabilities.length === 0) {
    const detail = `no device capabilities for '${name}'`;
    throw nodeDeviceError(root, "INTERNAL_ERROR", detail, "Add a <capability type='...'>.");
  }
  const device = {
    name,
    path,
    ...devnodes,
    parent: textAt(root, "parent"),
    parentWwn,
    capabilities: capabilities.map((each) => parseCapability(each, context)),
  };
  return readable(root, DOCUMENT.errorDomain, device, formatNodeDevice);
}

/** Names in /dev: one of the kernel, and any number of links to it. */
function parseDevnodes(root: XmlElement): Pick<NodeDevice, "devnode" | "devlinks"> {
  const nodes = childElements(root, "devnode").map((element) => ({
    type: requiredEnum(element, "type", ["dev", "link"]),
    path: textOf(element),
  }));
  return {
    devnode: nodes.filter(({ type }) => type === "dev").at(-1)?.path,
    devlinks: nodes.filter(({ type }) => type === "link").map(({ path }) => path),
  };
}

function parseParentWwn(root: XmlElement): NodeDevice["parentWwn"] {
  const parent = child(root, "parent");
  if (parent === undefined) return undefined;
  const wwnn = attribute(parent, "wwnn") || undefined;
  const wwpn = attribute(parent, "wwpn") || undefined;
  if (wwnn !== undefined && wwpn !== undefined) return { wwnn, wwpn };
  if (wwnn !== undefined) throw halfWwn(parent, "wwnn", wwnn, "wwpn");
  if (wwpn !== undefined) throw halfWwn(parent, "wwpn", wwpn, "wwnn");
  const fabricWwn = attributeAt(root, ["parent"], "fabric_wwn");
  return fabricWwn === undefined ? undefined : { fabricWwn };
}

function halfWwn(parent: XmlElement, given: string, value: string, missing: string): VirtError {
  const detail = `when providing parent ${given}='${value}', the ${missing} must also be provided`;
  return nodeDeviceError(parent, "XML_ERROR", detail, `Add ${missing}='...'.`);
}

function parseCapability(element: XmlElement, context: NodeDeviceContext): NodeDeviceCapability {
  const type = requiredEnum(element, "type", TYPES);
  switch (type) {
    case "system":
      return parseSystem(element, context);
    case "pci":
      return parsePci(element, context);
    case "usb_device":
      return parseUsbDevice(element, context);
    case "usb":
      return parseUsbInterface(element, context);
    case "net":
      return parseNet(element, context);
    case "scsi_host":
      return parseScsiHost(element, context);
    case "scsi_target":
      return parseScsiTarget(element, context);
    case "scsi":
      return parseScsi(element, context);
    case "storage":
      return parseStorage(element, context);
    case "drm":
      return parseDrm(element, context);
    case "mdev":
      return parseMdev(element, context);
    case "ccw":
      return parseCcw(element, context);
    case "css":
      return parseCss(element, context);
    case "ap_card":
      return parseApCard(element, context);
    case "ap_queue":
      return parseApQueue(element, context);
    case "ap_matrix":
      return parseApMatrix(element);
    // libvirt prints the next three and cannot read them
    case "scsi_generic":
      allowChildren(element, new Set(["char"]));
      return { type, char: requiredText(element, "char", "no SCSI generic device path supplied", context) };
    case "vdpa":
      allowChildren(element, new Set(["chardev"]));
      return { type, chardev: requiredText(element, "chardev", "no vDPA device path supplied", context) };
    case "mdev_types":
      return { type, mdevTypes: childElements(element, "capability").flatMap(parseMdevTypes) };
    case "fc_host":
    case "vports":
    case "vpd":
      throw innerOnly(element, type, context);
  }
}

function innerOnly(element: XmlElement, type: (typeof TYPES)[number], context: NodeDeviceContext): VirtError {
  const detail = `unknown capability type '${TYPES.indexOf(type)}' for '${context.name}'`;
  return nodeDeviceError(element, "INTERNAL_ERROR", detail, `A capability '${type}' stands inside another one.`);
}

import {
  attr,
  attribute,
  child,
  enumAttribute,
  parseInteger,
  type XmlElement,
  type XmlWriter,
  yesNoAttribute,
} from "../../xml/index.js";
import { hostPciAttributes, parseHostPciAddress } from "../common/index.js";
import { errorsOf, firstAt } from "../document.js";
import type { StorageAdapter } from "./model.js";

const storageError = errorsOf("STORAGE");
const CHOOSE = "Give the name of a SCSI host, or the address of its parent.";

/** `<adapter>`, undefined when it names none. */
export function parseAdapter(element: XmlElement): StorageAdapter | undefined {
  const type = enumAttribute(element, "type", ["scsi_host", "fc_host"]);
  if (type === "fc_host") return parseFcHost(element);
  if (type === "scsi_host") return parseScsiHost(element);
  return parseUntyped(element);
}

/** Adapters were once given by name alone. */
function parseUntyped(element: XmlElement): StorageAdapter | undefined {
  const hint = "Add type='scsi_host' or type='fc_host'.";
  if (["wwnn", "wwpn", "parent"].some((name) => attribute(element, name) !== undefined)) {
    const detail = "Use of 'wwnn', 'wwpn', and 'parent' attributes requires use of the adapter 'type'";
    throw storageError(element, "XML_ERROR", detail, hint);
  }
  const parent = child(element, "parentaddr");
  if (parent !== undefined) {
    const detail = "Use of 'parentaddr' element requires use of the adapter 'type'";
    throw storageError(parent, "XML_ERROR", detail, hint);
  }
  const name = attribute(element, "name");
  return name === undefined ? undefined : { type: "scsi_host", name };
}

function parseScsiHost(element: XmlElement): StorageAdapter {
  const name = attribute(element, "name");
  const parent = child(element, "parentaddr");
  const refuse = (detail: string): never => {
    throw storageError(element, "XML_ERROR", detail, CHOOSE);
  };
  if (parent === undefined) {
    if (name === undefined) return refuse("Either 'name' or 'parent' must be specified for the 'scsi_host' adapter");
    return { type: "scsi_host", name };
  }
  const parsed: StorageAdapter = { type: "scsi_host", ...parseParent(element, parent) };
  if (name !== undefined) return refuse("Both 'name' and 'parent' cannot be specified for the 'scsi_host' adapter");
  return parsed;
}

function parseParent(
  element: XmlElement,
  parent: XmlElement,
): Pick<Extract<StorageAdapter, { readonly uniqueId: number }>, "parent" | "uniqueId"> {
  const address = firstAt(element, "parentaddr", "address");
  if (address === undefined) {
    throw storageError(parent, "XML_ERROR", "Missing scsi_host PCI address element", "Add an <address>.");
  }
  const place = parseHostPciAddress(address);
  const uniqueId = parseInteger(attribute(parent, "unique_id") ?? "", { max: 2147483647 });
  if (uniqueId === undefined) {
    const detail = "Missing or invalid scsi adapter 'unique_id' value";
    throw storageError(parent, "XML_ERROR", detail, "Write the number from the unique_id file of the host in sysfs.");
  }
  return { parent: place, uniqueId };
}

function parseFcHost(element: XmlElement): StorageAdapter {
  const managed = yesNoAttribute(element, "managed");
  const wwnn = attribute(element, "wwnn");
  const wwpn = attribute(element, "wwpn");
  if (wwnn === undefined || wwpn === undefined) {
    const detail = "'wwnn' and 'wwpn' must be specified for adapter type 'fchost'";
    throw storageError(element, "XML_ERROR", detail, "Add both world wide names.");
  }
  return {
    type: "fc_host",
    wwnn,
    wwpn,
    parent: attribute(element, "parent"),
    parentWwnn: attribute(element, "parent_wwnn"),
    parentWwpn: attribute(element, "parent_wwpn"),
    parentFabricWwn: attribute(element, "parent_fabric_wwn"),
    managed,
  };
}

export function formatAdapter(w: XmlWriter, adapter: StorageAdapter): void {
  const type = attr("type", adapter.type);
  if (adapter.type === "fc_host") {
    w.empty(
      "adapter",
      type +
        attr("parent", adapter.parent) +
        attr("parent_wwnn", adapter.parentWwnn) +
        attr("parent_wwpn", adapter.parentWwpn) +
        attr("parent_fabric_wwn", adapter.parentFabricWwn) +
        attr("managed", adapter.managed) +
        attr("wwnn", adapter.wwnn) +
        attr("wwpn", adapter.wwpn),
    );
  } else if ("name" in adapter) w.empty("adapter", type + attr("name", adapter.name));
  else {
    const { parent } = adapter;
    w.block("adapter", type, () => {
      w.block("parentaddr", attr("unique_id", adapter.uniqueId), () => {
        w.empty("address", hostPciAttributes(parent));
      });
    });
  }
}

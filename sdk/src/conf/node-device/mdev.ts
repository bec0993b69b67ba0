import {
  allowChildren,
  attr,
  attribute,
  child,
  childElements,
  parseInteger,
  type XmlElement,
  type XmlWriter,
} from "../../xml/index.js";
import { attributeAt, textAt, uuidText } from "../document.js";
import { type NodeDeviceContext, nodeDeviceError } from "./context.js";
import type { MdevCapability, MdevType } from "./model.js";

const UINT_MAX = 4294967295;
const TYPE: ReadonlySet<string> = new Set(["availableInstances", "deviceAPI", "name"]);
const MDEV: ReadonlySet<string> = new Set(["attr", "iommuGroup", "parent_addr", "type", "uuid"]);

/** The `<type>` elements of a capability `mdev_types`. */
export function parseMdevTypes(element: XmlElement): readonly MdevType[] {
  allowChildren(element, new Set(["type"]));
  return childElements(element, "type").map((type) => {
    allowChildren(type, TYPE);
    const id = attribute(type, "id");
    if (!id) {
      const detail = "missing 'id' attribute for mediated device's <type> element";
      throw nodeDeviceError(type, "XML_ERROR", detail, "Add id='...'.");
    }
    const deviceApi = textAt(type, "deviceAPI");
    if (deviceApi === undefined) {
      const detail = `missing device API for mediated device type '${id}'`;
      throw nodeDeviceError(type, "XML_ERROR", detail, "Add <deviceAPI>, such as vfio-pci.");
    }
    const availableInstances = parseInteger(textAt(type, "availableInstances") ?? "", { max: UINT_MAX });
    if (availableInstances === undefined) {
      const detail = `missing number of available instances for mediated device type '${id}'`;
      throw nodeDeviceError(type, "XML_ERROR", detail, "Write a number in <availableInstances>.");
    }
    return { id, name: textAt(type, "name"), deviceApi, availableInstances };
  });
}

/** Lists of several capabilities of the type are one list; an empty one is none. */
export function joinMdevTypes(elements: readonly XmlElement[]): readonly MdevType[] | undefined {
  const types = elements.flatMap(parseMdevTypes);
  return types.length === 0 ? undefined : types;
}

export function formatMdevTypes(w: XmlWriter, types: readonly MdevType[] | undefined): void {
  if (types === undefined || types.length === 0) return;
  w.block("capability", attr("type", "mdev_types"), () => {
    for (const type of types) {
      w.block("type", attr("id", type.id), () => {
        w.leaf("name", type.name);
        w.leaf("deviceAPI", type.deviceApi);
        w.leaf("availableInstances", type.availableInstances);
      });
    }
  });
}

export function parseMdev(element: XmlElement, context: NodeDeviceContext): MdevCapability {
  allowChildren(element, MDEV);
  const mdevType = attributeAt(element, ["type"], "id");
  if (mdevType === undefined) {
    const detail = `missing type id attribute for '${context.name}'`;
    throw nodeDeviceError(element, "CONFIG_UNSUPPORTED", detail, "Add <type id='...'/>.");
  }
  const uuid = textAt(element, "uuid");
  return {
    type: "mdev",
    mdevType,
    uuid:
      uuid === undefined
        ? undefined
        : uuidText(uuid, (hint) => {
            const at = child(element, "uuid") ?? element;
            return nodeDeviceError(at, "INTERNAL_ERROR", `Invalid uuid '${uuid}' for new mdev device`, hint);
          }),
    iommuGroup: parseIommuGroup(element, context),
    attributes: childElements(element, "attr").map(parseAttribute),
  };
}

function parseIommuGroup(element: XmlElement, context: NodeDeviceContext): number {
  const text = attributeAt(element, ["iommuGroup"], "number");
  if (text === undefined) return 0;
  const number = parseInteger(text, { max: UINT_MAX });
  if (number !== undefined) return number;
  const detail = `invalid iommuGroup number attribute for '${context.name}'`;
  throw nodeDeviceError(child(element, "iommuGroup") ?? element, "INTERNAL_ERROR", detail, "Write a number.");
}

/** libvirt means to refuse an incomplete one, and then drops it instead. */
function parseAttribute(element: XmlElement): MdevCapability["attributes"][number] {
  const name = attribute(element, "name");
  const value = attribute(element, "value");
  if (!name || !value) {
    throw nodeDeviceError(element, "CONFIG_UNSUPPORTED", "mdev attribute missing name or value", "Add both.");
  }
  return { name, value };
}

export function formatMdev(w: XmlWriter, mdev: MdevCapability): void {
  w.empty("type", attr("id", mdev.mdevType));
  w.leaf("uuid", mdev.uuid);
  w.leaf("parent_addr", mdev.parentAddress);
  w.empty("iommuGroup", attr("number", mdev.iommuGroup));
  for (const { name, value } of mdev.attributes) w.empty("attr", attr("name", name) + attr("value", value));
}

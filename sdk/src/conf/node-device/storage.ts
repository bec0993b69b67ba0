import { allowChildren, attr, childElements, textOf, type XmlElement, type XmlWriter } from "../../xml/index.js";
import { formatWhole } from "../byte-size.js";
import { oneWord, textAt } from "../document.js";
import { innerType, type NodeDeviceContext, nodeDeviceError, requiredNumber, requiredText } from "./context.js";
import type { StorageBlocks, StorageCapability } from "./model.js";

const CHILDREN: ReadonlySet<string> = new Set(
  "block bus capability drive_type logical_block_size model num_blocks serial size vendor".split(" "),
);
const REMOVABLE: ReadonlySet<string> = new Set(
  "logical_block_size media_available media_label media_size num_blocks".split(" "),
);

export function parseStorage(element: XmlElement, context: NodeDeviceContext): StorageCapability {
  allowChildren(element, CHILDREN);
  const block = requiredText(element, "block", "no block device path supplied", context);
  let hotpluggable: true | undefined;
  let media: StorageCapability["media"] | undefined;
  for (const capability of childElements(element, "capability")) {
    const written = innerType(capability, `missing storage capability type for '${context.name}'`);
    const type = oneWord(written, ["hotpluggable", "removable"], (hint) => {
      const detail = `unknown storage capability type '${written}' for '${context.name}'`;
      return nodeDeviceError(capability, "INTERNAL_ERROR", detail, hint);
    });
    if (type === "hotpluggable") hotpluggable = true;
    else media = parseRemovable(capability, context);
  }
  return {
    type: "storage",
    block,
    bus: textAt(element, "bus"),
    driveType: textAt(element, "drive_type"),
    model: textAt(element, "model"),
    vendor: textAt(element, "vendor"),
    serial: textAt(element, "serial"),
    media: media ?? { type: "fixed", size: requiredNumber(element, "size", "size", context, Number.MAX_SAFE_INTEGER) },
    hotpluggable,
  };
}

function parseRemovable(element: XmlElement, context: NodeDeviceContext): StorageCapability["media"] {
  allowChildren(element, REMOVABLE);
  return {
    type: "removable",
    available: childElements(element, "media_available").some((each) => textOf(each) === "1"),
    size: requiredNumber(element, "media_size", "removable media size", context, Number.MAX_SAFE_INTEGER),
    label: textAt(element, "media_label"),
  };
}

export function formatStorage(w: XmlWriter, capability: StorageCapability): void {
  const { media } = capability;
  w.leaf("block", capability.block);
  w.leaf("bus", capability.bus);
  w.leaf("drive_type", capability.driveType);
  w.leaf("model", capability.model);
  w.leaf("vendor", capability.vendor);
  w.leaf("serial", capability.serial);
  if (media.type === "removable") {
    w.block("capability", attr("type", "removable"), () => {
      w.leaf("media_available", media.available ? 1 : 0);
      w.leaf("media_size", formatWhole(media.size));
      w.leaf("media_label", media.label);
      formatBlocks(w, capability);
    });
  } else {
    w.leaf("size", formatWhole(media.size));
    formatBlocks(w, capability);
  }
  if (capability.hotpluggable === true) w.empty("capability", attr("type", "hotpluggable"));
}

function formatBlocks(w: XmlWriter, { logicalBlockSize, numBlocks }: StorageBlocks): void {
  if (logicalBlockSize) w.leaf("logical_block_size", formatWhole(logicalBlockSize));
  if (numBlocks) w.leaf("num_blocks", formatWhole(numBlocks));
}

import {
  allowChildren,
  child,
  childText,
  enumAttribute,
  parseInteger,
  requiredEnum,
  scaledChild,
  type XmlElement,
  yesNoAttribute,
} from "../../../xml/index.js";
import type { MemoryDevice } from "../model/index.js";
import { anySet, confError, has, numberSet, type ParseContext } from "./context.js";
import { parseDeviceInfo } from "./device-info.js";

const CHILDREN: ReadonlySet<string> = new Set("acpi address alias source target uuid".split(" "));
const MODELS = ["dimm", "nvdimm", "virtio-pmem", "virtio-mem", "sgx-epc"] as const;

/** A size below an element in KiB, rounded up. */
function kib(element: XmlElement, name: string, path?: string): number | undefined {
  const bytes = scaledChild(element, name, 1024, path);
  return bytes === undefined ? undefined : Math.ceil(bytes / 1024);
}

export function parseMemoryDevice(element: XmlElement, context: ParseContext): MemoryDevice {
  allowChildren(element, CHILDREN);
  const model = requiredEnum(element, "model", MODELS);
  const source = child(element, "source");
  const target = child(element, "target");
  if (target === undefined) {
    throw confError(element, "XML_ERROR", "missing target element for <memory> device", "Add <target><size>.");
  }
  return {
    kind: "memory",
    model,
    access: enumAttribute(element, "access", ["shared", "private"]),
    discard: yesNoAttribute(element, "discard"),
    uuid: childText(element, "uuid")?.toLowerCase(),
    source: source === undefined ? undefined : parseSource(source, model),
    target: parseTarget(target, model),
    ...parseDeviceInfo(element, context),
  };
}

function parseSource(element: XmlElement, model: MemoryDevice["model"]): MemoryDevice["source"] {
  const pages = model === "dimm" || model === "virtio-mem";
  const file = model === "nvdimm" || model === "virtio-pmem";
  const nodes = file ? undefined : childText(element, "nodemask");
  const path = file ? childText(element, "path") : undefined;
  if (file && path === undefined) throw confError(element, "XML_DETAIL", `path is required for model '${model}'`);
  const source = {
    nodemask: nodes === undefined ? undefined : numberSet(element, nodes, "nodemask"),
    pagesize: pages ? kib(element, "pagesize") || undefined : undefined,
    path,
    alignsize: model === "nvdimm" ? kib(element, "alignsize") || undefined : undefined,
    pmem: (model === "nvdimm" && has(element, "pmem")) || undefined,
  };
  return anySet(source) ? source : undefined;
}

function parseTarget(element: XmlElement, model: MemoryDevice["model"]): MemoryDevice["target"] {
  const size = kib(element, "size");
  if (size === undefined) throw confError(element, "XML_ERROR", "missing element or attribute './size'");
  const nodeText = childText(element, "node");
  const node = nodeText === undefined ? undefined : parseInteger(nodeText, { max: 2147483647 });
  if (nodeText !== undefined && node === undefined) {
    throw confError(element, "XML_ERROR", "invalid value of memory device node");
  }
  const label = model === "nvdimm" ? child(element, "label") : undefined;
  const labelSize = label === undefined ? undefined : kib(label, "size", "./label/size");
  if (labelSize !== undefined && labelSize < 128) {
    throw confError(element, "XML_ERROR", "nvdimm label must be at least 128KiB");
  }
  if (labelSize !== undefined && labelSize >= size) {
    throw confError(element, "XML_ERROR", "label size must be smaller than NVDIMM size");
  }
  const resizable = model === "virtio-mem";
  return {
    size,
    node,
    labelSize,
    readonly: (model === "nvdimm" && has(element, "readonly")) || undefined,
    block: resizable ? kib(element, "block") : undefined,
    requested: resizable ? kib(element, "requested") : undefined,
    current: resizable ? kib(element, "current") : undefined,
  };
}

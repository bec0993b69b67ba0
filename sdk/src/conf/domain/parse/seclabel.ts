import {
  attribute,
  childElements,
  childText,
  enumAttribute,
  type XmlElement,
  yesNoAttribute,
} from "../../../xml/index.js";
import type { DeviceSeclabel, Seclabel } from "../model/index.js";
import { confError, type ParseContext } from "./context.js";

/** The security labels of a source (disk, chardev); undefined when there are none. */
export function parseDeviceSeclabels(
  element: XmlElement,
  context: ParseContext,
): readonly DeviceSeclabel[] | undefined {
  const found = childElements(element, "seclabel");
  if (found.length === 0) return undefined;
  const models = new Set<string>();
  return found.map((each) => {
    const model = attribute(each, "model");
    if (model !== undefined) {
      if (models.has(model)) throw confError(each, "XML_DETAIL", `seclabel for model ${model} is already provided`);
      models.add(model);
    }
    const labelskip = context.inactive ? undefined : attribute(each, "labelskip") === "yes" || undefined;
    const relabel = yesNoAttribute(each, "relabel") ?? "yes";
    const label = childText(each, "label");
    if (label !== undefined && relabel === "no") {
      throw confError(
        each,
        "CONFIG_UNSUPPORTED",
        `Cannot specify a label if relabelling is turned off. model=${model ?? "(null)"}`,
      );
    }
    return { model, relabel, labelskip, label };
  });
}

export function parseSeclabels(root: XmlElement, context: ParseContext): readonly Seclabel[] {
  const labels: Seclabel[] = [];
  const models = new Set<string | undefined>();
  const [first, ...others] = childElements(root, "seclabel");
  if (first === undefined) return labels;
  for (const each of [first, ...others]) {
    const label = parseSeclabel(each, context);
    if (models.has(label.model)) {
      throw confError(each, "XML_DETAIL", `seclabel for model ${label.model ?? "(null)"} is already provided`);
    }
    models.add(label.model);
    labels.push(label);
  }
  if (others.length === 0) return labels.map((label) => withDefaultModel(first, label, context));
  if (labels.some(({ model }) => model === undefined)) {
    throw confError(first, "XML_ERROR", "missing security model when using multiple labels", "Add model='...'.");
  }
  return labels;
}

/** A lone label without a model belongs to the driver's default one. */
function withDefaultModel(element: XmlElement, label: Seclabel, context: ParseContext): Seclabel {
  const model = context.defaultSecurityModel;
  if (model === undefined || label.model !== undefined) return label;
  const fits = label.type === "none" || (label.type === "dynamic" && label.baselabel === undefined && context.inactive);
  if (!fits) throw confError(element, "XML_ERROR", "missing security model in domain seclabel", "Add model='...'.");
  return model === "none" && context.inactive ? { ...label, model, type: "none", relabel: "no" } : { ...label, model };
}

function parseSeclabel(element: XmlElement, context: ParseContext): Seclabel {
  const model = attribute(element, "model");
  const type = enumAttribute(element, "type", ["none", "dynamic", "static"]) ?? "dynamic";
  const relabel = yesNoAttribute(element, "relabel") ?? (type === "dynamic" ? "yes" : "no");
  if (type === "dynamic" && relabel === "no") {
    throw confError(element, "CONFIG_UNSUPPORTED", "dynamic label type must use resource relabeling");
  }
  if (type === "none" && relabel === "yes") {
    throw confError(element, "CONFIG_UNSUPPORTED", "resource relabeling is not compatible with 'none' label type");
  }
  if (model === "none") {
    if (!context.inactive && type !== "none") {
      throw confError(element, "CONFIG_UNSUPPORTED", `unsupported type='${type}' to model 'none'`);
    }
    return { model, type: "none", relabel: "no" };
  }
  const running = !context.inactive && type !== "none";
  const label = type === "static" || running ? childText(element, "label") : undefined;
  if (label === undefined && (type === "static" || running)) {
    throw confError(element, "XML_ERROR", "security label is missing", "Add <label>.");
  }
  const imagelabel = relabel === "yes" && running ? childText(element, "imagelabel") : undefined;
  if (imagelabel === undefined && relabel === "yes" && running) {
    throw confError(element, "XML_ERROR", "security imagelabel is missing");
  }
  return {
    model,
    type,
    relabel,
    label,
    imagelabel,
    baselabel: type === "dynamic" ? childText(element, "baselabel") : undefined,
  };
}

import { allowChildren, attr, attribute, childElements, type XmlElement, type XmlWriter } from "../../xml/index.js";
import { oneWord, textAt } from "../document.js";
import { nodeDeviceError } from "./context.js";
import type { Vpd, VpdField } from "./model.js";

const FIELDS = {
  readonly: new Set("change_level manufacture_id part_number serial_number vendor_field".split(" ")),
  readwrite: new Set("asset_tag system_field vendor_field".split(" ")),
} as const;

/** One character that names a field; `YA` is the asset tag, so system fields begin at B. */
const INDEX = { vendor_field: /^[0-9A-Z]$/, system_field: /^[0-9B-Z]$/ } as const;

/** A capability `vpd`. Of several lists of fields with the same access the last one counts. */
export function parseVpd(element: XmlElement): Vpd {
  allowChildren(element, new Set(["fields", "name"]));
  const name = textAt(element, "name");
  if (name === undefined) {
    const detail = "Could not read a device name from the <name> element";
    throw nodeDeviceError(element, "XML_ERROR", detail, "Add a <name>.");
  }
  let vpd: Vpd = { name };
  for (const fields of childElements(element, "fields")) {
    const access = attribute(fields, "access");
    if (!access) {
      const detail = "VPD fields access type parsing has failed";
      throw nodeDeviceError(fields, "XML_ERROR", detail, "Add access='readonly' or access='readwrite'.");
    }
    const known = oneWord(access, ["readonly", "readwrite"], (hint) =>
      nodeDeviceError(fields, "XML_ERROR", `Unsupported VPD field access type specified ${access}`, hint),
    );
    allowChildren(fields, FIELDS[known]);
    vpd =
      known === "readonly"
        ? { ...vpd, readonly: parseReadonly(fields) }
        : { ...vpd, readwrite: parseReadwrite(fields) };
  }
  return vpd;
}

function parseReadonly(fields: XmlElement): NonNullable<Vpd["readonly"]> {
  return {
    changeLevel: textAt(fields, "change_level"),
    manufactureId: textAt(fields, "manufacture_id"),
    partNumber: textAt(fields, "part_number"),
    serialNumber: textAt(fields, "serial_number"),
    vendorFields: parseCustom(fields, "vendor_field"),
  };
}

function parseReadwrite(fields: XmlElement): NonNullable<Vpd["readwrite"]> {
  return {
    assetTag: textAt(fields, "asset_tag"),
    vendorFields: parseCustom(fields, "vendor_field"),
    systemFields: parseCustom(fields, "system_field"),
  };
}

/** A field that comes again keeps its place and takes the new value. */
function parseCustom(fields: XmlElement, name: keyof typeof INDEX): readonly VpdField[] {
  const values = new Map<string, string>();
  for (const each of childElements(fields, name)) {
    const index = attribute(each, "index") ?? "";
    if (!INDEX[name].test(index)) {
      const hint = "Add index='...' with one digit or capital letter.";
      throw nodeDeviceError(each, "XML_ERROR", `<${name}> evaluation has failed`, hint);
    }
    const value = each.children.find((node) => typeof node === "string");
    if (typeof value !== "string" || value === "") {
      throw nodeDeviceError(each, "XML_ERROR", `<${name}> value evaluation has failed`, "Give it a value.");
    }
    values.set(index, value);
  }
  return [...values].map(([index, value]) => ({ index, value }));
}

export function formatVpd(w: XmlWriter, vpd: Vpd): void {
  w.block("capability", attr("type", "vpd"), () => {
    w.leaf("name", vpd.name);
    const { readonly, readwrite } = vpd;
    if (readonly !== undefined) {
      w.block("fields", attr("access", "readonly"), () => {
        w.leaf("change_level", readonly.changeLevel);
        w.leaf("manufacture_id", readonly.manufactureId);
        w.leaf("part_number", readonly.partNumber);
        w.leaf("serial_number", readonly.serialNumber);
        formatCustom(w, "vendor_field", readonly.vendorFields);
      });
    }
    if (readwrite !== undefined) {
      w.block("fields", attr("access", "readwrite"), () => {
        w.leaf("asset_tag", readwrite.assetTag);
        formatCustom(w, "vendor_field", readwrite.vendorFields);
        formatCustom(w, "system_field", readwrite.systemFields);
      });
    }
  });
}

function formatCustom(w: XmlWriter, name: keyof typeof INDEX, fields: readonly VpdField[]): void {
  for (const { index, value } of fields) w.leaf(name, value, attr("index", index));
}

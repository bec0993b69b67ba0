import { attribute, child, childElements, requiredEnum, textOf, type XmlElement } from "../../../xml/index.js";
import type { Sysinfo, SysinfoEntries } from "../model/index.js";
import { confError } from "./context.js";

/** The entries that libvirt knows, in the order in which it prints them. */
const BIOS = ["vendor", "version", "date", "release"];
const SYSTEM = ["manufacturer", "product", "version", "serial", "uuid", "sku", "family"];
const BOARD = ["manufacturer", "product", "version", "serial", "asset", "location"];
const CHASSIS = ["manufacturer", "version", "serial", "asset", "sku"];

export function parseSysinfo(element: XmlElement): Sysinfo {
  const type = requiredEnum(element, "type", ["smbios", "fwcfg"]);
  if (type === "fwcfg") return { type, entries: childElements(element, "entry").map(parseFwcfg) };
  const oem = child(element, "oemStrings");
  return {
    type,
    bios: entries(child(element, "bios"), BIOS),
    system: entries(child(element, "system"), SYSTEM),
    baseBoards: childElements(element, "baseBoard").flatMap((board) => {
      const found = entries(board, BOARD);
      return found === undefined ? [] : [found];
    }),
    chassis: entries(child(element, "chassis"), CHASSIS),
    oemStrings: oem && childElements(oem, "entry").map(textOf),
  };
}

function entries(element: XmlElement | undefined, known: readonly string[]): SysinfoEntries | undefined {
  if (element === undefined) return undefined;
  const written = new Map<string, string>();
  for (const each of childElements(element, "entry")) {
    const name = attribute(each, "name") ?? "";
    if (!known.includes(name)) {
      throw confError(each, "CONFIG_UNSUPPORTED", `unknown sysinfo entry '${name}'`, `Known: ${known.join(", ")}.`);
    }
    if (!written.has(name)) written.set(name, textOf(each));
  }
  const found = known.flatMap((name) => {
    const value = written.get(name);
    return value === undefined || value === "" ? [] : [{ name, value: name === "uuid" ? value.toLowerCase() : value }];
  });
  return found.length === 0 ? undefined : found;
}

function parseFwcfg(element: XmlElement): { name: string; value: string } | { name: string; file: string } {
  const name = attribute(element, "name");
  if (name === undefined) throw confError(element, "XML_ERROR", "Firmware entry is missing 'name' attribute");
  const value = textOf(element);
  const file = attribute(element, "file");
  if (value === "" && file === undefined) {
    throw confError(element, "XML_ERROR", "Firmware entry must have either value or 'file' attribute");
  }
  return file !== undefined ? { name, file } : { name, value };
}

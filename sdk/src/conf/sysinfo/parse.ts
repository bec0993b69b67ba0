import { formatUuid, parseUuid, type VirtError } from "@polyvisor/core";
import {
  allowChildren,
  attribute,
  child,
  childElements,
  errorAt,
  oneOf,
  requiredEnum,
  textOf,
  type XmlElement,
} from "../../xml/index.js";
import { sanitizePath } from "../domain/parse/context.js";
import type { FirmwareConfig, SmbiosInfo, Sysinfo, SysinfoEntries } from "./model.js";

/** The tables that a guest can be given, and their entries in the order in which libvirt prints them. */
const TABLES = {
  bios: ["vendor", "version", "date", "release"],
  system: ["manufacturer", "product", "version", "serial", "uuid", "sku", "family"],
  baseBoard: ["manufacturer", "product", "version", "serial", "asset", "location"],
  chassis: ["manufacturer", "version", "serial", "asset", "sku"],
} as const;

const SMBIOS_CHILDREN: ReadonlySet<string> = new Set([...Object.keys(TABLES), "oemStrings"]);
const ENTRY: ReadonlySet<string> = new Set(["entry"]);

/**
 * The `<sysinfo>` of a domain.
 *
 * `domainUuid` is what the domain's own `<uuid>` says, undefined where there is none: the one of the system table must
 * be the same, or becomes the domain's (`systemUuid`).
 */
export function parseSysinfo(element: XmlElement, domainUuid: string | undefined): Sysinfo {
  return requiredEnum(element, "type", ["smbios", "fwcfg"]) === "fwcfg"
    ? parseFirmwareConfig(element)
    : parseSmbios(element, domainUuid);
}

/** The UUID of the system table, which names a domain that has no `<uuid>`. */
export function systemUuid(sysinfos: readonly Sysinfo[]): string | undefined {
  for (const info of sysinfos) {
    const entry = info.type === "smbios" ? info.system?.find(({ name }) => name === "uuid") : undefined;
    if (entry !== undefined) return entry.value;
  }
  return undefined;
}

function parseSmbios(element: XmlElement, domainUuid: string | undefined): SmbiosInfo {
  allowChildren(element, SMBIOS_CHILDREN);
  const table = (name: keyof typeof TABLES): SysinfoEntries | undefined => {
    const found = child(element, name);
    return found && parseTable(found, TABLES[name], domainUuid);
  };
  const oem = child(element, "oemStrings");
  if (oem !== undefined) allowChildren(oem, ENTRY);
  const strings = oem && childElements(oem, "entry").map(textOf);
  return {
    type: "smbios",
    bios: table("bios"),
    system: table("system"),
    baseBoards: childElements(element, "baseBoard").flatMap((board) => {
      const found = parseTable(board, TABLES.baseBoard, domainUuid);
      return found === undefined ? [] : [found];
    }),
    chassis: table("chassis"),
    oemStrings: strings?.length === 0 ? undefined : strings,
  };
}

/** The first entry of each name; undefined when nothing is said. */
function parseTable(
  table: XmlElement,
  known: readonly string[],
  domainUuid: string | undefined,
): SysinfoEntries | undefined {
  allowChildren(table, ENTRY);
  const written = new Map<string, XmlElement>();
  for (const each of childElements(table, "entry")) {
    const name = attribute(each, "name") ?? "";
    if (!known.includes(name)) {
      throw detailError(each, "CONFIG_UNSUPPORTED", `unknown sysinfo entry '${name}'`, oneOf(name, known));
    }
    if (!written.has(name)) written.set(name, each);
  }
  const found = known.flatMap((name) => {
    const entry = written.get(name);
    const value = entry === undefined ? "" : textOf(entry);
    return entry === undefined || value === "" ? [] : [{ name, value: checked(entry, name, value, domainUuid) }];
  });
  return found.length === 0 ? undefined : found;
}

function checked(entry: XmlElement, name: string, value: string, domainUuid: string | undefined): string {
  if (name === "date" && !isDate(value)) {
    throw detailError(entry, "XML_DETAIL", "Invalid BIOS 'date' format", "Write mm/dd/yyyy.");
  }
  if (name !== "uuid") return value;
  const bytes = parseUuid(value);
  if (bytes === undefined) {
    throw detailError(entry, "XML_DETAIL", "malformed <sysinfo> uuid element", "Write a UUID, or leave the entry out.");
  }
  const uuid = formatUuid(bytes);
  if (domainUuid === undefined || uuid === domainUuid) return uuid;
  const hint = `Write the domain's own UUID ${domainUuid}, or leave the entry out.`;
  throw detailError(entry, "XML_DETAIL", "UUID mismatch between <uuid> and <sysinfo>", hint);
}

/** mm/dd/yyyy from 1900 on, or mm/dd/yy. */
function isDate(text: string): boolean {
  const match = /^\s*(\d+)\/\s*(\d+)\/\s*(\d+)$/.exec(text);
  if (match === null) return false;
  const [month, day, year] = [Number(match[1]), Number(match[2]), Number(match[3])];
  return month >= 1 && month <= 12 && day >= 1 && day <= 31 && (year < 100 || (year >= 1900 && year <= 2147483647));
}

function parseFirmwareConfig(element: XmlElement): FirmwareConfig {
  allowChildren(element, ENTRY);
  const entries = childElements(element, "entry").map((entry) => {
    const name = attribute(entry, "name");
    if (name === undefined) {
      const hint = "Add name='opt/...'.";
      throw detailError(entry, "XML_ERROR", "Firmware entry is missing 'name' attribute", hint);
    }
    const value = textOf(entry);
    const file = attribute(entry, "file");
    if (file !== undefined) return { name, file: sanitizePath(file) };
    if (value !== "") return { name, value };
    const words = "Firmware entry must have either value or 'file' attribute";
    throw detailError(entry, "XML_ERROR", words, "Write the value between the tags, or add file='...'.");
  });
  return { type: "fwcfg", entries };
}

function detailError(
  element: XmlElement,
  code: "XML_DETAIL" | "XML_ERROR" | "CONFIG_UNSUPPORTED",
  detail: string,
  hint: string,
): VirtError {
  return errorAt(element, code, detail, hint, "DOMAIN");
}

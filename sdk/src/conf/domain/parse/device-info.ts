import {
  attribute,
  child,
  childAttribute,
  integerAttribute,
  longAttribute,
  onOffAttribute,
  parseInteger,
  requiredInteger,
  type XmlElement,
  yesNoAttribute,
} from "../../../xml/index.js";
import { type Address, type DeviceInfo, isEmptyPci, type PciAddress, type Rom } from "../model/index.js";
import { confError, type ParseContext, word } from "./context.js";

const ADDRESS_TYPES = [
  "pci",
  "drive",
  "virtio-serial",
  "ccid",
  "usb",
  "spapr-vio",
  "virtio-s390",
  "ccw",
  "virtio-mmio",
  "isa",
  "dimm",
  "unassigned",
] as const;

/** Which of the common parts a device takes; others are not looked at. */
export interface InfoRules {
  readonly boot?: boolean;
  readonly rom?: boolean;
}

/** Alias, address, boot order, ROM and ACPI index of a device. */
export function parseDeviceInfo(element: XmlElement, context: ParseContext, rules: InfoRules = {}): DeviceInfo {
  const acpi = child(element, "acpi");
  const address = child(element, "address");
  // in libvirt's order: of several faults the first one is told
  const alias = parseAlias(element, context);
  const boot = rules.boot === true ? parseBoot(element) : undefined;
  const rom = rules.rom === true ? parseRom(element) : undefined;
  const acpiIndex = acpi === undefined ? undefined : integerAttribute(acpi, "index", { nonzero: true });
  return { alias, address: address === undefined ? undefined : parseAddress(address), ...boot, rom, acpiIndex };
}

function parseAlias(element: XmlElement, context: ParseContext): string | undefined {
  const alias = childAttribute(element, "alias", "name");
  if (alias === undefined || !context.inactive) return alias;
  return context.userAliases && /^ua-[a-zA-Z0-9_-]*$/.test(alias) ? alias : undefined;
}

function checkLoadparm(boot: XmlElement, value: string): void {
  if (value === "" || value.length > 8) {
    throw confError(boot, "INTERNAL_ERROR", `loadparm value '${value}' must be between 1 and 8 characters`);
  }
  if (!/^[A-Z0-9. ]*$/.test(value)) {
    const words = `invalid loadparm value '${value}', expecting chars in set of [a-zA-Z0-9.] and blank spaces`;
    throw confError(boot, "INTERNAL_ERROR", words);
  }
}

function parseBoot(element: XmlElement): Pick<DeviceInfo, "bootOrder" | "loadparm"> {
  const boot = child(element, "boot");
  if (boot === undefined) return {};
  const loadparm = attribute(boot, "loadparm")?.toUpperCase().replaceAll("-", "_");
  if (loadparm !== undefined) checkLoadparm(boot, loadparm);
  return { bootOrder: requiredInteger(boot, "order", { nonzero: true }), loadparm };
}

function parseRom(element: XmlElement): Rom | undefined {
  const rom = child(element, "rom");
  if (rom === undefined) return undefined;
  const parsed: Rom = {
    enabled: yesNoAttribute(rom, "enabled"),
    bar: onOffAttribute(rom, "bar"),
    file: attribute(rom, "file"),
  };
  if (parsed.enabled === "no" && (parsed.bar !== undefined || parsed.file !== undefined)) {
    throw confError(rom, "CONFIG_UNSUPPORTED", "ROM tuning is not supported when ROM is disabled");
  }
  return parsed.enabled === undefined && parsed.bar === undefined && parsed.file === undefined ? undefined : parsed;
}

export function parseAddress(element: XmlElement): Address {
  const written = attribute(element, "type");
  if (written === undefined) {
    throw confError(element, "INTERNAL_ERROR", "No type specified for device address", "Add type='pci' or another.");
  }
  const type = word(element, written, ADDRESS_TYPES, (value) => `unknown address type '${value}'`);
  const number = (name: string): number => integerAttribute(element, name) ?? 0;
  switch (type) {
    case "pci":
      return parsePciAddress(element);
    case "drive":
      return {
        type,
        controller: number("controller"),
        bus: number("bus"),
        target: number("target"),
        unit: number("unit"),
      };
    case "virtio-serial":
      return { type, controller: number("controller"), bus: number("bus"), port: number("port") };
    case "ccid":
      return { type, controller: number("controller"), slot: number("slot") };
    case "usb":
      return { type, bus: number("bus"), port: parseUsbPort(element) };
    case "spapr-vio":
      return { type, reg: longAttribute(element, "reg", { base: 16 }) };
    case "ccw":
      return { type, place: parseCcwPlace(element) };
    case "isa":
      return {
        type,
        iobase: integerAttribute(element, "iobase", { base: 16 }),
        irq: integerAttribute(element, "irq", { base: 16 }),
      };
    case "dimm":
      return { type, slot: requiredInteger(element, "slot"), base: longAttribute(element, "base", { base: 16 }) };
    case "virtio-s390":
      throw confError(element, "XML_ERROR", "virtio-s390 bus doesn't have an address");
    default:
      return { type };
  }
}

/** How libvirt writes a part that is too large, and its limit. */
const PCI_LIMITS = [
  ["bus", 0xff, "bus='%s', must be <= 0xFF"],
  ["slot", 0x1f, "slot='%s', must be <= 0x1F"],
  ["function", 7, "function=%s, must be <= 7"],
] as const;

export function parsePciAddress(element: XmlElement): PciAddress {
  const part = (name: string): number => integerAttribute(element, name, { base: 0 }) ?? 0;
  const zpci = child(element, "zpci");
  const address: PciAddress = {
    type: "pci",
    domain: part("domain"),
    bus: part("bus"),
    slot: part("slot"),
    function: part("function"),
    multifunction: onOffAttribute(element, "multifunction"),
    zpci:
      zpci === undefined
        ? undefined
        : { uid: integerAttribute(zpci, "uid", { base: 0 }), fid: integerAttribute(zpci, "fid", { base: 0 }) },
  };
  if (isEmptyPci(address)) return address;
  for (const [name, limit, words] of PCI_LIMITS) {
    if (address[name] <= limit) continue;
    const hex = `0x${address[name].toString(16)}`;
    throw confError(element, "XML_ERROR", `Invalid PCI address ${words.replace("%s", hex)}`, "See lspci -D.");
  }
  return address;
}

/** The name that Linux gives a PCI function, such as `0000:00:1f.2`. */
export function formatPciName(address: PciAddress): string {
  const hex = (value: number, width: number): string => value.toString(16).padStart(width, "0");
  return `${hex(address.domain, 4)}:${hex(address.bus, 2)}:${hex(address.slot, 2)}.${address.function.toString(16)}`;
}

function parseUsbPort(element: XmlElement): readonly number[] | undefined {
  const port = attribute(element, "port");
  if (port === undefined) return undefined;
  const path = port.split(".");
  if (path.length > 4 || !path.every((each) => parseInteger(each, { max: 4294967295 }) !== undefined)) {
    throw confError(
      element,
      "INTERNAL_ERROR",
      "Cannot parse <address> 'port' attribute",
      "Write ports with dots, such as 1.2.",
    );
  }
  // a port 0 ends the path
  const numbers = path.map(Number);
  const end = numbers.indexOf(0);
  const used = end === -1 ? numbers : numbers.slice(0, end);
  return used.length === 0 ? undefined : used;
}

function parseCcwPlace(element: XmlElement): { cssid: number; ssid: number; devno: number } | undefined {
  const cssid = integerAttribute(element, "cssid", { base: 0 });
  const ssid = integerAttribute(element, "ssid", { base: 0 });
  const devno = integerAttribute(element, "devno", { base: 0 });
  if (cssid === undefined && ssid === undefined && devno === undefined) return undefined;
  if (cssid === undefined || ssid === undefined || devno === undefined) {
    throw confError(element, "INTERNAL_ERROR", "Invalid partial specification for virtio ccw address");
  }
  if (cssid > 254 || ssid > 3 || devno > 65535) {
    const hex = (value: number, width = 1): string => `0x${value.toString(16).padStart(width, "0")}`;
    throw confError(
      element,
      "INTERNAL_ERROR",
      `Invalid specification for virtio ccw address: cssid='${hex(cssid)}' ssid='${hex(ssid)}' devno='${hex(devno, 4)}'`,
    );
  }
  return { cssid, ssid, devno };
}

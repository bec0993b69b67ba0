import {
  allowChildren,
  attribute,
  childElements,
  integerAttribute,
  requiredEnum,
  type XmlElement,
} from "../../../xml/index.js";
import type { Hub, Redirdev, RedirFilter } from "../model/index.js";
import { CHARDEV_TYPES, parseChardevSource } from "./chardev.js";
import { confError, type ParseContext, word, wordAttribute } from "./context.js";
import { parseDeviceInfo } from "./device-info.js";

const HUB: ReadonlySet<string> = new Set("acpi address alias".split(" "));
const REDIRDEV: ReadonlySet<string> = new Set("acpi address alias boot log protocol source".split(" "));

export function parseHub(element: XmlElement, context: ParseContext): Hub {
  allowChildren(element, HUB);
  const type = attribute(element, "type");
  if (type === undefined) throw confError(element, "INTERNAL_ERROR", "missing hub device type", "Add type='usb'.");
  return {
    kind: "hub",
    type: word(element, type, ["usb"], (value) => `unknown hub device type '${value}'`),
    ...parseDeviceInfo(element, context),
  };
}

export function parseRedirdev(element: XmlElement, context: ParseContext): Redirdev {
  allowChildren(element, REDIRDEV);
  const bus = wordAttribute(element, "bus", ["usb"], (value) => `unknown redirdev bus '${value}'`) ?? "usb";
  const type = attribute(element, "type");
  if (type === undefined)
    throw confError(element, "INTERNAL_ERROR", "missing type in redirdev", "Add type='spicevmc'.");
  const unknown = (value: string): string => `unknown redirdev character device type '${value}'`;
  const source = parseChardevSource(element, word(element, type, CHARDEV_TYPES, unknown), context);
  return { kind: "redirdev", bus, source, ...parseDeviceInfo(element, context, { boot: true }) };
}

export function parseRedirFilter(element: XmlElement): RedirFilter {
  return {
    devices: childElements(element, "usbdev").map((device) => {
      const usbClass = usbCode(device, "class");
      if (usbClass !== undefined && (usbClass < 0 || usbClass > 0xff)) {
        const words = `Invalid USB Class code 0x${(usbClass >>> 0).toString(16)}`;
        throw confError(device, "INTERNAL_ERROR", words, "Write a number up to 0xff.");
      }
      return {
        class: usbClass,
        vendor: usbCode(device, "vendor"),
        product: usbCode(device, "product"),
        version: parseUsbVersion(device),
        allow: requiredEnum(device, "allow", ["yes", "no"]),
      };
    }),
  };
}

/** -1 is what is not said. */
function usbCode(device: XmlElement, name: string): number | undefined {
  const value = integerAttribute(device, name, { base: 0, signed: true });
  return value === -1 ? undefined : value;
}

function parseUsbVersion(element: XmlElement): number | undefined {
  const text = attribute(element, "version");
  if (text === undefined || text === "-1") return undefined;
  const match = /^(\d{1,2})\.(\d{1,2})$/.exec(text);
  if (match === null)
    throw confError(element, "XML_ERROR", `Cannot parse USB device version ${text}`, "Write it as 1.10.");
  const major = Number(match[1]);
  const minor = Number((match[2] ?? "").padEnd(2, (match[2] ?? "").length === 1 ? "0" : ""));
  const digits = [Math.floor(major / 10), major % 10, Math.floor(minor / 10), minor % 10];
  return digits.reduce((all, digit) => all * 16 + digit, 0);
}

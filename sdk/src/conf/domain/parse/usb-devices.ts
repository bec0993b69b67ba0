import { allowChildren, attribute, childElements, parseInteger, type XmlElement } from "../../../xml/index.js";
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
      const id = (name: string, limit: number): number | undefined => {
        const text = attribute(device, name);
        if (text === undefined || text === "-1") return undefined;
        const value = parseInteger(text, { base: 0 });
        if (value === undefined) throw confError(device, "INTERNAL_ERROR", `Cannot parse USB ${name} code '${text}'`);
        if (value > limit)
          throw confError(device, "INTERNAL_ERROR", `Invalid USB ${name} code 0x${value.toString(16)}`);
        return value;
      };
      const allow = attribute(device, "allow");
      if (allow !== "yes" && allow !== "no") {
        const words = allow === undefined ? "Missing USB device allow attribute" : `Invalid allow value '${allow}'`;
        throw confError(device, "XML_ERROR", words, "Add allow='yes' or allow='no'.");
      }
      return {
        class: id("class", 0xff),
        vendor: id("vendor", 0xffff),
        product: id("product", 0xffff),
        version: parseUsbVersion(device),
        allow,
      };
    }),
  };
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

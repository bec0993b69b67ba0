import { attribute, child, parseInteger, type XmlElement } from "../../xml/index.js";
import { errorsOf, oneWord } from "../document.js";
import type { BondMonitor } from "./model.js";

const interfaceError = errorsOf("INTERFACE");
const INT_MAX = 2147483647;

/** `<miimon>`, else `<arpmon>`, of a `<bond>`. */
export function parseBondMonitor(bond: XmlElement): BondMonitor | undefined {
  const miimon = child(bond, "miimon");
  if (miimon !== undefined) return parseMiimon(miimon);
  const arpmon = child(bond, "arpmon");
  return arpmon === undefined ? undefined : parseArpmon(arpmon);
}

/** A number that may be left out; it counts in libvirt only above zero. */
function delay(element: XmlElement, name: "downdelay" | "updelay"): number | undefined {
  const text = attribute(element, name) || undefined;
  if (text === undefined) return undefined;
  const value = number(element, text, `bond interface miimon ${name} invalid`);
  return value > 0 ? value : undefined;
}

function number(element: XmlElement, text: string, detail: string): number {
  const value = parseInteger(text, { signed: true, max: INT_MAX });
  if (value === undefined) throw interfaceError(element, "XML_ERROR", detail, "Write a number of milliseconds.");
  return value;
}

function parseMiimon(element: XmlElement): BondMonitor {
  const carrier = attribute(element, "carrier") || undefined;
  return {
    type: "miimon",
    freq: number(element, attribute(element, "freq") ?? "", "bond interface miimon freq missing or invalid"),
    downdelay: delay(element, "downdelay"),
    updelay: delay(element, "updelay"),
    carrier:
      carrier === undefined
        ? undefined
        : oneWord(carrier, ["ioctl", "netif"], (hint) =>
            interfaceError(element, "XML_ERROR", `unknown mii bonding carrier ${carrier}`, hint),
          ),
  };
}

function parseArpmon(element: XmlElement): BondMonitor {
  const interval = number(
    element,
    attribute(element, "interval") ?? "",
    "bond interface arpmon interval missing or invalid",
  );
  const target = attribute(element, "target");
  if (!target) {
    throw interfaceError(element, "XML_ERROR", "bond interface arpmon target missing", "Add target='...'.");
  }
  const validate = attribute(element, "validate") || undefined;
  return {
    type: "arpmon",
    interval,
    target,
    validate:
      validate === undefined
        ? undefined
        : oneWord(validate, ["active", "backup", "all"], (hint) =>
            interfaceError(element, "XML_ERROR", `unknown arp bonding validate ${validate}`, hint),
          ),
  };
}

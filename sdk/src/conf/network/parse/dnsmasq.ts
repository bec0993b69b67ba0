import { attribute, childElements, type XmlElement } from "../../../xml/index.js";
import { netError } from "./context.js";

/** The namespace of options for dnsmasq, by the prefix `dnsmasq` when printed. */
export const DNSMASQ_URI = "http://libvirt.org/schemas/network/dnsmasq/1.0";

/** The options in `<dnsmasq:options>` of a network, undefined when there are none. */
export function parseDnsmasqOptions(root: XmlElement): readonly string[] | undefined {
  const options = childElements(root)
    .filter((element) => element.uri === DNSMASQ_URI && localName(element) === "options")
    .flatMap((element) => childElements(element))
    .filter((element) => element.uri === DNSMASQ_URI && localName(element) === "option");
  if (options.length === 0) return undefined;
  return options.map((option) => {
    const value = attribute(option, "value");
    if (value !== undefined) return value;
    throw netError(option, "INTERNAL_ERROR", "No dnsmasq options value specified", "Add value='...'.");
  });
}

function localName(element: XmlElement): string {
  return element.name.slice(element.name.indexOf(":") + 1);
}

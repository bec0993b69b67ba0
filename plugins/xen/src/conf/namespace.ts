import type { Domain, NamespaceData, NamespaceHooks } from "@polyvisor/sdk/conf";
import { attribute, childElements, errorAt, unknownElement, type XmlElement } from "@polyvisor/sdk/xml";

const PREFIX = "xen";
const URI = "http://libvirt.org/schemas/domain/xen/1.0";

/** `<xen:commandline>`: arguments that the device model gets as they are. */
export const XEN_NAMESPACE: NamespaceHooks = {
  prefix: PREFIX,
  uri: URI,
  parse(elements) {
    const args = elements.flatMap((element) => {
      if (localName(element) !== "commandline") throw unknownElement(element, "domain", new Set(["xen:commandline"]));
      return childElements(element).filter((each) => localName(each) === "arg");
    });
    return commandline(args.map(argumentOf));
  },
};

function argumentOf(element: XmlElement): string {
  const value = attribute(element, "value");
  if (value !== undefined) return value;
  throw errorAt(
    element,
    "INTERNAL_ERROR",
    "No device model command-line argument specified",
    "Add value='...'.",
    "LIBXL",
  );
}

function localName(element: XmlElement): string {
  return element.name.slice(element.name.indexOf(":") + 1);
}

function commandline(values: readonly string[]): readonly XmlElement[] {
  if (values.length === 0) return [];
  const place = { uri: URI, line: 1, column: 1 };
  const args = values.map((value) => ({
    ...place,
    name: `${PREFIX}:arg`,
    attributes: [{ name: "value", value }],
    children: [],
  }));
  return [{ ...place, name: `${PREFIX}:commandline`, attributes: [], children: args }];
}

/** The arguments of a device model as a domain keeps them; undefined for none. */
export function emulatorArguments(values: readonly string[]): NamespaceData | undefined {
  return values.length === 0 ? undefined : { prefix: PREFIX, uri: URI, elements: commandline(values) };
}

export function emulatorArgumentsOf({ namespace }: Domain): readonly string[] {
  if (namespace?.prefix !== PREFIX) return [];
  return namespace.elements.flatMap((element) => childElements(element).map(argumentOf));
}

import type { Domain, NamespaceHooks } from "@polyvisor/sdk/conf/domain";
import { attribute, isElement, type XmlElement } from "@polyvisor/sdk/xml";
import { bhyveError } from "../errors.js";

const URI = "http://libvirt.org/schemas/domain/bhyve/1.0";

/** `<bhyve:commandline>`: arguments that go to bhyve past the configuration. */
export const BHYVE_NAMESPACE: NamespaceHooks = {
  prefix: "bhyve",
  uri: URI,
  parse(elements) {
    const args = inside(elements, "commandline").flatMap((each) => inside(each.children.filter(isElement), "arg"));
    return args.length === 0 ? [] : [element("commandline", [], args.map(argument))];
  },
};

/** The arguments that a configuration asks for by hand. */
export function extraArguments({ namespace }: Domain): readonly string[] {
  const args = namespace?.elements.flatMap(({ children }) => children.filter(isElement)) ?? [];
  return args.map((each) => attribute(each, "value") ?? "");
}

function inside(elements: readonly XmlElement[], name: string): readonly XmlElement[] {
  return elements.filter((each) => each.uri === URI && each.name.replace(/^.*:/, "") === name);
}

function argument(each: XmlElement): XmlElement {
  const value = attribute(each, "value");
  if (value === undefined) {
    throw bhyveError("INTERNAL_ERROR", "No bhyve command-line argument specified", "add value='...'");
  }
  return element("arg", [{ name: "value", value }], []);
}

function element(name: string, attributes: XmlElement["attributes"], children: readonly XmlElement[]): XmlElement {
  return { name: `bhyve:${name}`, uri: URI, attributes, children, line: 0, column: 0 };
}

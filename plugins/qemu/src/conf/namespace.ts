import { VirtError } from "@polyvisor/core";
import type { NamespaceHooks } from "@polyvisor/sdk/conf";
import { attribute, isElement, type XmlElement } from "@polyvisor/sdk/xml";

const URI = "http://libvirt.org/schemas/domain/qemu/1.0";

/** `<qemu:commandline>` and its like: what goes to QEMU past the configuration. */
export const QEMU_NAMESPACE: NamespaceHooks = {
  prefix: "qemu",
  uri: URI,
  parse: (elements) => [
    ...section("commandline", [
      ...children(elements, "commandline", "arg").map(arg),
      ...children(elements, "commandline", "env").map(env),
    ]),
    ...section("capabilities", [
      ...children(elements, "capabilities", "add").map((each) => capability("add", each)),
      ...children(elements, "capabilities", "del").map((each) => capability("del", each)),
    ]),
    ...section("override", children(elements, "override", "device").map(override)),
    ...elements
      .filter((each) => localName(each) === "deprecation")
      .slice(0, 1)
      .map(deprecation),
  ],
};

function element(name: string, attributes: XmlElement["attributes"], inner: readonly XmlElement[] = []): XmlElement {
  return { name: `qemu:${name}`, uri: URI, attributes, children: inner, line: 0, column: 0 };
}

function section(name: string, inner: readonly XmlElement[]): readonly XmlElement[] {
  return inner.length === 0 ? [] : [element(name, [], inner)];
}

function localName(each: XmlElement): string {
  return each.uri === URI ? each.name.replace(/^.*:/, "") : "";
}

function children(elements: readonly XmlElement[], parent: string, name: string): readonly XmlElement[] {
  return elements
    .filter((each) => localName(each) === parent)
    .flatMap((each) => each.children.filter(isElement))
    .filter((each) => localName(each) === name);
}

function pick(each: XmlElement, ...names: readonly string[]): XmlElement["attributes"] {
  return names.flatMap((name) => {
    const value = attribute(each, name);
    return value === undefined ? [] : [{ name, value }];
  });
}

function arg(each: XmlElement): XmlElement {
  if (attribute(each, "value") === undefined) throw refuse("INTERNAL_ERROR", "No qemu command-line argument specified");
  return element("arg", pick(each, "value"));
}

function env(each: XmlElement): XmlElement {
  const name = attribute(each, "name");
  if (name === undefined) throw refuse("INTERNAL_ERROR", "No qemu environment name specified");
  if (!/^[A-Za-z_]/.test(name))
    throw refuse("INTERNAL_ERROR", "Invalid environment name, it must begin with a letter or underscore");
  if (!/^\w+$/.test(name))
    throw refuse("INTERNAL_ERROR", "Invalid environment name, it must contain only alphanumerics and underscore");
  return element("env", pick(each, "name", "value"));
}

function capability(name: "add" | "del", each: XmlElement): XmlElement {
  if (attribute(each, "capability") === undefined) throw refuse("INTERNAL_ERROR", "missing capability name");
  return element(name, pick(each, "capability"));
}

function deprecation(each: XmlElement): XmlElement {
  return element("deprecation", pick(each, "behavior"));
}

function override(each: XmlElement): XmlElement {
  if (attribute(each, "alias") === undefined) throw refuse("XML_ERROR", "missing 'alias' attribute for qemu:device");
  const properties = children([each], "device", "frontend").flatMap((frontend) =>
    children([frontend], "frontend", "property").map(property),
  );
  return element("device", pick(each, "alias"), section("frontend", properties));
}

function property(each: XmlElement): XmlElement {
  const name = attribute(each, "name");
  const type = attribute(each, "type");
  const value = attribute(each, "value");
  if (name === undefined) throw refuse("XML_ERROR", "missing 'name' attribute for qemu:property");
  if (name === "id") throw refuse("XML_ERROR", "property with name 'id' can't be overridden");
  if (type === undefined) throw refuse("XML_ERROR", "Missing required attribute 'type' in element 'property'");
  const form = VALUES[type];
  if (form === undefined)
    throw refuse("XML_ERROR", `Invalid value for attribute 'type' in element 'property': '${type}'.`);
  if (type === "remove" && value !== undefined) {
    throw refuse("XML_ERROR", "setting 'value' attribute of 'qemu:property' doesn't make sense with 'remove' type");
  }
  if (type !== "remove" && value === undefined)
    throw refuse("XML_ERROR", "missing 'value' attribute for 'qemu:property'");
  if (value !== undefined && !form.test(value))
    throw refuse("XML_ERROR", `invalid value '${value}' of 'value' attribute of 'qemu:property'`);
  return element("property", pick(each, "name", "type", "value"));
}

const VALUES: Readonly<Record<string, RegExp>> = {
  string: /^/,
  signed: /^\s*[-+]?\d+$/,
  unsigned: /^\s*\+?\d+$/,
  bool: /^(true|false)$/,
  remove: /^/,
};

function refuse(code: "XML_ERROR" | "INTERNAL_ERROR", detail: string): VirtError {
  return new VirtError(code, detail, { domain: "QEMU" });
}

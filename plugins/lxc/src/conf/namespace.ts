import type { NamespaceHooks } from "@polyvisor/sdk/conf";
import { attribute, childElements, errorAt, oneOf, unknownElement, type XmlElement } from "@polyvisor/sdk/xml";

/** The kernel namespaces that a container may share with another, in the order in which they are printed. */
const SHARED = ["sharenet", "shareipc", "shareuts"];
/** Whose namespace it is: of a container by name, of a process by pid, a named network namespace. */
const SOURCES = ["none", "name", "pid", "netns"];

/** `<lxc:namespace>`: which kernel namespaces a container does not have for itself. */
export const LXC_NAMESPACE: NamespaceHooks = {
  prefix: "lxc",
  uri: "http://libvirt.org/schemas/domain/lxc/1.0",
  parse(elements) {
    const shared = new Map<string, XmlElement>();
    for (const element of elements) {
      if (localName(element) !== "namespace") throw unknownElement(element, "domain", new Set(["lxc:namespace"]));
      for (const each of childElements(element)) shared.set(localName(each), parseShared(each));
    }
    const [first] = elements;
    const children = SHARED.flatMap((name) => shared.get(name) ?? []).filter(
      (each) => attribute(each, "type") !== "none",
    );
    return first === undefined || children.length === 0
      ? []
      : [{ ...first, name: "lxc:namespace", attributes: [], children }];
  },
};

function parseShared(element: XmlElement): XmlElement {
  const name = localName(element);
  if (!SHARED.includes(name)) {
    throw errorAt(element, "CONFIG_UNSUPPORTED", `unsupported Namespace feature: ${name}`, oneOf(name, SHARED), "LXC");
  }
  const type = required(element, "type");
  if (!SOURCES.includes(type)) {
    throw errorAt(element, "INTERNAL_ERROR", `Unknown LXC namespace source '${type}'`, oneOf(type, SOURCES), "LXC");
  }
  const attributes = [
    { name: "type", value: type },
    { name: "value", value: required(element, "value") },
  ];
  return { ...element, name: `lxc:${name}`, attributes, children: [] };
}

function required(element: XmlElement, name: string): string {
  const value = attribute(element, name);
  if (value === undefined) {
    throw errorAt(element, "INTERNAL_ERROR", "No lxc environment type specified", `Add ${name}='...'.`, "LXC");
  }
  return value;
}

function localName(element: XmlElement): string {
  return element.name.slice(element.name.indexOf(":") + 1);
}

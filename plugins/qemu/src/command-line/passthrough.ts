import type { Domain } from "@polyvisor/sdk/conf";
import { isElement, type XmlElement } from "@polyvisor/sdk/xml";
import type { DeviceOverrides } from "./args.js";
import type { Build } from "./context.js";
import type { PropValue } from "./props.js";

/** `<qemu:commandline>`: arguments and environment that the user adds, unseen by us. */
export function passthroughArgs({ args, domain }: Build): void {
  for (const item of childrenOf(domain, "commandline")) {
    const name = localName(item);
    if (name === "arg") args.add(attribute(item, "value") ?? "");
    else if (name === "env") args.setEnv(attribute(item, "name") ?? "", attribute(item, "value") ?? "");
  }
}

const DEPRECATION = {
  omit: { "deprecated-output": "hide" },
  reject: { "deprecated-output": "hide", "deprecated-input": "reject" },
  crash: { "deprecated-output": "hide", "deprecated-input": "crash" },
} as const;

/** `<qemu:deprecation behavior=''>`: for developers who look for uses of what QEMU will drop. */
export function deprecationArgs({ args, domain, can }: Build): void {
  const element = domain.namespace?.elements.find((item) => localName(item) === "deprecation");
  const behavior = element === undefined ? undefined : attribute(element, "behavior");
  if (behavior === undefined || !(behavior in DEPRECATION) || !can("compat-deprecated")) return;
  args.add("-compat", JSON.stringify(DEPRECATION[behavior as keyof typeof DEPRECATION]));
}

/** `<qemu:override>`: properties that replace ours, by the alias of their device. */
export function overridesOf(domain: Domain): DeviceOverrides {
  const overrides = new Map<string, Map<string, PropValue | undefined>>();
  for (const device of childrenOf(domain, "override")) {
    const alias = attribute(device, "alias");
    if (alias === undefined) continue;
    const changes = overrides.get(alias) ?? new Map<string, PropValue | undefined>();
    for (const frontend of elementsOf(device))
      for (const property of elementsOf(frontend)) setProperty(changes, property);
    overrides.set(alias, changes);
  }
  return overrides;
}

function setProperty(changes: Map<string, PropValue | undefined>, property: XmlElement): void {
  const name = attribute(property, "name");
  const value = attribute(property, "value") ?? "";
  if (name === undefined) return;
  switch (attribute(property, "type")) {
    case "remove":
      return void changes.set(name, undefined);
    case "bool":
      return void changes.set(name, value === "true");
    case "signed":
    case "unsigned":
      return void changes.set(name, BigInt(value));
    default:
      return void changes.set(name, value);
  }
}

function childrenOf(domain: Domain, section: string): readonly XmlElement[] {
  return (domain.namespace?.elements ?? []).filter((element) => localName(element) === section).flatMap(elementsOf);
}

function elementsOf(element: XmlElement): readonly XmlElement[] {
  return element.children.filter(isElement);
}

function localName(element: XmlElement): string {
  return element.name.slice(element.name.indexOf(":") + 1);
}

function attribute(element: XmlElement, name: string): string | undefined {
  return element.attributes.find((item) => item.name === name)?.value;
}

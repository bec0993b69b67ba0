import { escapeXml } from "@polyvisor/sdk/xml";
import { resourceUri } from "./names.js";

/** What picks one object of a class: its key properties. */
export type Selectors = Readonly<Record<string, string>>;

/** An object on the server. */
export interface Reference {
  readonly className: string;
  readonly selectors: Selectors;
}

export type PropertyValue = string | number | boolean | readonly string[];

/** An object that is sent as a whole: only the properties that matter. */
export interface EmbeddedInstance {
  readonly className: string;
  readonly properties: Readonly<Record<string, PropertyValue>>;
}

/** A method's argument. */
export type Parameter =
  | { readonly name: string; readonly text: string }
  | { readonly name: string; readonly reference: Reference }
  | { readonly name: string; readonly embedded: EmbeddedInstance };

const ANONYMOUS = "http://schemas.xmlsoap.org/ws/2004/08/addressing/role/anonymous";

/** The types of the properties that are no text; an instance says the type of each. */
const TYPES: Readonly<Record<string, string>> = {
  ResourceType: "uint16",
  EnabledState: "uint16",
  AutomaticStartupAction: "uint16",
  VirtualQuantity: "uint64",
  Limit: "uint64",
  Reservation: "uint64",
  StaticMacAddress: "boolean",
  DynamicMemoryEnabled: "boolean",
};

export function selectorSet(selectors: Selectors): string {
  const each = Object.entries(selectors).map(
    ([name, value]) => `<w:Selector Name="${name}">${escapeXml(value)}</w:Selector>`,
  );
  return `<w:SelectorSet>${each.join("")}</w:SelectorSet>`;
}

/** An argument as an element with the prefix `p`. */
export function parameterXml(parameter: Parameter): string {
  const { name } = parameter;
  return `<p:${name}>${contentOf(parameter)}</p:${name}>`;
}

function contentOf(parameter: Parameter): string {
  if ("text" in parameter) return escapeXml(parameter.text);
  if ("embedded" in parameter) return `<![CDATA[${instanceXml(parameter.embedded)}]]>`;
  const { className, selectors } = parameter.reference;
  const inside = `<w:ResourceURI>${resourceUri(className)}</w:ResourceURI>${selectorSet(selectors)}`;
  return `<a:Address>${ANONYMOUS}</a:Address><a:ReferenceParameters>${inside}</a:ReferenceParameters>`;
}

/** Escaped text has no `>`: the end of a CDATA section cannot stand in it. */
function instanceXml({ className, properties }: EmbeddedInstance): string {
  const each = Object.entries(properties).map(([name, value]) => {
    const attributes = `NAME="${name}" TYPE="${TYPES[name] ?? "string"}"`;
    if (typeof value !== "object")
      return `<PROPERTY ${attributes}><VALUE>${escapeXml(String(value))}</VALUE></PROPERTY>`;
    const values = value.map((one) => `<VALUE>${escapeXml(one)}</VALUE>`).join("");
    return `<PROPERTY.ARRAY ${attributes}><VALUE.ARRAY>${values}</VALUE.ARRAY></PROPERTY.ARRAY>`;
  });
  return `<INSTANCE CLASSNAME="${className}">${each.join("")}</INSTANCE>`;
}

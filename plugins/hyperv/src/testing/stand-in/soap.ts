import { escapeXml, isElement, parseXml, type XmlElement } from "@polyvisor/sdk/xml";
import { CLASSES, namespaceOf } from "./classes.js";
import { Fault } from "./fault.js";
import type { Instance, Value } from "./world.js";

export const NS = {
  soap: "http://www.w3.org/2003/05/soap-envelope",
  addressing: "http://schemas.xmlsoap.org/ws/2004/08/addressing",
  enumeration: "http://schemas.xmlsoap.org/ws/2004/09/enumeration",
  wsman: "http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd",
  cim: "http://schemas.dmtf.org/wbem/wscim/1/common",
  xsi: "http://www.w3.org/2001/XMLSchema-instance",
} as const;
export const WMI = "http://schemas.microsoft.com/wbem/wsman/1/wmi/root/";
export const WQL_DIALECT = "http://schemas.microsoft.com/wbem/wsman/1/WQL";

/** A request: what its header says, and the one element of its body. */
export interface Request {
  readonly action: string;
  readonly resource: string;
  readonly messageId: string;
  readonly selectors: ReadonlyMap<string, string>;
  readonly body: XmlElement;
}

/** A child by its namespace and name, whatever its prefix. */
export function childNamed(element: XmlElement | undefined, uri: string, name: string): XmlElement | undefined {
  return element?.children
    .filter(isElement)
    .find((child) => child.uri === uri && child.name.replace(/^.*:/, "") === name);
}

export function textIn(element: XmlElement | undefined): string {
  return (element?.children ?? [])
    .filter((child): child is string => typeof child === "string")
    .join("")
    .trim();
}

export function readRequest(text: string): Request {
  const envelope = parseXml(text, { documentName: "(request)", errorDomain: "XML" });
  const header = childNamed(envelope, NS.soap, "Header");
  const body = childNamed(envelope, NS.soap, "Body")?.children.find(isElement);
  if (header === undefined || body === undefined) throw new Fault("SchemaValidationError", "no header or no body");
  const said = (uri: string, name: string): string => {
    const found = childNamed(header, uri, name);
    if (found === undefined) throw new Fault("SchemaValidationError", `the header has no ${name}`);
    return textIn(found);
  };
  said(NS.addressing, "To");
  if (childNamed(childNamed(header, NS.addressing, "ReplyTo"), NS.addressing, "Address") === undefined)
    throw new Fault("SchemaValidationError", "the header has no ReplyTo with an Address");
  return {
    action: said(NS.addressing, "Action"),
    resource: said(NS.wsman, "ResourceURI"),
    messageId: said(NS.addressing, "MessageID"),
    selectors: readSelectors(childNamed(header, NS.wsman, "SelectorSet")),
    body,
  };
}

export function readSelectors(set: XmlElement | undefined): Map<string, string> {
  const selectors = (set?.children ?? []).filter(isElement);
  return new Map(
    selectors.map((each) => [each.attributes.find(({ name }) => name === "Name")?.value ?? "", textIn(each)]),
  );
}

export function resourceOf(className: string): string {
  return `${WMI}${namespaceOf(className)}/${className}`;
}

/** An instance as an item of an enumeration. */
export function itemOf({ className, properties }: Instance): string {
  const inside = [...(CLASSES.get(className) ?? [])].map(([name, { type }]) => {
    const value = properties[name];
    if (value === undefined) return `<p:${name} xsi:nil="true"/>`;
    return [value]
      .flat()
      .map((each) => `<p:${name}>${simple(String(each), type)}</p:${name}>`)
      .join("");
  });
  return `<p:${className} xmlns:p="${resourceOf(className)}" xmlns:xsi="${NS.xsi}" xmlns:cim="${NS.cim}" xsi:type="p:${className}_Type">${inside.join("")}</p:${className}>`;
}

function simple(value: string, type: string): string {
  return type === "datetime" ? `<cim:Datetime>${escapeXml(value)}</cim:Datetime>` : escapeXml(value);
}

/** A reference to an instance, with the keys that select it. */
export function referenceTo({ className, properties }: Instance, keys: readonly string[]): string {
  const selectors = keys.map(
    (key) => `<w:Selector Name="${key}">${escapeXml(String(properties[key] ?? ""))}</w:Selector>`,
  );
  return `<a:Address>http://schemas.xmlsoap.org/ws/2004/08/addressing/role/anonymous</a:Address><a:ReferenceParameters><w:ResourceURI>${resourceOf(className)}</w:ResourceURI><w:SelectorSet>${selectors.join("")}</w:SelectorSet></a:ReferenceParameters>`;
}

/** What a CDATA with `<INSTANCE>` says. */
export function readEmbedded(text: string): { className: string; properties: Record<string, Value> } {
  const root = parseXml(text, { documentName: "(instance)", errorDomain: "XML" });
  const attribute = (element: XmlElement, wanted: string) =>
    element.attributes.find(({ name }) => name === wanted)?.value;
  const className = attribute(root, "CLASSNAME");
  if (root.name !== "INSTANCE" || className === undefined)
    throw new Fault("InvalidParameter", "an embedded instance is an INSTANCE with a CLASSNAME");
  const properties: Record<string, Value> = {};
  for (const property of root.children.filter(isElement)) {
    const name = attribute(property, "NAME");
    const type = attribute(property, "TYPE");
    const known = CLASSES.get(className)?.get(name ?? "");
    if (name === undefined || known === undefined)
      throw new Fault("InvalidParameter", `${className} has no property ${name}`);
    if (type !== known.type) throw new Fault("InvalidParameter", `${className}.${name} is ${known.type}, not ${type}`);
    const isArray = property.name === "PROPERTY.ARRAY";
    if (isArray !== known.isArray) throw new Fault("InvalidParameter", `${className}.${name}: array or not`);
    const holder = isArray ? property.children.filter(isElement).find((each) => each.name === "VALUE.ARRAY") : property;
    const values = (holder?.children ?? [])
      .filter(isElement)
      .filter((each) => each.name === "VALUE")
      .map(textIn);
    if (isArray) properties[name] = values;
    else if (values[0] !== undefined) properties[name] = values[0];
  }
  return { className, properties };
}

export function envelope(action: string, relatesTo: string, body: string): string {
  return `<?xml version="1.0" encoding="UTF-8"?><s:Envelope xmlns:s="${NS.soap}" xmlns:a="${NS.addressing}" xmlns:n="${NS.enumeration}" xmlns:w="${NS.wsman}"><s:Header><a:Action>${escapeXml(action)}</a:Action><a:RelatesTo>${escapeXml(relatesTo)}</a:RelatesTo></s:Header><s:Body>${body}</s:Body></s:Envelope>`;
}

export function faultBody({ subcode, message }: Fault): string {
  return `<s:Fault><s:Code><s:Value>s:Sender</s:Value><s:Subcode><s:Value>w:${subcode}</s:Value></s:Subcode></s:Code><s:Reason><s:Text xml:lang="en-US">${escapeXml(message)}</s:Text></s:Reason><s:Detail>the stand-in</s:Detail></s:Fault>`;
}

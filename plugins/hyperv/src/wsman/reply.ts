import { attribute, childElements, parseXml, textOf, type XmlElement } from "@polyvisor/sdk/xml";
import { hypervError, ServerRefusal } from "../errors.js";
import { resourceUri } from "./names.js";

/** More than any answer to what the driver asks. */
const REPLY_MAX = 64 * 1024 * 1024;

const SOAP = "http://www.w3.org/2003/05/soap-envelope";
const ENUMERATION = "http://schemas.xmlsoap.org/ws/2004/09/enumeration";
const WSMAN = "http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd";

/** Part of what a query found. */
export interface Items {
  readonly items: readonly XmlElement[];
  /** What to ask for the rest with; `undefined` at the end. */
  readonly context: string | undefined;
}

/** What the server says is wrong. */
export interface Fault {
  readonly code: string;
  readonly subcode: string;
  readonly reason: string;
  readonly detail: string;
}

export function localName({ name }: XmlElement): string {
  return name.slice(name.indexOf(":") + 1);
}

export function named(element: XmlElement | undefined, name: string, uri?: string): XmlElement | undefined {
  if (element === undefined) return undefined;
  return childElements(element).find((each) => localName(each) === name && (uri === undefined || each.uri === uri));
}

/** The body of an answer, or the fault that it is. Throws where it is no answer at all; `what` is what was being done. */
export function readBody(what: string, status: number, text: string): { body: XmlElement } | { fault: Fault } {
  if (status !== 200 && status !== 400 && status !== 500) {
    throw hypervError("INTERNAL_ERROR", `Unexpected HTTP response during ${what}: ${status}`, hintFor(status));
  }
  if (text.trim() === "") throw hypervError("INTERNAL_ERROR", `Empty response during ${what}`, "is this WinRM?");
  const envelope = parseXml(text, {
    documentName: "(WS-Management response)",
    errorDomain: "HYPERV",
    maxLength: REPLY_MAX,
    ours: true,
  });
  const body = named(envelope, "Body", SOAP);
  if (envelope.uri !== SOAP || body === undefined) {
    throw hypervError("INTERNAL_ERROR", "Could not lookup SOAP body", "is this WinRM?");
  }
  const fault = named(body, "Fault", SOAP);
  return fault === undefined ? { body } : { fault: readFault(fault) };
}

function hintFor(status: number): string {
  if (status === 401)
    return "the server takes neither the name nor the password, or no way to log in that there is here: Negotiate, Basic";
  return status === 404 ? "is this WinRM, and its port?" : "the server's own log says more";
}

function readFault(fault: XmlElement): Fault {
  const code = named(fault, "Code");
  const text = (element: XmlElement | undefined) => (element === undefined ? "" : textOf(element).trim());
  return {
    code: text(named(code, "Value")),
    subcode: text(named(named(code, "Subcode"), "Value")),
    reason: text(named(named(fault, "Reason"), "Text")),
    detail: text(named(fault, "Detail")),
  };
}

/** libvirt's words for a fault. */
export function faultError(what: string, { code, subcode, reason, detail }: Fault) {
  const words = `SOAP fault during ${what}: code '${code}', subcode '${subcode}', reason '${reason}', detail '${detail}'`;
  return new ServerRefusal(words, "the server's own log says more");
}

/** The answer to the beginning of an enumeration (`Enumerate`), or to asking for more (`Pull`). */
export function readItems(operation: "Enumerate" | "Pull", body: XmlElement, className: string): Items {
  const response = named(body, `${operation}Response`, ENUMERATION);
  if (response === undefined) throw strange(`Could not lookup ${operation.toLowerCase()} response`);
  const list = named(response, "Items", ENUMERATION) ?? named(response, "Items", WSMAN);
  if (list === undefined && operation === "Pull") throw strange("Could not lookup pull response items");
  const items = list === undefined ? [] : childElements(list);
  const other = items.find((each) => localName(each) !== className || each.uri !== resourceUri(className));
  if (other !== undefined) throw strange(`Could not deserialize pull response item: ${other.name} is no ${className}`);
  const isEnd = named(response, "EndOfSequence") !== undefined;
  const context = named(response, "EnumerationContext", ENUMERATION);
  const next = context === undefined ? "" : textOf(context);
  return { items, context: isEnd || next === "" ? undefined : next };
}

/** What a method returned. */
export function readOutput(method: string, body: XmlElement, className: string): XmlElement {
  const output = named(body, `${method}_OUTPUT`, resourceUri(className));
  if (output !== undefined) return output;
  throw strange(`Could not get return value for ${method} invocation`);
}

/** A selector of the object that a method returned, such as its `InstanceID`. */
export function selectorIn(reference: XmlElement | undefined, name: string): string | undefined {
  const set = named(named(reference, "ReferenceParameters"), "SelectorSet");
  if (set === undefined) return undefined;
  const found = childElements(set).find((each) => attribute(each, "Name") === name);
  return found === undefined ? undefined : textOf(found);
}

function strange(detail: string) {
  return hypervError("INTERNAL_ERROR", detail, "the server answered something else than was asked");
}

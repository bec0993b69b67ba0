import { child, childElements, parseXml, textOf, type XmlElement } from "@polyvisor/sdk/xml";
import { esxError, SoapFault } from "./error.js";
import type { Ref } from "./message.js";

/** More than any answer to what the driver asks: lists come in parts. */
const REPLY_MAX = 64 * 1024 * 1024;

/** What a call returned: none, one or several elements. Throws what the server refused, and what is no answer to the call. */
export function readReply(method: string, status: number, body: string): readonly XmlElement[] {
  if (status !== 200 && status !== 500) {
    throw esxError("HTTP_ERROR", `HTTP response code ${status} for call to '${method}'`, "is this a vSphere server?");
  }
  const envelope = parseXml(body, {
    documentName: "(esx execute response)",
    errorDomain: "ESX",
    maxLength: REPLY_MAX,
    ours: true,
  });
  const soapBody = childOf(envelope, "Body");
  if (status === 500) throw faultOf(method, soapBody === undefined ? undefined : childOf(soapBody, "Fault"));
  const response = soapBody === undefined ? undefined : childOf(soapBody, `${method}Response`);
  if (response !== undefined) return childElements(response).filter((each) => localName(each) === "returnval");
  const detail = `XPath evaluation of response for call to '${method}' failed`;
  throw esxError("INTERNAL_ERROR", detail, "the server answered something else than was asked");
}

function faultOf(method: string, fault: XmlElement | undefined): Error {
  const code = fault === undefined ? undefined : child(fault, "faultcode");
  const words = fault === undefined ? undefined : child(fault, "faultstring");
  if (fault === undefined || code === undefined || words === undefined) {
    const detail = `HTTP response code 500 for call to '${method}'. Fault is unknown, XPath evaluation failed`;
    return esxError("INTERNAL_ERROR", detail, "the server's own log says more");
  }
  const detail = child(fault, "detail");
  const [kind] = detail === undefined ? [] : childElements(detail);
  return new SoapFault(method, textOf(code), textOf(words), kind === undefined ? "" : faultType(kind));
}

/** A fault's type: what it says of itself, else its element's name, such as `InvalidLoginFault`. */
function faultType(element: XmlElement): string {
  return typeOf(element) ?? localName(element).replace(/Fault$/, "");
}

export function localName({ name }: XmlElement): string {
  return name.slice(name.indexOf(":") + 1);
}

function childOf(element: XmlElement, name: string): XmlElement | undefined {
  return childElements(element).find((each) => localName(each) === name);
}

/** What an element says of its type (`xsi:type`), without the prefix of the type's namespace. */
export function typeOf(element: XmlElement): string | undefined {
  const attribute = element.attributes.find(({ name }) => name.endsWith(":type"));
  return attribute?.value.slice(attribute.value.indexOf(":") + 1);
}

/** A managed object that an element names. */
export function refOf(element: XmlElement): Ref {
  const type = element.attributes.find(({ name }) => name === "type")?.value ?? typeOf(element) ?? "";
  return { type, value: textOf(element) };
}

/** Looks into an answer, whose parts may be missing whatever the API promises. */
export class Value {
  readonly element: XmlElement;

  constructor(element: XmlElement) {
    this.element = element;
  }

  get type(): string | undefined {
    return typeOf(this.element);
  }

  get text(): string {
    return textOf(this.element);
  }

  get ref(): Ref {
    return refOf(this.element);
  }

  /** The element at a path of names. */
  at(...path: readonly string[]): Value | undefined {
    let element: XmlElement | undefined = this.element;
    for (const name of path) {
      element = childElements(element).find((each) => localName(each) === name);
      if (element === undefined) return undefined;
    }
    return new Value(element);
  }

  all(name: string): readonly Value[] {
    return childElements(this.element)
      .filter((each) => localName(each) === name)
      .map((each) => new Value(each));
  }

  /** The members of an array, whatever they are called. */
  get members(): readonly Value[] {
    return childElements(this.element).map((each) => new Value(each));
  }

  textAt(...path: readonly string[]): string | undefined {
    return this.at(...path)?.text;
  }

  numberAt(...path: readonly string[]): number | undefined {
    return this.at(...path)?.number;
  }

  isAt(...path: readonly string[]): boolean {
    return this.at(...path)?.boolean === true;
  }

  get boolean(): boolean {
    return /^(?:true|1)$/.test(this.text.trim());
  }

  /** `undefined` where it is none. */
  get number(): number | undefined {
    const written = this.text.trim();
    return /^[+-]?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?$/.test(written) ? Number(written) : undefined;
  }
}

/** A managed object with those of its properties that were asked for and that it has. */
export class ObjectContent {
  readonly ref: Ref;
  readonly #properties: ReadonlyMap<string, Value>;

  constructor(ref: Ref, properties: ReadonlyMap<string, Value>) {
    this.ref = ref;
    this.#properties = properties;
  }

  static read(element: XmlElement): ObjectContent {
    const value = new Value(element);
    const properties = value.all("propSet").flatMap((property) => {
      const content = property.at("val");
      return content === undefined ? [] : [[property.textAt("name") ?? "", content] as const];
    });
    return new ObjectContent(value.at("obj")?.ref ?? { type: "", value: "" }, new Map(properties));
  }

  get(name: string): Value | undefined {
    return this.#properties.get(name);
  }

  text(name: string): string | undefined {
    return this.get(name)?.text;
  }

  number(name: string): number | undefined {
    return this.get(name)?.number;
  }

  boolean(name: string): boolean {
    return this.get(name)?.boolean === true;
  }

  /** Throws as libvirt does where a property is missing that the API promises. */
  required(name: string): Value {
    const value = this.get(name);
    if (value !== undefined) return value;
    throw esxError("INTERNAL_ERROR", `Missing '${name}' property`, "the user may lack the right to read it");
  }

  requiredNumber(name: string): number {
    const { number } = this.required(name);
    if (number !== undefined) return number;
    throw esxError("INTERNAL_ERROR", `'${name}' property is no number`, "the server answered something else");
  }
}

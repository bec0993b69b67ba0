import { type ErrorDomain, type ErrorName, VirtError } from "@polyvisor/core";
import {
  attribute,
  childElements,
  ELEMENTS_MAX,
  errorAt,
  oneOf,
  outgrows,
  parseXml,
  textOf,
  type XmlElement,
} from "../xml/index.js";
import { parseUuid } from "./common/uuid.js";

/** What one kind of document is called in libvirt's messages. */
export interface DocumentKind {
  readonly root: string;
  readonly documentName: string;
  readonly errorDomain: ErrorDomain;
  /** Only we write it; others do not send it. */
  readonly ours?: boolean;
}

/** The root element of a document of one kind. Throws `XML_DETAIL` or `XML_ERROR` in libvirt's words. */
export function parseDocument(xml: string, kind: DocumentKind): XmlElement {
  return expectRoot(parseXml(xml, kind), kind);
}

export function expectRoot(root: XmlElement, kind: DocumentKind): XmlElement {
  if (root.name === kind.root) return root;
  const detail = `expecting root element of '${kind.root}', not '${root.name}'`;
  throw errorAt(root, "XML_ERROR", detail, `Send a <${kind.root}>.`);
}

/** How many elements one can become where what belongs to it is filled in, such as a device's address. */
export const GROWTH = 4;

/**
 * The model of a document, unless its printed form would have more elements than a document may have: what we print must be
 * what we read. `growth` is 1 where only what stands alone is filled in.
 */
export function readable<T>(
  root: XmlElement,
  errorDomain: ErrorDomain,
  model: T,
  print: (model: T) => string,
  growth: 1 | typeof GROWTH = 1,
): T {
  if (!outgrows(root, growth, () => print(model))) return model;
  const words = `Too many elements in document: more than ${ELEMENTS_MAX} with all that is filled in`;
  throw errorAt(root, "XML_DETAIL", words, "Split the document.", errorDomain);
}

/** The first element at the end of a path of names, whichever of equally named elements on the way holds it. */
export function firstAt(element: XmlElement, ...path: readonly string[]): XmlElement | undefined {
  const [name, ...rest] = path;
  if (name === undefined) return element;
  for (const each of childElements(element, name)) {
    const found = firstAt(each, ...rest);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** The text of the first element at the end of a path, undefined when there is none or it is empty. */
export function textAt(element: XmlElement, ...path: readonly string[]): string | undefined {
  const found = firstAt(element, ...path);
  return found === undefined ? undefined : textOf(found) || undefined;
}

/** An attribute of the first element at the end of a path, undefined when either is not there or the value is empty. */
export function attributeAt(element: XmlElement, path: readonly string[], name: string): string | undefined {
  const found = firstAt(element, ...path);
  return found === undefined ? undefined : attribute(found, name) || undefined;
}

/** One of some words, or the error that `complain` makes with a hint that lists them. */
export function oneWord<const T extends string>(
  value: string,
  values: readonly T[],
  complain: (hint: string) => VirtError,
): T {
  for (const each of values) {
    if (each === value) return each;
  }
  throw complain(oneOf(value, values));
}

/** A UUID as libvirt prints it, from any spelling that it reads. */
export function uuidText(text: string, complain: (hint: string) => VirtError): string {
  const uuid = parseUuid(text);
  if (uuid === undefined) throw complain("Write a UUID, such as c7a5fdbd-cdaf-9455-926a-d65c16db1809.");
  return uuid;
}

/** The UUID of what a document describes: its `<uuid>`, or a new one. `complain` is called where `<uuid>` holds none. */
export function ownUuid(
  root: XmlElement,
  newUuid: () => string,
  complain: (element: XmlElement, detail: string, hint: string) => VirtError,
): string {
  const element = firstAt(root, "uuid");
  const written = element === undefined ? "" : textOf(element);
  if (element === undefined || written === "") return newUuid();
  return uuidText(written, (hint) => complain(element, "malformed uuid element", hint));
}

/** Gives errors that know no place the place of an element: checks see the model alone. */
export function located<T>(element: XmlElement, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof VirtError) || error.position !== undefined) throw error;
    const { domain, hint } = error;
    const position = { line: element.line, column: element.column };
    throw new VirtError(error.code, error.detail, {
      domain,
      position,
      ...(hint === undefined ? undefined : { hint }),
      cause: error,
    });
  }
}

/** Makes errors of one part of the system, at an element. */
export function errorsOf(
  domain: ErrorDomain,
): (element: XmlElement, code: ErrorName, detail: string, hint?: string) => VirtError {
  return (element, code, detail, hint) => errorAt(element, code, detail, hint, domain);
}

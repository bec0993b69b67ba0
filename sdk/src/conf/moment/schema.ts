import type { VirtError } from "@polyvisor/core";
import { allowChildren, attribute, childElements, errorAt, nearest, oneOf, type XmlElement } from "../../xml/index.js";

/*
 * Checkpoints and backups are validated against their schemas by libvirt whether asked to or not. These are the same
 * checks by hand, with the words of its validator: they need no library, and each knows its place.
 */

/** What does not fit the schema of its document. */
export function schemaError(element: XmlElement, detail: string, hint: string): VirtError {
  return errorAt(element, "XML_INVALID_SCHEMA", detail, hint);
}

/** Refuses attributes that an element does not have. */
export function allowAttributes(element: XmlElement, known: readonly string[]): void {
  for (const { name } of element.attributes) {
    if (known.includes(name) || name === "xmlns" || name.includes(":")) continue;
    const close = nearest(name, known);
    const hint = `<${element.name}> has no such attribute.${close === undefined ? "" : ` Did you mean '${close}'?`}`;
    throw schemaError(element, `Invalid attribute ${name} for element ${element.name}`, hint);
  }
}

/** Refuses other elements than these, and text between them. */
export function allowElements(element: XmlElement, known: ReadonlySet<string>): void {
  allowChildren(element, known);
  if (!element.children.some((node) => typeof node === "string" && node.trim() !== "")) return;
  throw schemaError(element, `Did not expect text in element ${element.name} content`, "Remove the text.");
}

/** Refuses an element that holds anything but text. */
export function allowText(element: XmlElement | undefined): void {
  if (element === undefined) return;
  allowAttributes(element, []);
  allowChildren(element, NONE);
}

const NONE: ReadonlySet<string> = new Set();

/** Refuses a second element of one name. */
export function allowOnce(element: XmlElement): void {
  const seen = new Set<string>();
  for (const each of childElements(element)) {
    if (seen.has(each.name)) {
      throw schemaError(each, `Extra element ${each.name} in interleave`, `<${element.name}> has one at most.`);
    }
    seen.add(each.name);
  }
}

/** Refuses a list without anything in it. */
export function needChildren(element: XmlElement, name: string): void {
  if (childElements(element).length > 0) return;
  throw schemaError(
    element,
    `Expecting an element ${name}, got nothing`,
    `Add <${name}>, or leave <${element.name}> out.`,
  );
}

export function neededAttribute(element: XmlElement, name: string): string {
  const value = attribute(element, name);
  if (value !== undefined) return value;
  throw schemaError(element, `Element ${element.name} failed to validate attributes`, `Add ${name}='...'.`);
}

/** An attribute that must have a certain form, where it is there. */
export function formedAttribute(element: XmlElement, name: string, form: RegExp, hint: string): string | undefined {
  const value = attribute(element, name);
  if (value === undefined || form.test(value)) return value;
  throw schemaError(element, `Invalid value '${value}' of attribute ${name} for element ${element.name}`, hint);
}

/** An attribute of one of some words, where it is there. */
export function wordOf<const T extends string>(element: XmlElement, name: string, words: readonly T[]): T | undefined {
  const value = attribute(element, name);
  const word = words.find((each) => each === value);
  if (value === undefined || word !== undefined) return word;
  const detail = `Invalid value '${value}' of attribute ${name} for element ${element.name}`;
  throw schemaError(element, detail, oneOf(value, words));
}

export const DISK_TARGET = /^(ioemu:)?(fd|hd|sd|vd|xvd|ubd)[a-zA-Z0-9_]+$/;
export const ABSOLUTE_PATH = /^(\/|[a-zA-Z]:\\).+$/;

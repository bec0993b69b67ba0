import { type ErrorDomain, type ErrorName, nearest, VirtError } from "@polyvisor/core";
import { isElement, type XmlElement } from "./element.js";
import { usualHint } from "./hint.js";

/** An error about an element: carries the element's position, and a hint in any case. */
export function errorAt(
  element: XmlElement,
  code: ErrorName,
  detail: string,
  hint?: string,
  domain: ErrorDomain = "XML",
): VirtError {
  const position = { line: element.line, column: element.column };
  return new VirtError(code, detail, { domain, position, hint: hint ?? usualHint(detail, element.name) });
}

export function attribute(element: XmlElement, name: string): string | undefined {
  for (const each of element.attributes) {
    if (each.name === name) return each.value;
  }
  return undefined;
}

export function requiredAttribute(element: XmlElement, name: string): string {
  const value = attribute(element, name);
  if (value === undefined) {
    throw errorAt(
      element,
      "XML_ERROR",
      `Missing required attribute '${name}' in element '${element.name}'`,
      `Add ${name}='...' to <${element.name}>.`,
    );
  }
  return value;
}

/** The first child element of that name. */
export function child(element: XmlElement, name: string): XmlElement | undefined {
  for (const node of element.children) {
    if (typeof node === "object" && "children" in node && node.name === name) return node;
  }
  return undefined;
}

/** All child elements of that name, or all child elements. */
export function childElements(element: XmlElement, name?: string): XmlElement[] {
  const found: XmlElement[] = [];
  for (const node of element.children) {
    if (typeof node === "object" && "children" in node && (name === undefined || node.name === name)) found.push(node);
  }
  return found;
}

/** All text inside an element. */
export function textOf(element: XmlElement): string {
  let text = "";
  for (const node of element.children) {
    if (typeof node === "string") text += node;
    else if (isElement(node)) text += textOf(node);
  }
  return text;
}

/** The text of a child, undefined when there is no such child or no text. */
export function childText(element: XmlElement, name: string): string | undefined {
  const found = child(element, name);
  if (found === undefined) return undefined;
  const text = textOf(found);
  return text === "" ? undefined : text;
}

/** An attribute of a child, undefined when either is not there or the value is empty. */
export function childAttribute(element: XmlElement, name: string, attributeName: string): string | undefined {
  const found = child(element, name);
  const value = found === undefined ? undefined : attribute(found, attributeName);
  return value === "" ? undefined : value;
}

/** "Invalid value" in libvirt's words. */
export function invalidValue(
  element: XmlElement,
  name: string,
  value: string,
  expected = "",
  hint?: string,
): VirtError {
  return errorAt(
    element,
    "XML_ERROR",
    `Invalid value for attribute '${name}' in element '${element.name}': '${value}'.${expected}`,
    hint,
  );
}

/** An attribute that takes one of some words. */
export function enumAttribute<const T extends string>(
  element: XmlElement,
  name: string,
  values: readonly T[],
): T | undefined {
  const value = attribute(element, name);
  if (value === undefined) return undefined;
  for (const each of values) {
    if (each === value) return each;
  }
  throw invalidValue(element, name, value, "", oneOf(value, values));
}

/** Like `enumAttribute`, where the word `default` means absent. */
export function enumOrDefault<const T extends string>(
  element: XmlElement,
  name: string,
  values: readonly T[],
): T | undefined {
  return attribute(element, name) === "default" ? undefined : enumAttribute(element, name, values);
}

export function requiredEnum<const T extends string>(element: XmlElement, name: string, values: readonly T[]): T {
  requiredAttribute(element, name);
  const value = enumAttribute(element, name, values);
  if (value === undefined) throw invalidValue(element, name, "");
  return value;
}

/** A hint that lists what is allowed, and the nearest of it first. */
export function oneOf(value: string, values: readonly string[]): string {
  const close = nearest(value, values);
  const list = `Allowed: ${values.join(", ")}.`;
  return close === undefined ? list : `Did you mean '${close}'? ${list}`;
}

const ON_OFF = ["on", "off"] as const;
const YES_NO = ["yes", "no"] as const;

export function onOffAttribute(element: XmlElement, name: string): "on" | "off" | undefined {
  return enumAttribute(element, name, ON_OFF);
}

export function yesNoAttribute(element: XmlElement, name: string): "yes" | "no" | undefined {
  return enumAttribute(element, name, YES_NO);
}

export interface IntegerRules {
  /** 10 when left out; 0 takes hexadecimal with 0x, octal with 0, else decimal. */
  readonly base?: 0 | 10 | 16;
  readonly nonzero?: boolean;
  readonly required?: boolean;
  readonly signed?: boolean;
  readonly max?: number;
}

/** An integer, undefined when `text` is none. */
export function parseInteger(text: string, rules: IntegerRules = {}): number | undefined {
  if (text.length < 10 && rules.base !== 16 && PLAIN.test(text)) {
    const value = Number(text);
    return value > (rules.max ?? Number.MAX_SAFE_INTEGER) ? undefined : value;
  }
  const match = INTEGER[rules.base ?? 10].exec(text);
  if (match === null) return undefined;
  const digits = match[2] ?? "";
  const base = rules.base ?? 10;
  let value: number;
  if (base === 10) value = Number(digits);
  else if (base === 16) value = Number.parseInt(digits, 16);
  else
    value = /^0[xX]/.test(digits) ? Number.parseInt(digits, 16) : Number.parseInt(digits, /^0./.test(digits) ? 8 : 10);
  if (match[1] === "-") value = -value;
  if (value < 0 && rules.signed !== true) return undefined;
  return Math.abs(value) > (rules.max ?? Number.MAX_SAFE_INTEGER) ? undefined : value;
}

/** A number that is the same in base 10 and base 0; nearly all are. */
const PLAIN = /^(?:0|[1-9]\d*)$/;
const INTEGER = {
  10: /^\s*([+-]?)(\d+)$/,
  16: /^\s*([+-]?)((?:0[xX])?[0-9a-fA-F]+)$/,
  0: /^\s*([+-]?)(0[xX][0-9a-fA-F]+|\d+)$/,
} as const;

const UINT_MAX = 4294967295;

export function integerAttribute(element: XmlElement, name: string, rules: IntegerRules = {}): number | undefined {
  const text = rules.required === true ? requiredAttribute(element, name) : attribute(element, name);
  if (text === undefined) return undefined;
  const value = parseInteger(text, { max: rules.signed === true ? 2147483647 : UINT_MAX, ...rules });
  const what = rules.signed === true ? "integer value" : "non-negative integer value";
  if (value === undefined) {
    throw errorAt(
      element,
      "XML_ERROR",
      `Invalid value for attribute '${name}' in element '${element.name}': '${text}'. Expected ${what}`,
      "Write a number.",
    );
  }
  if (rules.nonzero === true && value === 0) {
    throw errorAt(
      element,
      "XML_ERROR",
      `Invalid value for attribute '${name}' in element '${element.name}': Zero is not permitted`,
      "Leave the attribute out, or give a number above zero.",
    );
  }
  return value;
}

export function requiredInteger(element: XmlElement, name: string, rules: IntegerRules = {}): number {
  return integerAttribute(element, name, { ...rules, required: true }) ?? 0;
}

/** The same attribute where 64 bits are allowed (numbers above 2^53 are refused). */
export function longAttribute(element: XmlElement, name: string, rules: IntegerRules = {}): number | undefined {
  return integerAttribute(element, name, { ...rules, max: Number.MAX_SAFE_INTEGER });
}

/** A child that holds a number, undefined when there is no such child. */
export function childInteger(element: XmlElement, name: string, rules: IntegerRules = {}): number | undefined {
  const text = childText(element, name);
  if (text === undefined) return undefined;
  const value = parseInteger(text.trim(), rules);
  if (value === undefined) {
    throw errorAt(
      child(element, name) ?? element,
      "XML_ERROR",
      `Invalid value '${text}' for element or attribute './${name}'`,
      "Write a number.",
    );
  }
  return value;
}

const UNITS: Readonly<Record<string, number>> = { k: 1, m: 2, g: 3, t: 4, p: 5, e: 6 };

/** The factor of a unit such as `KiB`, `MB`, `bytes`. */
export function unitScale(unit: string | undefined, fallback: number, where?: XmlElement): number {
  if (unit === undefined || unit === "") return fallback;
  const lower = unit.toLowerCase();
  if (lower === "b" || lower === "byte" || lower === "bytes") return 1;
  const power = UNITS[lower[0] ?? ""];
  const rest = lower.slice(1);
  if (power !== undefined && (rest === "" || rest === "ib")) return 1024 ** power;
  if (power !== undefined && rest === "b") return 1000 ** power;
  const hint = "Use bytes, KiB, MiB, GiB, TiB, PiB or EiB.";
  if (where === undefined) throw new VirtError("INVALID_ARG", `unknown suffix '${unit}'`, { hint });
  throw errorAt(where, "INVALID_ARG", `unknown suffix '${unit}'`, hint, "NONE");
}

/** A size in bytes from an element with a `unit` attribute; `scale` is what a number without unit counts. */
export function scaledElement(element: XmlElement, scale: number, path = `./${element.name}`): number | undefined {
  const text = textOf(element);
  if (text === "") return undefined;
  const value = parseInteger(text.trim());
  if (value === undefined) {
    throw errorAt(
      element,
      "XML_ERROR",
      `Invalid value '${text}' for element or attribute '${path}'`,
      "Write a number, and the unit in the unit attribute.",
    );
  }
  const bytes = value * unitScale(attribute(element, "unit"), scale, element);
  if (bytes > 2 ** 64) {
    throw errorAt(
      element,
      "OVERFLOW",
      `value too large: ${text}${attribute(element, "unit") ?? ""}`,
      undefined,
      "NONE",
    );
  }
  return bytes;
}

export function scaledChild(element: XmlElement, name: string, scale: number, path?: string): number | undefined {
  const found = child(element, name);
  return found === undefined ? undefined : scaledElement(found, scale, path ?? `./${name}`);
}

/**
 * Refuses children of an element that neither we nor libvirt know.
 *
 * libvirt drops such elements silently unless asked to validate; here nothing that the user wrote is ever dropped, so
 * it is the error that libvirt gives when it validates. Elements with a namespace prefix are not looked at.
 */
export function allowChildren(element: XmlElement, known: ReadonlySet<string>): void {
  for (const node of element.children) {
    if (typeof node !== "object" || !("children" in node) || known.has(node.name)) continue;
    throw unknownElement(node, element.name, known);
  }
}

export function unknownElement(element: XmlElement, parent: string, known: ReadonlySet<string>): VirtError {
  const close = nearest(element.name, [...known]);
  const detail = `Did not expect element ${element.name} there`;
  const hint =
    close === undefined
      ? `<${parent}> has no such element.`
      : `<${parent}> has no such element. Did you mean <${close}>?`;
  return errorAt(element, "XML_INVALID_SCHEMA", detail, hint);
}

import { type ErrorName, VirtError } from "@polyvisor/core";
import {
  attribute,
  child,
  errorAt,
  integerAttribute,
  nearest,
  onOffAttribute,
  type XmlElement,
} from "../../../xml/index.js";
import { parseNumberSet } from "../../number-set.js";
import type { NumberSet, VirtioOptions } from "../model/index.js";

/** How a document is read. */
export interface ParseContext {
  /** Without what only a running domain has: id, aliases, ports, paths that a start chose. */
  readonly inactive: boolean;
  /** Our own status file: with what the manager keeps for itself. */
  readonly status: boolean;
  /** Aliases that the user chose (`ua-...`) are kept. */
  readonly userAliases: boolean;
  /** The security driver that a label without a model belongs to. */
  readonly defaultSecurityModel?: string | undefined;
}

/** An error of the domain's configuration, at an element. */
export function confError(element: XmlElement, code: ErrorName, detail: string, hint?: string): VirtError {
  return errorAt(element, code, detail, hint, "DOMAIN");
}

/** An attribute of one of some words, with an error text of its own where libvirt has one. */
export function wordAttribute<const T extends string>(
  element: XmlElement,
  name: string,
  values: readonly T[],
  complain: (value: string) => string,
  code: ErrorName = "CONFIG_UNSUPPORTED",
): T | undefined {
  const value = attribute(element, name);
  return value === undefined || value === "" ? undefined : word(element, value, values, complain, code);
}

export function word<const T extends string>(
  element: XmlElement,
  value: string,
  values: readonly T[],
  complain: (value: string) => string,
  code: ErrorName = "CONFIG_UNSUPPORTED",
): T {
  for (const each of values) {
    if (each === value) return each;
  }
  const close = nearest(value, values);
  const list = `Allowed: ${values.join(", ")}.`;
  throw confError(element, code, complain(value), close === undefined ? list : `Did you mean '${close}'? ${list}`);
}

/** A set of numbers that an element names; one that cannot be read has the element's place. */
export function numbersOf(element: XmlElement, text: string): NumberSet {
  try {
    return parseNumberSet(text);
  } catch (error) {
    if (!(error instanceof VirtError)) throw error;
    throw errorAt(element, error.code, error.detail, error.hint, error.domain);
  }
}

export function numberSet(element: XmlElement, text: string, what: string): NumberSet {
  const set = numbersOf(element, text);
  if (set.length === 0) {
    throw confError(element, "CONFIG_UNSUPPORTED", `Invalid value of '${what}': ${text}`, "Name at least one number.");
  }
  return set;
}

/** The options that all virtio devices share, undefined when none is given. */
export function parseVirtioOptions(driver: XmlElement | undefined): VirtioOptions | undefined {
  if (driver === undefined) return undefined;
  const iommu = onOffAttribute(driver, "iommu");
  const ats = onOffAttribute(driver, "ats");
  const packed = onOffAttribute(driver, "packed");
  const pagePerVq = onOffAttribute(driver, "page_per_vq");
  if ((iommu ?? ats ?? packed ?? pagePerVq) === undefined) return undefined;
  return { iommu, ats, packed, pagePerVq };
}

export function has(element: XmlElement, name: string): boolean {
  return child(element, name) !== undefined;
}

/** Whether any field of an object is set. */
export function anySet(object: object): boolean {
  for (const value of Object.values(object)) {
    if (value !== undefined) return true;
  }
  return false;
}

/** A path without doubled and trailing slashes, as libvirt keeps most host paths. */
export function sanitizePath(path: string): string {
  const lead = /^\/\/(?!\/)/.test(path) ? "//" : path.startsWith("/") ? "/" : "";
  const rest = path
    .replace(/^\/+/, "")
    .replace(/\/{2,}/g, "/")
    .replace(/\/$/, "");
  return lead + rest;
}

/** A number that libvirt keeps with a sign and takes without. */
export function plainNumber(element: XmlElement, name: string, base: 0 | 10 = 10): number | undefined {
  const value = integerAttribute(element, name, { signed: true, base });
  if (value === undefined || value >= 0) return value;
  const words = `Invalid value for attribute '${name}' in element '${element.name}': '${value}'. Expected non-negative value`;
  throw confError(element, "XML_ERROR", words, "Write a number without a sign.");
}

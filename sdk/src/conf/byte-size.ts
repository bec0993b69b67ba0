import type { ErrorDomain } from "@polyvisor/core";
import { attribute, errorAt, textOf, unitScale, type XmlElement } from "../xml/index.js";

/** The longest file there can be: its length is a signed number of 64 bits. */
const LIMIT = 2n ** 63n - 1n;
/** The largest number that libvirt reads at all. */
const UNSIGNED_MAX = 2n ** 64n - 1n;
const MOST_DIGITS = 20;

/**
 * A size in bytes from an element with a `unit` attribute (bytes when it has none).
 *
 * Numbers are exact: what JavaScript's numbers cannot hold is refused like what is too large for a file.
 */
export function parseByteSize(element: XmlElement, malformed: string, domain: ErrorDomain): number {
  const text = textOf(element);
  const digits = /^\s*\+?(\d+)$/.exec(text)?.[1]?.replace(/^0+(?=\d)/, "");
  // the length first: the time to read a number grows with the square of its digits
  if (digits === undefined || digits.length > MOST_DIGITS || BigInt(digits) > UNSIGNED_MAX) {
    throw errorAt(element, "XML_ERROR", malformed, "Write a number, and the unit in the unit attribute.", domain);
  }
  const bytes = BigInt(digits) * BigInt(unitScale(attribute(element, "unit"), 1, element));
  const size = Number(bytes);
  if (bytes > LIMIT || BigInt(size) !== bytes) {
    const detail = `value too large: ${digits}${attribute(element, "unit") ?? ""}`;
    throw errorAt(element, "OVERFLOW", detail, "Give less than 8 EiB, and whole KiB above 8 PiB.", "NONE");
  }
  return size;
}

/** All digits of a whole number, also where JavaScript would round them. */
export function formatWhole(value: number): string {
  return BigInt(value).toString();
}

import type { Cursor } from "./cursor.js";
import { isAt, nameEnd } from "./names.js";
import { Units } from "./units.js";

/** The entities of XML as they end, and the characters that they stand for. */
const PREDEFINED = [
  ["lt;", 60],
  ["gt;", 62],
  ["amp;", 38],
  ["quot;", 34],
  ["apos;", 39],
] as const;
const HINT = "Only the five entities of XML are known; write & as &amp;.";

const TAB = 9;
const NEWLINE = 10;
const SPACE = 32;
const HASH = 35;
const AMPERSAND = 38;
const SEMICOLON = 59;
const SMALL_X = 120;

/** A character and where its reference ends. */
interface Resolved {
  point: number;
  end: number;
}

/** The text between two places with its references resolved; in an attribute's value, other blanks become spaces. */
export function resolveReferences(cursor: Cursor, from: number, to: number, inAttribute = false): string {
  const { text } = cursor;
  const result = new Units(to - from);
  const resolved: Resolved = { point: 0, end: 0 };
  for (let at = from; at < to; ) {
    const unit = text.charCodeAt(at);
    if (unit === AMPERSAND) {
      if (text.charCodeAt(at + 1) === HASH) characterReference(cursor, at + 2, resolved);
      else entityReference(cursor, at + 1, resolved);
      addPoint(result, resolved.point);
      at = resolved.end;
    } else {
      result.add(inAttribute && (unit === TAB || unit === NEWLINE) ? SPACE : unit);
      at++;
    }
  }
  return result.toString();
}

function addPoint(result: Units, point: number): void {
  if (point < 0x10000) result.add(point);
  else result.addText(String.fromCodePoint(point));
}

function entityReference(cursor: Cursor, from: number, resolved: Resolved): void {
  const { text } = cursor;
  for (const [name, point] of PREDEFINED) {
    if (!isAt(text, from, name)) continue;
    resolved.point = point;
    resolved.end = from + name.length;
    return;
  }
  const end = nameEnd(text, from);
  if (end === from) cursor.fail(from, "xmlParseEntityRef: no name", "Write & as &amp;.");
  if (text.charCodeAt(end) !== SEMICOLON) cursor.fail(end, "EntityRef: expecting ';'", "Write & as &amp;.");
  cursor.fail(end + 1, `Entity '${text.slice(from, end)}' not defined`, HINT);
}

function characterReference(cursor: Cursor, from: number, resolved: Resolved): void {
  const { text } = cursor;
  const hexadecimal = text.charCodeAt(from) === SMALL_X;
  const base = hexadecimal ? 16 : 10;
  let value = 0;
  let at = hexadecimal ? from + 1 : from;
  for (; text.charCodeAt(at) !== SEMICOLON; at++) {
    const digit = digitOf(text.charCodeAt(at));
    if (!(digit < base)) {
      const kind = hexadecimal ? "hexadecimal" : "decimal";
      cursor.fail(at, `CharRef: invalid ${kind} value`, "Write a number between &# and ; or write & as &amp;.");
    }
    value = Math.min(value * base + digit, 0x110000);
  }
  const end = at + 1;
  const hint = "XML has no such character; leave it out.";
  if (value === 0x110000) cursor.fail(end, "xmlParseCharRef: character reference out of bounds", hint);
  if (!isCharacter(value)) cursor.fail(end, `xmlParseCharRef: invalid xmlChar value ${value}`, hint);
  resolved.point = value;
  resolved.end = end;
}

/** The value of a digit, decimal or hexadecimal; 16 and more for what is none. */
function digitOf(unit: number): number {
  if (unit >= 48 && unit <= 57) return unit - 48;
  const letter = unit | 0x20;
  return letter >= 97 && letter <= 102 ? letter - 87 : 16;
}

/** Whether XML has a character with this number. */
export function isCharacter(point: number): boolean {
  if (point < 0x20) return point === 0x9 || point === 0xa || point === 0xd;
  return point < 0xd800 || (point > 0xdfff && point < 0xfffe) || point > 0xffff;
}

/** Where the first character stands that XML does not have, behind the text where all is well. */
export function firstForbidden(text: string): number {
  const suspect = text.search(SUSPECT);
  if (suspect < 0) return text.length + 1;
  for (let at = suspect; at < text.length; at++) {
    const point = text.codePointAt(at) ?? 0;
    if (!isCharacter(point)) return at;
    if (point > 0xffff) at++;
  }
  return text.length + 1;
}

/** Halves of characters above 16 bits are found too, though two that belong together are right. */
const SUSPECT = /[^\t\n\x20-\ud7ff\ue000-\ufffd]/;

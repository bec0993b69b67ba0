import type { Cursor } from "./cursor.js";
import { nameEnd } from "./names.js";

const PREDEFINED: Readonly<Record<string, string>> = { lt: "<", gt: ">", amp: "&", quot: '"', apos: "'" };
const HINT = "Only the five entities of XML are known; write & as &amp;.";

const UNUSUAL = /&(?!(?:lt|gt|amp|quot|apos);)/;
const BLANKS = /[\t\n]/;

/** `&amp;` comes last: what it makes is no reference again. One replacement with a function takes eight times as long. */
function resolvePredefined(text: string): string {
  return text
    .replaceAll("&lt;", "<")
    .replaceAll("&gt;", ">")
    .replaceAll("&quot;", '"')
    .replaceAll("&apos;", "'")
    .replaceAll("&amp;", "&");
}

function spaces(blanks: string): string {
  return " ".repeat(blanks.length);
}

/** The text between two places with its references resolved; in an attribute's value, other blanks become spaces. */
export function resolveReferences(cursor: Cursor, from: number, to: number, inAttribute = false): string {
  const { text } = cursor;
  if (from === to) return "";
  const whole = text.slice(from, to);
  if (!UNUSUAL.test(whole)) {
    const blank = inAttribute && BLANKS.test(whole) ? whole.replace(/[\t\n]+/g, spaces) : whole;
    return resolvePredefined(blank);
  }
  const plain = (start: number, end: number): string => {
    const part = text.slice(start, end);
    return inAttribute ? part.replace(/[\t\n]+/g, spaces) : part;
  };
  let result = "";
  let done = from;
  for (let at = text.indexOf("&", from); at >= 0 && at < to; at = text.indexOf("&", done)) {
    result += plain(done, at);
    if (text[at + 1] === "#") {
      const [character, end] = characterReference(cursor, at + 2);
      result += character;
      done = end;
    } else {
      const [value, end] = entityReference(cursor, at + 1);
      result += value;
      done = end;
    }
  }
  return result + plain(done, to);
}

function entityReference(cursor: Cursor, from: number): readonly [string, number] {
  const { text } = cursor;
  const end = nameEnd(text, from);
  if (end === from) cursor.fail(from, "xmlParseEntityRef: no name", "Write & as &amp;.");
  if (text[end] !== ";") cursor.fail(end, "EntityRef: expecting ';'", "Write & as &amp;.");
  const name = text.slice(from, end);
  const value = Object.hasOwn(PREDEFINED, name) ? PREDEFINED[name] : undefined;
  if (value === undefined) return cursor.fail(end + 1, `Entity '${name}' not defined`, HINT);
  return [value, end + 1];
}

function characterReference(cursor: Cursor, from: number): readonly [string, number] {
  const { text } = cursor;
  const hexadecimal = text[from] === "x";
  const start = hexadecimal ? from + 1 : from;
  const base = hexadecimal ? 16 : 10;
  let value = 0;
  let at = start;
  for (; text[at] !== ";"; at++) {
    const digit = Number.parseInt(text[at] ?? "", base);
    if (Number.isNaN(digit)) {
      const kind = hexadecimal ? "hexadecimal" : "decimal";
      cursor.fail(at, `CharRef: invalid ${kind} value`, "Write a number between &# and ; or write & as &amp;.");
    }
    value = Math.min(value * base + digit, 0x110000);
  }
  const end = at + 1;
  const hint = "XML has no such character; leave it out.";
  if (value === 0x110000) cursor.fail(end, "xmlParseCharRef: character reference out of bounds", hint);
  if (!isCharacter(value)) cursor.fail(end, `xmlParseCharRef: invalid xmlChar value ${value}`, hint);
  return [String.fromCodePoint(value), end];
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

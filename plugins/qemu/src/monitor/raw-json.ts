import { endOfString } from "./parse-line.js";

const QUOTE = 0x22;
const COMMA = 0x2c;

/**
 * A JSON document without the blanks between its parts. Numbers keep every digit, of which `JSON.parse` would lose some;
 * strings are escaped where they must be. The document must be one that `parseLine` has found to be JSON.
 */
export function compactJson(text: string): string {
  const parts: string[] = [];
  for (let at = 0; at < text.length; ) {
    const isString = text.charCodeAt(at) === QUOTE;
    const quote = text.indexOf('"', at);
    const end = isString ? endOfString(text, at) + 1 : quote < 0 ? text.length : quote;
    const part = text.slice(at, end);
    parts.push(isString ? JSON.stringify(JSON.parse(part)) : part.replace(/\s+/g, ""));
    at = end;
  }
  return parts.join("");
}

/** The members of an object in compact JSON, each value as it stands there. */
export function membersOf(object: string): Map<string, string> {
  const members = new Map<string, string>();
  for (let at = 1; at < object.length - 1; ) {
    const colon = endOfString(object, at) + 1;
    const end = endOfValue(object, colon + 1);
    members.set(JSON.parse(object.slice(at, colon)) as string, object.slice(colon + 1, end));
    at = end + 1;
  }
  return members;
}

/** Where the comma or the bracket stands that follows the value. */
function endOfValue(object: string, begin: number): number {
  let depth = 0;
  for (let at = begin; at < object.length; at++) {
    const char = object.charCodeAt(at);
    if (char === QUOTE) at = endOfString(object, at);
    else if (char === COMMA && depth === 0) return at;
    else if ("[{".includes(object[at] as string)) depth++;
    else if ("]}".includes(object[at] as string) && --depth < 0) return at;
  }
  return object.length;
}

import type { Json } from "../capabilities/json.js";

/** How deep QMP's own answers go is below twenty; parsing takes a second for two million levels. */
const DEPTH_MAX = 100;

/** Values in one line. The largest answers, about block devices, have some ten thousand. */
const VALUES_MAX = 200_000;

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const OPENING_BRACKET = 0x5b;
const CLOSING_BRACKET = 0x5d;
const OPENING_BRACE = 0x7b;
const CLOSING_BRACE = 0x7d;

/** Parses one line, whoever wrote it, in bounded time. Throws where it is no JSON, or more than any emulator says. */
export function parseLine(line: string): Json {
  checkShape(line);
  return JSON.parse(line) as Json;
}

function checkShape(line: string): void {
  let depth = 0;
  let values = 1;
  for (let at = 0; at < line.length; at++) {
    const char = line.charCodeAt(at);
    if (char === QUOTE) at = endOfString(line, at);
    else if (char === CLOSING_BRACKET || char === CLOSING_BRACE) depth--;
    else if (char === COMMA || char === OPENING_BRACKET || char === OPENING_BRACE) {
      if (char !== COMMA && ++depth > DEPTH_MAX)
        throw new RangeError(`a message is nested deeper than ${DEPTH_MAX} levels`);
      if (++values > VALUES_MAX) throw new RangeError(`a message has more than ${VALUES_MAX} values`);
    }
  }
}

/** Where the string ends that begins at this quote; a string without an end goes on to the end of the line. */
export function endOfString(line: string, begin: number): number {
  for (let at = line.indexOf('"', begin + 1); at >= 0; at = line.indexOf('"', at + 1)) {
    let escapes = 0;
    while (line.charCodeAt(at - 1 - escapes) === BACKSLASH) escapes++;
    if (escapes % 2 === 0) return at;
  }
  return line.length;
}

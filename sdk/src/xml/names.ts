const START = 1;
const PART = 2;

/** What the characters of ASCII may be in a name. */
const ASCII = new Uint8Array(128);
for (const each of "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_:") ASCII[each.charCodeAt(0)] = START | PART;
for (const each of "0123456789-.") ASCII[each.charCodeAt(0)] = PART;

// XML 1.0, 5th edition, productions 4 and 4a
const FOREIGN_START =
  "\\u00c0-\\u00d6\\u00d8-\\u00f6\\u00f8-\\u02ff\\u0370-\\u037d\\u037f-\\u1fff\\u200c\\u200d\\u2070-\\u218f\\u2c00-\\u2fef" +
  "\\u3001-\\ud7ff\\uf900-\\ufdcf\\ufdf0-\\ufffd\\u{10000}-\\u{effff}";
const FOREIGN = {
  [START]: new RegExp(`^[${FOREIGN_START}]$`, "u"),
  [PART]: new RegExp(`^[${FOREIGN_START}\\u00b7\\u0300-\\u036f\\u203f\\u2040]$`, "u"),
};

/** Where the name that begins at `from` ends; `from` where none begins. */
export function nameEnd(text: string, from: number): number {
  let at = from;
  let wanted: typeof START | typeof PART = START;
  for (;;) {
    const code = text.charCodeAt(at);
    if (code < 128) {
      if (((ASCII[code] ?? 0) & wanted) === 0) return at;
      at++;
    } else {
      const point = text.codePointAt(at);
      if (point === undefined || !FOREIGN[wanted].test(String.fromCodePoint(point))) return at;
      at += point > 0xffff ? 2 : 1;
    }
    wanted = PART;
  }
}

/** How many strings are kept to be shared; a power of two. */
const KEPT = 256;
/** Longer ones are rarely the same. */
const SHORT = 24;
/** In shorter texts memory does not matter, and to look for the same takes time. */
const WORTHWHILE = 16_384;

/**
 * Cuts strings out of a text, and gives out the same string for the same letters where it can: documents say the same few
 * words again and again, and memory for each would cost more than to read them.
 */
export class Cutter {
  readonly #text: string;
  readonly #kept: string[] = [];
  readonly #longest: number;

  constructor(text: string) {
    this.#text = text;
    this.#longest = text.length < WORTHWHILE ? -1 : SHORT;
  }

  cut(from: number, to: number): string {
    const text = this.#text;
    const length = to - from;
    if (length > this.#longest) return text.slice(from, to);
    const first = text.charCodeAt(from);
    const middle = text.charCodeAt(from + (length >> 1));
    const slot = (length * 61 + first * 31 + middle * 7 + text.charCodeAt(to - 1)) & (KEPT - 1);
    const kept = this.#kept[slot];
    if (kept !== undefined && kept.length === length && isAt(text, from, kept)) return kept;
    const cut = text.slice(from, to);
    this.#kept[slot] = cut;
    return cut;
  }
}

/** Like `startsWith`, and faster for short words. */
export function isAt(text: string, from: number, word: string): boolean {
  for (let at = 0; at < word.length; at++) {
    if (text.charCodeAt(from + at) !== word.charCodeAt(at)) return false;
  }
  return true;
}

import { VirtError } from "@polyvisor/core";
import type { JsonObject, JsonValue } from "./value.js";

/** How deep lists and objects may be nested. */
const DEPTH_MAX = 500;

/** How much of a document an error repeats. */
const SHOWN = 200;

const BLANKS = /[ \t\n\v\f\r]*/y;
const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
const WORD = /true|false|null/y;
const WORDS: Readonly<Record<string, JsonValue>> = { true: true, false: false, null: null };

/**
 * A JSON document, in a string or as UTF-8.
 *
 * Stricter than `JSON.parse`: a key may stand once in an object. Throws `INTERNAL_ERROR` in libvirt's words, with the
 * place, for everything else than one value.
 */
export function parseJson(document: string | Uint8Array): JsonValue {
  const text = typeof document === "string" ? document : decode(document);
  const reader = new Reader(text);
  const value = reader.value(0);
  reader.end();
  return value;
}

function decode(bytes: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (error) {
    throw new VirtError("INTERNAL_ERROR", "cannot parse json: invalid bytes in UTF8 string", {
      hint: "Send UTF-8.",
      cause: error,
    });
  }
}

class Reader {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  value(depth: number): JsonValue {
    this.#skipBlanks();
    if (depth > DEPTH_MAX) this.#fail(`nested deeper than ${DEPTH_MAX} levels`);
    switch (this.#text[this.#at]) {
      case "{":
        return this.#object(depth);
      case "[":
        return this.#list(depth);
      case '"':
        return this.#string();
      default:
        return this.#scalar();
    }
  }

  end(): void {
    this.#skipBlanks();
    if (this.#at < this.#text.length) this.#fail("trailing garbage");
  }

  #object(depth: number): JsonObject {
    const found = new Map<string, JsonValue>();
    this.#at++;
    if (this.#takes("}")) return found;
    do {
      this.#skipBlanks();
      if (this.#text[this.#at] !== '"') this.#fail("object key must be a string");
      const begin = this.#at;
      const key = this.#string();
      if (found.has(key)) {
        this.#at = begin;
        this.#fail(`key '${key}' stands twice in an object`);
      }
      if (!this.#takes(":")) this.#fail("object key and value must be separated by a colon (':')");
      found.set(key, this.value(depth + 1));
    } while (this.#takes(","));
    if (!this.#takes("}")) this.#fail("after key and value, inside map, I expect ',' or '}'");
    return found;
  }

  #list(depth: number): readonly JsonValue[] {
    const found: JsonValue[] = [];
    this.#at++;
    if (this.#takes("]")) return found;
    do found.push(this.value(depth + 1));
    while (this.#takes(","));
    if (!this.#takes("]")) this.#fail("after array element, I expect ',' or ']'");
    return found;
  }

  #string(): string {
    const begin = this.#at;
    let end = this.#text.indexOf('"', begin + 1);
    while (end !== -1 && this.#isEscaped(end)) end = this.#text.indexOf('"', end + 1);
    if (end === -1) this.#fail("unterminated string");
    try {
      const value: unknown = JSON.parse(this.#text.slice(begin, end + 1));
      this.#at = end + 1;
      return String(value);
    } catch {
      return this.#fail("invalid character inside string");
    }
  }

  #isEscaped(at: number): boolean {
    let escapes = 0;
    while (this.#text[at - 1 - escapes] === "\\") escapes++;
    return escapes % 2 === 1;
  }

  #scalar(): JsonValue {
    const number = this.#match(NUMBER);
    if (number !== undefined) return { number };
    const word = this.#match(WORD);
    if (word === undefined) return this.#fail(this.#at < this.#text.length ? "invalid text" : "premature EOF");
    return WORDS[word] ?? null;
  }

  #match(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#text)?.[0];
    if (found !== undefined) this.#at += found.length;
    return found;
  }

  #skipBlanks(): void {
    this.#match(BLANKS);
  }

  #takes(sign: string): boolean {
    this.#skipBlanks();
    if (this.#text[this.#at] !== sign) return false;
    this.#at++;
    return true;
  }

  #fail(why: string): never {
    const text = this.#text;
    const before = text.slice(0, this.#at).split("\n");
    const position = { line: before.length, column: (before.at(-1)?.length ?? 0) + 1 };
    const shown = text.length > SHOWN ? `${text.slice(0, SHOWN)}...` : text;
    throw new VirtError("INTERNAL_ERROR", `cannot parse json ${shown}: ${why}`, { position });
  }
}

import type { XmlAttribute, XmlElement, XmlNode } from "./element.js";
import { declare, resolve, type Scope } from "./namespace.js";

interface OpenElement {
  readonly name: string;
  uri: string;
  readonly attributes: XmlAttribute[];
  readonly children: XmlNode[];
  readonly line: number;
  readonly column: number;
}

interface Frame {
  readonly element: OpenElement;
  readonly outerScope: Scope | undefined;
}

/**
 * The root element of a document as people and programs nearly always write them: elements, attributes, text and
 * comments, names of ASCII letters, lines that end in a line feed, only the five entities of XML.
 *
 * Several times as fast as the full parser, because it knows no errors: for everything else, and for every document with
 * a mistake, it returns `undefined`, and the full parser reads the document or says what is wrong with it.
 */
export function parsePlain(text: string, maxDepth: number): XmlElement | undefined {
  return UNUSUAL.test(text) ? undefined : new PlainReader(text, maxDepth).read();
}

/** Characters that XML forbids or changes, those above 16 bits, and the end of a CDATA section. */
const UNUSUAL = /[^\t\n\x20-\ud7ff\ue000-\ufffd]|\]\]>/;
const DECLARATION = /^<\?xml version=(["'])1\.0\1(?: encoding=(["'])[Uu][Tt][Ff]-8\2)? ?\?>/;
const BLANK = /^[ \t\n]*$/;
const IN_VALUE = /[&<\t\n]/;
const ENTITY = /&([^;]*;)?/g;
const ENTITIES: Readonly<Record<string, string>> = { "amp;": "&", "lt;": "<", "gt;": ">", "quot;": '"', "apos;": "'" };

/** Each is compared with all before it. */
const MAX_ATTRIBUTES = 64;

const TAB = 9;
const LINE_FEED = 10;
const SPACE = 32;
const EXCLAMATION = 33;
const DOUBLE_QUOTE = 34;
const SINGLE_QUOTE = 39;
const SLASH = 47;
const EQUALS = 61;
const GREATER = 62;

const START = 1;
const INSIDE = 2;
/** By character code: what may begin a name, and what may go on in one. */
const NAME = Uint8Array.from({ length: 128 }, (_, code) => {
  const letter = String.fromCharCode(code);
  return /[A-Za-z_:]/.test(letter) ? START | INSIDE : /[-.0-9]/.test(letter) ? INSIDE : 0;
});

class PlainReader {
  readonly #text: string;
  readonly #maxDepth: number;
  #at = 0;
  #line = 1;
  #lineStart = 0;
  #lineEnd: number;
  readonly #open: Frame[] = [];
  #current: OpenElement | undefined;
  #scope: Scope | undefined;
  #root: XmlElement | undefined;

  constructor(text: string, maxDepth: number) {
    this.#text = text;
    this.#maxDepth = maxDepth;
    this.#lineEnd = this.#endOfLine(0);
  }

  read(): XmlElement | undefined {
    const text = this.#text;
    this.#at = DECLARATION.exec(text)?.[0].length ?? 0;
    for (;;) {
      const less = text.indexOf("<", this.#at);
      if (!this.#readText(less < 0 ? text.length : less)) return undefined;
      if (less < 0) return this.#current === undefined ? this.#root : undefined;
      const next = text.charCodeAt(less + 1);
      if (next === SLASH ? !this.#closeTag() : next === EXCLAMATION ? !this.#comment() : !this.#openTag()) {
        return undefined;
      }
    }
  }

  /** Moves to `end`; whatever stands before it belongs to the element that is open. */
  #readText(end: number): boolean {
    if (end === this.#at) return true;
    const written = this.#text.slice(this.#at, end);
    this.#at = end;
    const current = this.#current;
    if (current === undefined) return BLANK.test(written);
    const value = written.includes("&") ? decode(written) : written;
    if (value === undefined) return false;
    current.children.push(value);
    return true;
  }

  #openTag(): boolean {
    if (this.#open.length >= this.#maxDepth || (this.#current === undefined && this.#root !== undefined)) return false;
    const start = this.#at;
    while (start > this.#lineEnd) {
      this.#line++;
      this.#lineStart = this.#lineEnd + 1;
      this.#lineEnd = this.#endOfLine(this.#lineStart);
    }
    this.#at++;
    const name = this.#name();
    if (name === "") return false;
    const element: OpenElement = {
      name,
      uri: "",
      attributes: [],
      children: [],
      line: this.#line,
      column: start - this.#lineStart + 1,
    };
    this.#current?.children.push(element);
    const outerScope = this.#scope;
    for (;;) {
      const before = this.#at;
      this.#spaces();
      const code = this.#text.charCodeAt(this.#at);
      if (code === GREATER || code === SLASH) break;
      if (this.#at === before || !this.#attribute(element.attributes)) return false;
    }
    if (this.#scope !== undefined) element.uri = resolve(this.#scope, name);
    if (this.#text.charCodeAt(this.#at) === GREATER) {
      this.#at++;
      this.#open.push({ element, outerScope });
      this.#current = element;
      return true;
    }
    if (this.#text.charCodeAt(this.#at + 1) !== GREATER) return false;
    this.#at += 2;
    this.#scope = outerScope;
    if (this.#current === undefined) this.#root = element;
    return true;
  }

  #attribute(attributes: XmlAttribute[]): boolean {
    const text = this.#text;
    const name = this.#name();
    if (name === "" || attributes.length === MAX_ATTRIBUTES) return false;
    this.#spaces();
    if (text.charCodeAt(this.#at++) !== EQUALS) return false;
    this.#spaces();
    const quote = text.charCodeAt(this.#at++);
    if (quote !== SINGLE_QUOTE && quote !== DOUBLE_QUOTE) return false;
    const end = text.indexOf(quote === SINGLE_QUOTE ? "'" : '"', this.#at);
    if (end < 0) return false;
    const written = text.slice(this.#at, end);
    this.#at = end + 1;
    const value = IN_VALUE.test(written) ? decodeValue(written) : written;
    if (value === undefined) return false;
    for (const other of attributes) {
      if (other.name === name) return false;
    }
    attributes.push({ name, value });
    this.#scope = declare(this.#scope, name, value);
    return true;
  }

  #closeTag(): boolean {
    const element = this.#current;
    if (element === undefined || !this.#text.startsWith(element.name, this.#at + 2)) return false;
    this.#at += 2 + element.name.length;
    this.#spaces();
    if (this.#text.charCodeAt(this.#at) !== GREATER) return false;
    this.#at++;
    this.#scope = this.#open.pop()?.outerScope;
    this.#current = this.#open.at(-1)?.element;
    if (this.#current === undefined) this.#root = element;
    return true;
  }

  #comment(): boolean {
    if (!this.#text.startsWith("<!--", this.#at)) return false;
    const start = this.#at + 4;
    const end = this.#text.indexOf("--", start);
    if (end < 0 || this.#text.charCodeAt(end + 2) !== GREATER) return false;
    this.#current?.children.push({ comment: this.#text.slice(start, end) });
    this.#at = end + 3;
    return true;
  }

  /** The name that begins here, `""` where there is none. */
  #name(): string {
    const text = this.#text;
    const start = this.#at;
    if (((NAME[text.charCodeAt(start)] ?? 0) & START) === 0) return "";
    let end = start + 1;
    while (((NAME[text.charCodeAt(end)] ?? 0) & INSIDE) !== 0) end++;
    this.#at = end;
    return text.slice(start, end);
  }

  #spaces(): void {
    for (;;) {
      const code = this.#text.charCodeAt(this.#at);
      if (code !== SPACE && code !== LINE_FEED && code !== TAB) return;
      this.#at++;
    }
  }

  #endOfLine(from: number): number {
    const end = this.#text.indexOf("\n", from);
    return end < 0 ? this.#text.length : end;
  }
}

/** An attribute's value as XML wants it read: white space is spaces, entities are what they stand for. */
function decodeValue(written: string): string | undefined {
  if (written.includes("<")) return undefined;
  return decode(written.replace(/[\t\n]/g, " "));
}

function decode(written: string): string | undefined {
  let isKnown = true;
  const decoded = written.replace(ENTITY, (_, name: string | undefined) => {
    const character = name === undefined ? undefined : ENTITIES[name];
    if (character === undefined) isKnown = false;
    return character ?? "";
  });
  return isKnown ? decoded : undefined;
}

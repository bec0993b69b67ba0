import { Units } from "./units.js";

/**
 * Escapes text and attribute values as libvirt does; control characters that XML cannot hold are left out. Carriage
 * returns, which libvirt prints as they are, would be line feeds when they are read again.
 */
export function escapeXml(text: string): string {
  return SPECIAL.test(text) ? escapedBy(text, ESCAPES) : text;
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what libvirt drops
const SPECIAL = /[\x01-\x08\x0b-\x19"&'<>]/;
const IN_ATTRIBUTE = new RegExp(`${SPECIAL.source}|[\\t\\n]`);

/** What stands for the first characters of ASCII where it is not they. */
type Escapes = readonly (string | undefined)[];

const ESCAPES: Escapes = Array.from({ length: 0x40 }, (_, code) => {
  if (code > 0 && code < 0x1a && !"\t\n\r".includes(String.fromCharCode(code))) return "";
  return { "&": "&amp;", "<": "&lt;", ">": "&gt;", "'": "&apos;", '"': "&quot;", "\r": "&#13;" }[
    String.fromCharCode(code)
  ];
});
/** What a reader would take for mere blanks is escaped too: line feeds and tabs. */
const ATTRIBUTE_ESCAPES: Escapes = ESCAPES.map((each, code) => (code === 9 || code === 10 ? `&#${code};` : each));

function escapedBy(text: string, escapes: Escapes): string {
  const insteadOf = (unit: number): string | undefined => (unit < escapes.length ? escapes[unit] : undefined);
  let length = 0;
  for (let at = 0; at < text.length; at++) length += insteadOf(text.charCodeAt(at))?.length ?? 1;
  const escaped = new Units(length);
  for (let at = 0; at < text.length; at++) {
    const unit = text.charCodeAt(at);
    const instead = insteadOf(unit);
    if (instead === undefined) escaped.add(unit);
    else escaped.addText(instead);
  }
  return escaped.toString();
}

/** ` name='value'` with the value escaped, or nothing for an absent value. */
export function attr(name: string, value: string | number | undefined): string {
  if (value === undefined) return "";
  return ` ${name}='${typeof value === "number" ? value : escapeAttribute(value)}'`;
}

function escapeAttribute(text: string): string {
  return IN_ATTRIBUTE.test(text) ? escapedBy(text, ATTRIBUTE_ESCAPES) : text;
}

/** Like `attr`, and nothing for zero. */
export function attrNonzero(name: string, value: number | undefined): string {
  return value ? ` ${name}='${value}'` : "";
}

/** Builds a document with libvirt's layout: two spaces a level, single-quoted attributes. */
export class XmlWriter {
  #out = "";
  #level: number;
  /** How a tag begins at this level. They are made once: every string that is put together takes time. */
  #open = "";
  #close = "";

  /** `level`: how deep the first element is indented. */
  constructor(level = 0) {
    this.#level = level;
    this.#indent(0);
  }

  toString(): string {
    return this.#out;
  }

  get level(): number {
    return this.#level;
  }

  /** `<name attributes/>`, always. `attributes` come from `attr` and begin with a space. */
  empty(name: string, attributes = ""): void {
    this.#out += `${this.#open}${name}${attributes}/>\n`;
  }

  /** `<name attributes/>` unless there are no attributes. */
  emptyIfAttributes(name: string, attributes: string): void {
    if (attributes !== "") this.empty(name, attributes);
  }

  /** `<name attributes>text</name>`, or nothing for absent text. */
  leaf(name: string, text: string | number | undefined, attributes = ""): void {
    if (text === undefined) return;
    const value = typeof text === "number" ? text : escapeXml(text);
    this.#out += `${this.#open}${name}${attributes}>${value}</${name}>\n`;
  }

  /** An element with an opening and a closing tag even when `body` writes nothing. */
  block(name: string, attributes: string, body: () => void): void {
    this.#out += `${this.#open}${name}${attributes}>\n`;
    this.#indent(1);
    body();
    this.#indent(-1);
    this.#out += `${this.#close}${name}>\n`;
  }

  /** An element that is empty when `body` writes nothing, and left out when it has no attributes either. */
  element(name: string, attributes: string, body: () => void): void {
    this.#write(name, attributes, body, false);
  }

  /** Like `element`, and never left out. */
  elementAlways(name: string, attributes: string, body: () => void): void {
    this.#write(name, attributes, body, true);
  }

  /** Complete lines, written as they are. */
  raw(lines: string): void {
    this.#out += lines;
  }

  /** A line at the current indentation. */
  line(text: string): void {
    this.#out += `${"  ".repeat(this.#level)}${text}\n`;
  }

  #write(name: string, attributes: string, body: () => void, always: boolean): void {
    const before = this.#out;
    this.#out = "";
    this.#indent(1);
    body();
    this.#indent(-1);
    const inner = this.#out;
    if (inner !== "") this.#out = `${before}${this.#open}${name}${attributes}>\n${inner}${this.#close}${name}>\n`;
    else if (attributes !== "" || always) this.#out = `${before}${this.#open}${name}${attributes}/>\n`;
    else this.#out = before;
  }

  #indent(by: number): void {
    this.#level += by;
    this.#open = tagStart(OPENING, this.#level, "<");
    this.#close = tagStart(CLOSING, this.#level, "</");
  }
}

const OPENING: string[] = [];
const CLOSING: string[] = [];

function tagStart(made: string[], level: number, tag: "<" | "</"): string {
  made[level] ??= "  ".repeat(level) + tag;
  return made[level];
}

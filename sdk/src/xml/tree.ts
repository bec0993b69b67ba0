import type { Cursor } from "./cursor.js";
import type { XmlAttribute, XmlElement, XmlNode } from "./element.js";
import { ELEMENTS_MAX, excessAt, rememberSize } from "./excess.js";
import { Cutter, isAt, nameEnd } from "./names.js";
import { Scope } from "./namespace.js";
import { commentEnd, skipInstruction } from "./prolog.js";
import { firstForbidden, resolveReferences } from "./references.js";
import { repeatedName } from "./repeated.js";

/** As deep as libxml2 goes. */
const DEPTH_MAX = 257;
const NAME_MAX = 50_000;
/** The most attributes of an element; those of libvirt's formats have a few dozen. */
const ATTRIBUTES_MAX = 1000;

/** An element as long as its end has not come: its children are still to be found. */
interface OpenElement extends XmlElement {
  children: readonly XmlNode[];
}

/** What is put back when an element ends. */
interface Frame {
  readonly element: OpenElement;
  readonly outerScope: Scope | undefined;
  /** How many nodes were waiting for their parent when it began. */
  readonly waiting: number;
}

/** What elements without attributes or without children share. */
const NO_ATTRIBUTES: readonly XmlAttribute[] = [];
const NO_CHILDREN: readonly XmlNode[] = [];

const TAB = 9;
const NEWLINE = 10;
const SPACE = 32;
const BANG = 33;
const QUOTE = 34;
const AMPERSAND = 38;
const APOSTROPHE = 39;
const SLASH = 47;
const LESS = 60;
const EQUALS = 61;
const GREATER = 62;
const QUESTION = 63;
const SMALL_X = 120;

/** Reads the root element of a document. */
export class TreeBuilder {
  readonly #cursor: Cursor;
  readonly #text: string;
  readonly #isOurs: boolean;
  readonly #cutter: Cutter;
  readonly #stack: Frame[] = [];
  // arrays that grow by themselves take far more memory than they need: nodes wait here, then each gets an array that fits
  readonly #waiting: XmlNode[] = [];
  #waitingCount = 0;
  readonly #attributesRead: XmlAttribute[] = [];
  #scope: Scope | undefined;
  /** Elements, comments and sections. */
  #nodes = 0;
  /** The next `&`, `]]>` and character that XML does not have, or behind the text: each is looked for once. */
  #ampersand: number;
  #sectionEnd: number;
  readonly #forbidden: number;

  /** `isOurs`: however many elements there are, they are read. */
  constructor(cursor: Cursor, isOurs: boolean) {
    this.#cursor = cursor;
    this.#isOurs = isOurs;
    this.#text = cursor.text;
    this.#cutter = new Cutter(cursor.text);
    this.#ampersand = this.#find("&", cursor.at);
    this.#sectionEnd = this.#find("]]>", cursor.at);
    this.#forbidden = firstForbidden(cursor.text);
  }

  /** The cursor stands at the `<` of the root, and afterwards behind the root. */
  parse(): XmlElement {
    const excess = this.#isOurs ? undefined : excessAt(this.#text);
    if (excess !== undefined) this.#tooMany(excess);
    const root = this.#startTag();
    while (this.#stack.length > 0) this.#content();
    if (!this.#isOurs) rememberSize(root, this.#nodes);
    return root;
  }

  #content(): void {
    const cursor = this.#cursor;
    const text = this.#text;
    const { at } = cursor;
    if (text.charCodeAt(at) !== LESS) {
      this.#textUntilTag(at);
      return;
    }
    switch (text.charCodeAt(at + 1)) {
      case SLASH:
        this.#endTag();
        return;
      case QUESTION:
        this.#instruction(at);
        return;
      case BANG:
        if (text.startsWith("<!--", at)) this.#comment(at + 4);
        else if (text.startsWith("<![CDATA[", at)) this.#section(at + 9);
        else this.#startTag();
        return;
      default:
        this.#startTag();
    }
  }

  #textUntilTag(from: number): void {
    const text = this.#text;
    const tag = text.indexOf("<", from);
    const end = tag < 0 ? text.length : tag;
    if (this.#sectionEnd < from) this.#sectionEnd = this.#find("]]>", from);
    if (this.#ampersand < from) this.#ampersand = this.#find("&", from);
    const stop = Math.min(end, this.#sectionEnd, this.#forbidden);
    const value = this.#ampersand < stop ? resolveReferences(this.#cursor, from, stop) : this.#cutter.cut(from, stop);
    this.#rejectForbidden(from, end, "PCDATA invalid Char value");
    if (stop < end) {
      // libxml2 points at where the text begins, if that is in the same line
      const at = text.slice(from, stop).includes("\n") ? stop : from;
      this.#cursor.fail(at, "Sequence ']]>' not allowed in content", "Write > as &gt;.");
    }
    if (tag < 0) {
      const { name, line } = this.#current;
      this.#cursor.fail(end, `Premature end of data in tag ${name} line ${line}`, `Close <${name}> with </${name}>.`);
    }
    this.#waiting[this.#waitingCount++] = value;
    this.#cursor.at = end;
  }

  #instruction(from: number): void {
    const name = skipInstruction(this.#cursor);
    this.#rejectForbidden(from, this.#cursor.at, `ParsePI: PI ${name} never end ...`);
  }

  #comment(from: number): void {
    this.#count(from);
    const end = commentEnd(this.#cursor, from);
    this.#rejectForbidden(from, end, "xmlParseComment: invalid xmlChar value");
    this.#waiting[this.#waitingCount++] = { comment: this.#text.slice(from, end) };
    this.#cursor.at = end + 3;
  }

  #section(from: number): void {
    this.#count(from);
    const end = this.#text.indexOf("]]>", from);
    if (end < 0) {
      const words = `CData section not finished\n${this.#text.slice(from, -2).slice(0, 50)}`;
      this.#cursor.fail(this.#text.length, words, "End the section with ]]>.");
    }
    this.#rejectForbidden(from, end, "PCDATA invalid Char value");
    if (end > from) this.#waiting[this.#waitingCount++] = this.#text.slice(from, end);
    this.#cursor.at = end + 3;
  }

  #startTag(): XmlElement {
    const cursor = this.#cursor;
    const text = this.#text;
    const start = cursor.at;
    const end = nameEnd(text, start + 1);
    if (end === start + 1) cursor.fail(end, "StartTag: invalid element name", "Write < in text as &lt;.");
    if (end - start > NAME_MAX) cursor.fail(start + 1, "Name too long: NCName", "Choose a shorter name.");
    if (this.#stack.length >= DEPTH_MAX) {
      const words = `Excessive depth in document: ${DEPTH_MAX - 1} use XML_PARSE_HUGE option`;
      cursor.fail(end, words, "Nest fewer elements in each other.");
    }
    this.#count(start);
    const name = this.#cutter.cut(start + 1, end);
    cursor.locate(start);
    const { line } = cursor;
    const column = start - cursor.lineStart + 1;
    const outerScope = this.#scope;
    cursor.at = end;
    const attributes = this.#attributes(name, line);
    const uri = this.#scope === undefined ? "" : this.#scope.uriOf(name);
    const element: OpenElement = { name, uri, attributes, children: NO_CHILDREN, line, column };
    if (this.#stack.length > 0) this.#waiting[this.#waitingCount++] = element;
    if (text.charCodeAt(cursor.at) === SLASH) {
      cursor.at += 2;
      this.#scope = outerScope;
    } else {
      cursor.at++;
      this.#stack.push({ element, outerScope, waiting: this.#waitingCount });
    }
    return element;
  }

  /** Goes to the `>` or `/>` of a start tag. */
  #attributes(tag: string, line: number): readonly XmlAttribute[] {
    const cursor = this.#cursor;
    const text = this.#text;
    if (text.charCodeAt(cursor.at) === GREATER) return NO_ATTRIBUTES;
    const attributes = this.#attributesRead;
    let count = 0;
    let declared = false;
    for (;;) {
      const before = cursor.at;
      cursor.skipBlanks();
      const { at } = cursor;
      const code = text.charCodeAt(at);
      if (code === GREATER || (code === SLASH && text.charCodeAt(at + 1) === GREATER)) break;
      if (count > 0 && at === before) {
        cursor.fail(at, "attributes construct error", "Put a space between attributes.");
      }
      if (!(code >= SPACE)) {
        cursor.fail(at, `Couldn't find end of Start Tag ${tag} line ${line}`, `End the tag <${tag}> with >.`);
      }
      if (count === ATTRIBUTES_MAX) {
        cursor.fail(at, `Too many attributes in element ${tag}: ${ATTRIBUTES_MAX}`, "Give fewer attributes.");
      }
      const attribute = this.#attribute();
      if (attribute.name.charCodeAt(0) === SMALL_X && attribute.name.startsWith("xmlns")) {
        if (!declared) this.#scope = new Scope(this.#scope);
        declared = true;
        this.#declare(attribute);
      }
      attributes[count++] = attribute;
    }
    if (count === 0) return NO_ATTRIBUTES;
    const read = attributes.slice(0, count);
    if (count > 1) this.#rejectRepeated(read);
    return read;
  }

  #attribute(): XmlAttribute {
    const cursor = this.#cursor;
    const text = this.#text;
    const start = cursor.at;
    const end = nameEnd(text, start);
    if (end === start) cursor.fail(start, "error parsing attribute name", "Write attributes as name='value'.");
    const name = this.#cutter.cut(start, end);
    cursor.at = end;
    cursor.skipBlanks();
    if (text.charCodeAt(cursor.at) !== EQUALS) {
      cursor.fail(cursor.at, `Specification mandates value for attribute ${name}`, `Write ${name}='value'.`);
    }
    cursor.at++;
    cursor.skipBlanks();
    const quote = text.charCodeAt(cursor.at);
    if (quote !== QUOTE && quote !== APOSTROPHE) {
      cursor.fail(cursor.at, "AttValue: \" or ' expected", "Put the attribute's value in quotes.");
    }
    return { name, value: this.#value(cursor.at + 1, quote) };
  }

  #value(from: number, quote: number): string {
    const cursor = this.#cursor;
    const text = this.#text;
    let at = from;
    let plain = true;
    for (;;) {
      const code = text.charCodeAt(at);
      if (code === quote) break;
      if (code === AMPERSAND || code === NEWLINE || code === TAB) plain = false;
      else if (code === LESS || Number.isNaN(code)) break;
      at++;
    }
    const stop = Math.min(at, this.#forbidden);
    const value = plain ? this.#cutter.cut(from, stop) : resolveReferences(cursor, from, stop, true);
    this.#rejectForbidden(from, at, "invalid character in attribute value");
    if (text.charCodeAt(at) === LESS) {
      cursor.fail(at, "Unescaped '<' not allowed in attributes values", "Write < as &lt;.");
    }
    if (at === text.length) cursor.fail(at, "AttValue: ' expected", "End the attribute's value with its quote.");
    cursor.at = at + 1;
    return value;
  }

  #declare({ name, value }: XmlAttribute): void {
    if (name === "xmlns") this.#scope?.declare("", value);
    else if (name[5] === ":") this.#scope?.declare(name.slice(6), value);
  }

  #rejectRepeated(attributes: readonly XmlAttribute[]): void {
    const repeated = repeatedName(attributes);
    if (repeated === undefined) return;
    this.#cursor.fail(this.#cursor.at, `Attribute ${repeated} redefined`, `Give ${repeated} once.`);
  }

  #endTag(): void {
    const cursor = this.#cursor;
    const text = this.#text;
    const start = cursor.at + 2;
    const { name, line } = this.#current;
    const same = isAt(text, start, name) && nameEnd(text, start) === start + name.length;
    const end = same ? start + name.length : nameEnd(text, start);
    cursor.at = end;
    cursor.skipBlanks();
    if (text.charCodeAt(cursor.at) !== GREATER) {
      cursor.fail(cursor.at, "expected '>'", `Close <${name}> with </${name}>.`);
    }
    cursor.at++;
    if (!same) {
      const written = end === start ? "unparsable" : text.slice(start, end);
      const words = `Opening and ending tag mismatch: ${name} line ${line} and ${written}`;
      cursor.fail(cursor.at, words, `Close <${name}> with </${name}>.`);
    }
    this.#close();
  }

  /** Gives the innermost element its children. */
  #close(): void {
    const frame = this.#stack.pop();
    if (frame === undefined) return;
    this.#scope = frame.outerScope;
    if (this.#waitingCount === frame.waiting) return;
    frame.element.children = this.#waiting.slice(frame.waiting, this.#waitingCount);
    this.#waitingCount = frame.waiting;
  }

  get #current(): XmlElement {
    const frame = this.#stack[this.#stack.length - 1];
    if (frame === undefined) throw new Error("no element is open");
    return frame.element;
  }

  #count(at: number): void {
    if (++this.#nodes > ELEMENTS_MAX && !this.#isOurs) this.#tooMany(at);
  }

  #tooMany(at: number): never {
    return this.#cursor.fail(at, `Too many elements in document: ${ELEMENTS_MAX}`, "Split the document.");
  }

  #rejectForbidden(from: number, to: number, words: string): void {
    const at = this.#forbidden;
    if (at < from || at >= to) return;
    const code = this.#text.charCodeAt(at);
    const message = code > 0xffff - 2 ? `Char 0x${code.toString(16).toUpperCase()} out of allowed range` : words;
    const value = message.endsWith("value") && !message.startsWith("invalid") ? ` ${code}` : "";
    this.#cursor.fail(at, `${message}${value}`, "Remove the character: XML does not have it.");
  }

  #find(what: string, from: number): number {
    const found = this.#text.indexOf(what, from);
    return found < 0 ? this.#text.length + 1 : found;
  }
}

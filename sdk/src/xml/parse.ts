import { type ErrorDomain, VirtError } from "@polyvisor/core";
import { SaxesParser } from "saxes";
import type { XmlElement, XmlNode } from "./element.js";
import { declare, resolve, type Scope } from "./namespace.js";
import { parsePlain } from "./plain.js";
import { describeSyntaxError } from "./syntax-error.js";

export interface XmlParseOptions {
  /** How messages call the document; libvirt's names end in `_definition`. */
  readonly documentName?: string;
  /** The domain of the errors; `XML` when left out. */
  readonly errorDomain?: ErrorDomain;
  /** Most nested elements, 256 when left out. */
  readonly maxDepth?: number;
  /** Most characters of the document, 4 Mi (the longest string of the wire protocol) when left out. */
  readonly maxLength?: number;
}

// bare names: namespaces are resolved here, and only where a document declares any
const PLAIN = { xmlns: false, position: true } as const;
const DEFAULT_MAX_DEPTH = 256;
const DEFAULT_MAX_LENGTH = 4 * 1024 * 1024;

interface OpenElement {
  readonly name: string;
  uri: string;
  readonly attributes: { readonly name: string; readonly value: string }[];
  readonly children: XmlNode[];
  readonly line: number;
  readonly column: number;
}

/**
 * The root element of a document.
 *
 * Everything that is not well-formed, and every DOCTYPE, throws `XML_DETAIL` in libvirt's words with the position.
 */
export function parseXml(text: string, options: XmlParseOptions = {}): XmlElement {
  const documentName = options.documentName ?? "(inline data)";
  const domain = options.errorDomain ?? "XML";
  const maxDepth = options.maxDepth ?? DEFAULT_MAX_DEPTH;
  const fail: Fail = (message, line, column, hint) => {
    throw new VirtError("XML_DETAIL", describeSyntaxError(text, documentName, message, line, column), {
      domain,
      hint,
      position: { line, column: column + 1 },
    });
  };
  if (text.length > (options.maxLength ?? DEFAULT_MAX_LENGTH)) {
    fail("Document is too long", 1, 0, "Send a document of at most 4 MiB.");
  }
  if (text.trim() === "") fail("Document is empty", 1, 0, "Send an XML document.");
  return parsePlain(text, maxDepth) ?? parseFully(text, maxDepth, fail);
}

export type Fail = (message: string, line: number, column: number, hint: string) => never;

/** Every document, and the words for whatever is wrong with it. */
export function parseFully(text: string, maxDepth: number, fail: Fail): XmlElement {
  const parser = new SaxesParser(PLAIN);
  const stack: OpenElement[] = [];
  const scopes: (Scope | undefined)[] = [];
  let scope: Scope | undefined;
  let current: OpenElement | undefined;
  let last: OpenElement | undefined;
  let root: XmlElement | undefined;

  // the parser has read one character more than the name, which may have ended the line
  const placeOf = (name: string): { line: number; column: number } => {
    const { line, columnIndex } = parser;
    if (columnIndex > 0) return { line, column: Math.max(1, columnIndex - name.length - 1) };
    const start = text.lastIndexOf("<", parser.position - 1);
    return { line: line - 1, column: start - text.lastIndexOf("\n", start) };
  };

  parser.on("opentagstart", (tag) => {
    if (stack.length >= maxDepth) {
      fail(
        `Excessive depth in document: ${maxDepth}`,
        parser.line,
        parser.columnIndex,
        "Nest fewer elements in each other.",
      );
    }
    const element: OpenElement = { name: tag.name, uri: "", attributes: [], children: [], ...placeOf(tag.name) };
    current?.children.push(element);
    stack.push(element);
    scopes.push(scope);
    current = element;
    last = element;
  });
  parser.on("attribute", (attribute) => {
    current?.attributes.push({ name: attribute.name, value: attribute.value });
    scope = declare(scope, attribute.name, attribute.value);
  });
  parser.on("opentag", () => {
    if (current !== undefined && scope !== undefined) current.uri = resolve(scope, current.name);
  });
  parser.on("closetag", () => {
    last = current;
    stack.pop();
    scope = scopes.pop();
    current = stack[stack.length - 1];
    if (current === undefined) root = last;
  });
  const addText = (value: string): void => {
    current?.children.push(value);
  };
  parser.on("text", addText);
  // V8 makes a parser with many handlers six times slower, so the rare ones are attached when the text may need them
  if (text.includes("<![CDATA[")) parser.on("cdata", addText);
  if (text.includes("<!--")) parser.on("comment", (comment) => void current?.children.push({ comment }));
  if (text.includes("<!DOCTYPE")) {
    parser.on("doctype", () => {
      const hint = "Remove the <!DOCTYPE ...> declaration.";
      fail("Document type declarations are not allowed", parser.line, parser.columnIndex, hint);
    });
  }
  try {
    parser.write(text).close();
  } catch (error) {
    if (error instanceof VirtError || !(error instanceof Error)) throw error;
    const closing = /<\/([^\s<>]*)\s*>?$/.exec(text.slice(0, parser.position))?.[1] ?? "";
    const known = explain(error.message, last, closing);
    fail(known.message, parser.line, parser.columnIndex, known.hint);
  }
  return root ?? fail("Document is empty", 1, 0, "Send an XML document.");
}

interface Explanation {
  readonly message: string;
  readonly hint: string;
}

const WORDS: readonly (readonly [start: string, words: string, hint: string])[] = [
  ["attribute without value", "Specification mandates value for attribute", "Write the attribute as name='value'."],
  ["unquoted attribute value", "AttValue: \" or ' expected", "Put the attribute's value in quotes."],
  ["no whitespace between attributes", "attributes construct error", "Put a space between attributes."],
  [
    "text data outside of root node",
    "Extra content at the end of the document",
    "Keep all text inside the root element.",
  ],
  ["documents may contain only one root", "Extra content at the end of the document", "Keep one root element."],
  [
    "document must contain a root element",
    "Start tag expected, '<' not found",
    "Begin the document with its root element.",
  ],
  ["undefined entity", "Entity not defined", "Only the five entities of XML are known; write & as &amp;."],
  ["disallowed character in entity name", "EntityRef: expecting ';'", "Write & as &amp;."],
  ["empty entity name", "xmlParseEntityRef: no name", "Write & as &amp;."],
  ["disallowed character in tag name", "StartTag: invalid element name", "Write < in text as &lt;."],
  ["disallowed character", "PCDATA invalid Char value", "Remove the character, or write < as &lt;."],
];

function explain(thrown: string, current: OpenElement | undefined, closing: string): Explanation {
  // saxes puts "line:column: " in front
  const message = thrown.replace(/^\d+:\d+: /, "");
  const unmatched = /^(?:unmatched closing tag: .*|unexpected close tag\.)$/.exec(message);
  if (unmatched !== null && current !== undefined) {
    return {
      message: `Opening and ending tag mismatch: ${current.name} line ${current.line} and ${closing}`,
      hint: `Close <${current.name}> with </${current.name}>.`,
    };
  }
  const unclosed = /^unclosed tag: (.*)$/.exec(message);
  if (unclosed !== null || message === "unexpected end.") {
    const name = unclosed?.[1] ?? current?.name ?? "";
    return {
      message: `Premature end of data in tag ${name} line ${current?.line ?? 1}`,
      hint: `Close <${name}> with </${name}>.`,
    };
  }
  const duplicate = /^duplicate attribute: (.*)\.$/.exec(message);
  if (duplicate !== null) {
    return { message: `Attribute ${duplicate[1]} redefined`, hint: `Give ${duplicate[1]} once.` };
  }
  for (const [start, words, hint] of WORDS) {
    if (message.startsWith(start)) return { message: words, hint };
  }
  return { message: message.replace(/\.$/, ""), hint: "Make the document well-formed XML." };
}

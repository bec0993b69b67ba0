import { type ErrorDomain, VirtError } from "@polyvisor/core";
import { Cursor } from "./cursor.js";
import type { XmlElement } from "./element.js";
import { parseProlog, skipMisc } from "./prolog.js";
import { TreeBuilder } from "./tree.js";

export interface XmlParseOptions {
  /** How messages call the document; libvirt's names end in `_definition`. */
  readonly documentName?: string;
  /** The domain of the errors; `XML` when left out. */
  readonly errorDomain?: ErrorDomain;
  /** Most characters of the document, 4 Mi (the longest string of the wire protocol) when left out. */
  readonly maxLength?: number;
  /** A document that we keep: it may have grown beyond the 12 000 elements that are taken from others. */
  readonly ours?: boolean;
}

const DEFAULT_MAX_LENGTH = 4 * 1024 * 1024;

/**
 * The root element of a document.
 *
 * Everything that is not well-formed, and every DOCTYPE, throws `XML_DETAIL` in libvirt's words with the position. Bytes
 * are UTF-8. Time and memory grow with the length of the document only, whatever it holds.
 */
export function parseXml(document: string | Uint8Array, options: XmlParseOptions = {}): XmlElement {
  const written = typeof document === "string" ? document : decode(document, options);
  const text = written.includes("\r") ? written.replace(/\r\n?/g, "\n") : written;
  const cursor = new Cursor(text, options.documentName ?? "(inline data)", options.errorDomain ?? "XML");
  if (text.length > (options.maxLength ?? DEFAULT_MAX_LENGTH)) {
    cursor.fail(0, "Document is too long", "Send a document of at most 4 MiB.");
  }
  if (text === "") cursor.fail(0, "Document is empty", "Send an XML document.");
  parseProlog(cursor);
  const root = new TreeBuilder(cursor, options.ours === true).parse();
  skipMisc(cursor);
  if (cursor.at < text.length) {
    cursor.fail(cursor.at, "Extra content at the end of the document", "Keep everything inside one root element.");
  }
  return root;
}

const UTF8 = new TextDecoder("utf-8", { fatal: true });

function decode(bytes: Uint8Array, { documentName = "(inline data)", errorDomain = "XML" }: XmlParseOptions): string {
  try {
    return UTF8.decode(bytes);
  } catch (cause) {
    throw new VirtError("XML_DETAIL", `${documentName}:1: Input is not proper UTF-8, indicate encoding !`, {
      domain: errorDomain,
      hint: "Save the document as UTF-8.",
      cause,
    });
  }
}

/** An attribute, its name as written (prefix included). */
export interface XmlAttribute {
  readonly name: string;
  readonly value: string;
}

/** An element of a parsed document; `line` and `column` count from 1 and point at its `<`. */
export interface XmlElement {
  /** As written, prefix included. */
  readonly name: string;
  /** The URI of the element's namespace, `""` for none. */
  readonly uri: string;
  /** In the order of the document, `xmlns` declarations included. */
  readonly attributes: readonly XmlAttribute[];
  /** Elements, text (strings) and comments, in order. */
  readonly children: readonly XmlNode[];
  readonly line: number;
  readonly column: number;
}

export interface XmlComment {
  readonly comment: string;
}

export type XmlNode = XmlElement | XmlComment | string;

export function isElement(node: XmlNode): node is XmlElement {
  return typeof node === "object" && "children" in node;
}

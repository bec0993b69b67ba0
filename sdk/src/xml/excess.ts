import type { XmlElement } from "./element.js";

/** The most elements of a document that others send; the largest of libvirt's formats have a few thousand. */
export const ELEMENTS_MAX = 12_000;
/** A document of fewer elements has room for all that is filled in until it is printed: no element becomes five. */
const ROOMY = ELEMENTS_MAX / 4;

const SLASH = 47;
const QUESTION = 63;

/** Where one element too many begins, if that can be told without reading: in comments and CDATA tags are none. */
export function excessAt(text: string): number | undefined {
  if (text.length < 4 * ELEMENTS_MAX || text.includes("<!")) return undefined;
  let count = 0;
  for (let at = text.indexOf("<"); at >= 0; at = text.indexOf("<", at + 1)) {
    const next = text.charCodeAt(at + 1);
    if (next !== SLASH && next !== QUESTION && ++count > ELEMENTS_MAX) return at;
  }
  return undefined;
}

const LARGE = new WeakSet<XmlElement>();

/** Remembers how many elements the document of a root has. */
export function rememberSize(root: XmlElement, elements: number): void {
  if (elements > ROOMY) LARGE.add(root);
}

/**
 * Whether a document that others sent may no longer be taken once it is printed again, because printing adds what was
 * filled in. `print` is called for large documents only.
 */
export function outgrows(root: XmlElement, print: () => string): boolean {
  return LARGE.has(root) && countElements(print()) > ELEMENTS_MAX;
}

function countElements(text: string): number {
  let count = 0;
  for (let at = text.indexOf("<"); at >= 0; at = text.indexOf("<", at + 1)) {
    if (text.charCodeAt(at + 1) !== SLASH) count++;
  }
  return count;
}

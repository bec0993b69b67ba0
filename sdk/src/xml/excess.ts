import type { XmlElement } from "./element.js";

/** The most elements of a document that others send; the largest of libvirt's formats have a few thousand. */
export const ELEMENTS_MAX = 12_000;
/** Documents of fewer elements are no concern of `outgrows`: no element becomes five. */
const ROOMY = ELEMENTS_MAX / 5;
/** Elements that are filled in once, such as a name's UUID; no format has as many. */
const ONCE = 100;

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

/** The elements of large documents, by their roots. */
const LARGE = new WeakMap<XmlElement, number>();

/** Remembers how many elements the document of a root has. */
export function rememberSize(root: XmlElement, elements: number): void {
  if (elements > ROOMY) LARGE.set(root, elements);
}

/**
 * Whether a document that others sent may no longer be taken once it is printed again, because printing adds what was
 * filled in: `growth` is how many elements one can become. `print` is called only where it is not clear without.
 */
export function outgrows(root: XmlElement, growth: number, print: () => string): boolean {
  return (LARGE.get(root) ?? 0) * growth + ONCE > ELEMENTS_MAX && countElements(print()) > ELEMENTS_MAX;
}

function countElements(text: string): number {
  let count = 0;
  for (let at = text.indexOf("<"); at >= 0; at = text.indexOf("<", at + 1)) {
    if (text.charCodeAt(at + 1) !== SLASH) count++;
  }
  return count;
}

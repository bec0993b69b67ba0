import { childElements, type XmlElement } from "../../xml/index.js";

/** Values that are not found in other places by chance. */
const LONG = 3;

/**
 * The element that an error of the later steps is about, as far as its words tell: they know no elements any more. The
 * whole domain where they do not.
 */
export function elementNamedBy(root: XmlElement, detail: string, hint = ""): XmlElement {
  const quoted = new Set([detail, ...[...detail.matchAll(/'([^']+)'/g)].map(([, word]) => word ?? "")]);
  const words = new Set(detail.toLowerCase().match(/[a-z0-9_-]+/g));
  let found: XmlElement | undefined;
  let likely: XmlElement | undefined;
  // what is there twice is wrong where it comes the second time, so the last one counts
  visit(root, (element) => {
    const names = element.attributes.some(
      ({ name, value }) =>
        quoted.has(value) && (words.has(name.toLowerCase()) || words.has(element.name.toLowerCase())),
    );
    if (names) found = element;
    if (element.attributes.some(({ value }) => value.length >= LONG && quoted.has(value))) likely = element;
  });
  if (found !== undefined || likely !== undefined) return found ?? likely ?? root;
  const mentioned = [...`${detail} ${hint}`.matchAll(/<(\w+)/g)].map(([, name]) => name);
  visit(root, (element) => {
    if (mentioned.includes(element.name)) found ??= element;
  });
  return found ?? root;
}

function visit(element: XmlElement, look: (element: XmlElement) => void): void {
  look(element);
  for (const each of childElements(element)) visit(each, look);
}

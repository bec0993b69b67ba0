/** The most elements of a document; the largest of libvirt's formats have a few thousand. */
export const ELEMENTS_MAX = 12_000;

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

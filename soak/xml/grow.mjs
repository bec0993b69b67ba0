// Documents of up to a megabyte: what is small and right, made large and wrong.
import { attributesOf, elementsOf, replace, textsOf } from "./tokens.mjs";

export const LARGEST = 1024 * 1024;

const ways = {
  /** One element again and again, numbered so that nothing in it is there twice. */
  numbered(random, text, room) {
    const element = inner(random, text);
    const copy = text.slice(element.start, element.end);
    const count = Math.floor(room / (copy.length + 8));
    const copies = Array.from({ length: count }, (_, at) => numberedCopy(copy, at));
    return replace(text, element.end, element.end, copies.join(""));
  },
  same(random, text, room) {
    const element = inner(random, text);
    const copy = text.slice(element.start, element.end);
    return replace(text, element.end, element.end, copy.repeat(Math.floor(room / (copy.length || 1))));
  },
  /** Repeated names: the smallest form of an element. */
  bare(random, text, room) {
    const element = inner(random, text);
    const bare = `<${element.name}/>`;
    return replace(text, element.start, element.start, bare.repeat(Math.floor(room / bare.length)));
  },
  nested(random, text, room) {
    const { name, start, end } = inner(random, text);
    const depth = random.pick([10, 200, 250, 300, 5000]);
    const levels = Math.min(depth, Math.floor(room / (2 * name.length + 5)));
    const inside = random.chance(0.5)
      ? text.slice(start, end)
      : `<${name}/>`.repeat(Math.floor(room / (name.length + 3) / 2));
    return replace(text, start, end, `<${name}>`.repeat(levels) + inside + `</${name}>`.repeat(levels));
  },
  nestedItself(random, text, room) {
    const { name, start, tagEnd, end } = inner(random, text);
    const tag = text.slice(start, tagEnd).replace(/\/>$/, ">");
    const levels = Math.min(250, Math.floor(room / (tag.length + name.length + 3)));
    return replace(text, start, end, tag.repeat(levels) + `</${name}>`.repeat(levels));
  },
  hugeAttribute(random, text, room) {
    const found = attributesOf(text);
    if (found.length === 0) return text;
    const { valueStart, valueEnd } = random.pick(found);
    return replace(text, valueStart, valueEnd, fill(random, room));
  },
  hugeText(random, text, room) {
    const found = textsOf(text);
    if (found.length === 0) return text;
    const { start, end } = random.pick(found);
    return replace(text, start, end, fill(random, room));
  },
  manyAttributes(random, text, room) {
    const { start, name } = inner(random, text);
    const at = start + 1 + name.length;
    const many = Array.from({ length: Math.floor(room / 14) }, (_, i) => ` a${i}='${i}'`).join("");
    return replace(text, at, at, many);
  },
  namespaces(random, text, room) {
    const { start, name } = inner(random, text);
    const at = start + 1 + name.length;
    const many = Array.from({ length: Math.floor(room / 24) }, (_, i) => ` xmlns:n${i}='u${i}'`).join("");
    return replace(text, at, at, many);
  },
  metadata(random, text, room) {
    const root = elementsOf(text)[0];
    if (root === undefined) return text;
    const each = random.pick(["<n:b/>", "<n:b c='1'/>", "<n:b>t</n:b>", "<b/>", "<!-- -->", "<n:b xmlns:n='v'/>"]);
    const many = each.repeat(Math.floor(room / each.length));
    const metadata = random.chance(0.5)
      ? `<n:a xmlns:n='u'>${many}</n:a>`
      : many.replaceAll("<n:b/>", "<n:b xmlns:n='u'/>");
    return replace(text, root.tagEnd, root.tagEnd, `<metadata>${metadata}</metadata>`);
  },
  layout: (random, text, room) => {
    const { start } = inner(random, text);
    return replace(
      text,
      start,
      start,
      random.pick([" ", "\n", "\t", "\r\n", "<!---->", "<?p?>", "<![CDATA[]]>"]).repeat(room / 12),
    );
  },
  hugeName: (random, text, room) => {
    const { start, name } = inner(random, text);
    return replace(text, start + 1, start + 1 + name.length, "n".repeat(random.pick([1000, 49_000, room])));
  },
};

/** A text grown by up to `room` characters in one of the ways. */
export function grow(random, text) {
  const size = random.chance(0.3) ? LARGEST : random.from(16 * 1024, LARGEST);
  const room = size - Buffer.byteLength(text) - 64;
  if (text === "") return text;
  const grown = random.pick(Object.values(ways))(random, text, room);
  return Buffer.byteLength(grown) > LARGEST ? text : grown;
}

function inner(random, text) {
  const found = elementsOf(text).filter(({ depth, end, start }) => depth > 0 && end - start < 4096);
  return found.length === 0
    ? { name: "x", start: text.length, tagEnd: text.length, end: text.length }
    : random.pick(found);
}

/** The numbers and names in it made different in each copy. */
function numberedCopy(copy, at) {
  const letters = at
    .toString(26)
    .replace(/[0-9a-p]/g, (digit) => "abcdefghijklmnopqrstuvwxyz"[Number.parseInt(digit, 26)]);
  return copy
    .replaceAll(/(['"])\d+\1/g, `'${at}'`)
    .replaceAll(/((?:sd|vd|hd)[a-z]*)(?=')/g, `vd${letters}`)
    .replaceAll(/(name=|<name>)(['"]?)/g, `$1$2n${at}`);
}

function fill(random, room) {
  const piece = random.pick([
    "x",
    "0",
    "1,",
    "0-3,",
    "a/",
    "/",
    "../",
    " ",
    "ä",
    "\u{1f600}",
    "&lt;",
    "&#65;",
    "^1,",
    "1.",
    ":",
    "\n",
  ]);
  return piece.repeat(Math.floor(room / Buffer.byteLength(piece)));
}

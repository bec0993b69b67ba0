// What is done to a document. Every function takes random numbers, a text, another document and the words of the corpus, and
// returns a text.
import { attributesOf, elementsOf, replace, textsOf } from "./tokens.mjs";

/** Values at which code goes wrong: limits of numbers, forms of numbers, names of what every object has. */
const EDGES = [
  ..."0 -0 +1 -1 1 2 7 8 31 32 64 127 128 255 256 1023 16383 16384 16385 65535 65536 2147483647 2147483648".split(" "),
  ..."4294967295 4294967296 9007199254740991 9007199254740992 9223372036854775807 18446744073709551615".split(" "),
  ..."18446744073709551616 99999999999999999999999999 0x 0x1f 0xffffffffffffffff 010 1e9 1.5 NaN Infinity".split(" "),
  ..."__proto__ constructor toString hasOwnProperty prototype default none yes no on off auto any all".split(" "),
  ..."0-16383 ^0 0-3,^1 3-0 , - .. . / // ../../etc/passwd :: ::1 0.0.0.0/0 256.1.1.1 52:54:00:00:00:00".split(" "),
  ..."sdzzzzzz vdz9 ua-x ua- 0000:00:1f.2 {} [] null undefined true $VAR %s %n".split(" "),
  "",
  " ",
  "\t",
  "\n",
  "a b",
  " 1 ",
  "ä",
  "\u{1f600}",
  "\u0085",
  "\u2028",
  "x".repeat(300),
  "1".repeat(400),
  "&lt;&amp;&quot;&apos;&gt;",
  "&#10;",
  "&#x9;",
  "&#13;",
];

const elements = {
  drop(random, text) {
    const element = pickInner(random, text);
    return element === undefined ? text : replace(text, element.start, element.end, "");
  },
  repeat(random, text) {
    const element = pickInner(random, text);
    if (element === undefined) return text;
    const copy = text.slice(element.start, element.end);
    return replace(text, element.end, element.end, copy.repeat(random.from(1, 3)));
  },
  swap(random, text) {
    const [a, b] = [pickInner(random, text), pickInner(random, text)].sort((one, two) => one?.start - two?.start);
    if (a === undefined || b === undefined || a.end > b.start) return text;
    const [first, second] = [text.slice(a.start, a.end), text.slice(b.start, b.end)];
    return text.slice(0, a.start) + second + text.slice(a.end, b.start) + first + text.slice(b.end);
  },
  move(random, text) {
    const [from, to] = [pickInner(random, text), pickInner(random, text)];
    if (from === undefined || to === undefined || to.tagEnd > from.start) return text;
    const moved = text.slice(from.start, from.end);
    return replace(replace(text, from.start, from.end, ""), to.tagEnd, to.tagEnd, moved);
  },
  splice(random, text, other) {
    const [to, from] = [pickInner(random, text), pickInner(random, other)];
    if (from === undefined || to === undefined) return text;
    return replace(text, to.start, random.chance(0.5) ? to.end : to.start, other.slice(from.start, from.end));
  },
  rename(random, text, _other, { elements: names }) {
    const element = pickInner(random, text);
    if (element === undefined) return text;
    const { start, end, name } = element;
    const renamed = text.slice(start, end).replaceAll(new RegExp(`(</?)${name}\\b`, "g"), `$1${random.pick(names)}`);
    return replace(text, start, end, renamed);
  },
  empty(random, text) {
    const element = pickInner(random, text);
    if (element === undefined || text[element.tagEnd - 2] === "/") return text;
    return replace(text, element.tagEnd, element.end, `</${element.name}>`);
  },
};

const attributes = {
  drop: (random, text) => atAttribute(random, text, ({ start, end }) => replace(text, start, end, "")),
  repeat: (random, text) =>
    atAttribute(random, text, ({ start, end }) => replace(text, end, end, text.slice(start, end))),
  rename: (random, text, _other, { attributes: names }) =>
    atAttribute(random, text, ({ start, name }) =>
      replace(text, start + 1, start + 1 + name.length, random.pick(names)),
    ),
  edge: (random, text) =>
    atAttribute(random, text, ({ valueStart, valueEnd }) => replace(text, valueStart, valueEnd, random.pick(EDGES))),
  word: (random, text, _other, { values }) =>
    atAttribute(random, text, ({ valueStart, valueEnd }) => replace(text, valueStart, valueEnd, random.pick(values))),
  add(random, text, _other, words) {
    const element = random.pick(elementsOf(text));
    if (element === undefined) return text;
    const value = random.chance(0.5) ? random.pick(words.values) : random.pick(EDGES);
    const at = element.start + 1 + element.name.length;
    return replace(text, at, at, ` ${random.pick(words.attributes)}='${value}'`);
  },
};

const texts = {
  edge: (random, text) => atText(random, text, ({ start, end }) => replace(text, start, end, random.pick(EDGES))),
  word: (random, text, _other, { values }) =>
    atText(random, text, ({ start, end }) => replace(text, start, end, random.pick(values))),
};

const NOISE = [
  ..."<>&'\"/=!?;#-]",
  ..."]]> <!-- --> <![CDATA[ <? ?> </ /> &amp; &#0; &#x110000; &unknown; &lt".split(" "),
  "\0",
  "\u0001",
  "\uffff",
  "\r",
  "\r\n",
];

const damage = {
  insert(random, text) {
    const at = random.from(0, text.length);
    return replace(text, at, at, random.pick(NOISE));
  },
  cut(random, text) {
    const at = random.from(0, text.length);
    return replace(text, at, at + random.from(1, 40), "");
  },
  truncate: (random, text) => text.slice(0, random.from(0, text.length)),
  append: (random, text, other) => text + (random.chance(0.5) ? other : random.pick(NOISE)),
};

const LAUGHS = Array.from({ length: 9 }, (_, i) => `<!ENTITY l${i + 1} "${`&l${i};`.repeat(10)}">`).join("");

const entities = {
  laughs: (_random, text) => `<!DOCTYPE x [<!ENTITY l0 "ha">${LAUGHS}]>${text.replace(/>/, ">&l9;")}`,
  external: (_random, text) => `<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>${text.replace(/>/, ">&e;")}`,
  parameter: (_random, text) => `<!DOCTYPE x [<!ENTITY % p SYSTEM "http://127.0.0.1:1/"> %p;]>${text}`,
  undeclared: (random, text) => atText(random, text, ({ start }) => replace(text, start, start, "&nobody;")),
  numbers: (random, text) =>
    atText(random, text, ({ start }) => replace(text, start, start, `&#x${random.word().toString(16)};`)),
  encoding: (_random, text) => `<?xml version='1.0' encoding='UTF-16'?>${text}`,
};

/** What leaves a document well-formed more often than not, by how often it is done. */
const GENTLE = [
  ...Object.values(elements),
  ...Object.values(attributes),
  attributes.edge,
  attributes.word,
  ...Object.values(texts),
];
const ROUGH = [...Object.values(damage), ...Object.values(entities)];

/** A text with one thing done to it, or a few. */
export function mutate(random, text, other, words) {
  let mutated = text;
  for (let i = random.chance(0.5) ? 1 : random.from(2, 4); i > 0; i--) {
    const change = random.pick(random.chance(0.85) ? GENTLE : ROUGH);
    mutated = change(random, mutated, other, words);
  }
  return mutated;
}

/** Bytes with something among them that is no UTF-8. */
export function garble(random, bytes) {
  const at = random.from(0, bytes.length);
  const wrong = random.pick([
    [0xff],
    [0xfe, 0xff],
    [0xc0, 0x80],
    [0xed, 0xa0, 0x80],
    [0xf5, 0x80, 0x80, 0x80],
    [0xe2, 0x82],
  ]);
  return Buffer.concat([bytes.subarray(0, at), Buffer.from(wrong), bytes.subarray(at)]);
}

function pickInner(random, text) {
  const inner = elementsOf(text).filter(({ depth }) => depth > 0);
  return inner.length === 0 ? undefined : random.pick(inner);
}

function atAttribute(random, text, change) {
  const found = attributesOf(text);
  return found.length === 0 ? text : change(random.pick(found));
}

function atText(random, text, change) {
  const found = textsOf(text);
  return found.length === 0 ? text : change(random.pick(found));
}

import { isDeepStrictEqual } from "node:util";
import test from "ava";
import fc from "fast-check";
import { parseFully } from "./parse.js";
import { parsePlain } from "./plain.js";

const DEPTH = 6;

const DOCUMENT = `<?xml version="1.0" encoding="UTF-8"?>
<!-- before -->
<domain type='test' xmlns:q="urn:q">
  <name>a &amp; b &lt;&gt;&quot;&apos;</name>
  <q:own at = "it's" tab='a	b
c' more="x>y"/><!---->text<empty ></empty >
  <metadata xmlns="urn:m"><x xmlns='' q:a=''/><y/></metadata>
  <ümlaut/><a.b-c_d:e/>
</domain>
<!-- after -->
`;

/** What each reader makes of a document: its root, or nothing. */
function plain(text: string): unknown {
  return parsePlain(text, DEPTH);
}

function full(text: string): unknown {
  try {
    return parseFully(text, DEPTH, () => {
      throw new Error("refused");
    });
  } catch {
    return undefined;
  }
}

test("a plain document is read as the full parser reads it, places and namespaces included", (t) => {
  const text = DOCUMENT.replace("<ümlaut/>", "");
  t.not(plain(text), undefined);
  t.deepEqual(plain(text), full(text));
});

test("what is not plain, or not right, is left to the full parser", (t) => {
  const cases = [
    DOCUMENT,
    "<a>\r\n</a>",
    "<a>&#65;</a>",
    "<a>&unknown;</a>",
    "<a>& </a>",
    "<a>]]></a>",
    "<a><![CDATA[x]]></a>",
    "<a><?target x?></a>",
    "<!DOCTYPE a><a/>",
    "\ufeff<a/>",
    "<a/>\u00a0",
    "<a/><b/>",
    "x<a/>",
    "<a></b>",
    "<a></ab>",
    "<a",
    "<a>",
    "<a/",
    "<a / >",
    "<a b/>",
    "<a b=c/>",
    "<a b='<'/>",
    "<a b='1'c='2'/>",
    "<a b='1' b='2'/>",
    "<a><!-- a -- b --></a>",
    "<a><!- x -></a>",
    "<1/>",
    "",
    "<a>".repeat(DEPTH + 1) + "</a>".repeat(DEPTH + 1),
    `<a ${Array.from({ length: 65 }, (_, at) => `a${at}=''`).join(" ")}/>`,
  ];
  for (const text of cases) t.is(plain(text), undefined, text);
});

test("whatever happens to a document, the plain reader says what the full parser says, or nothing", (t) => {
  const piece = fc.constantFrom(
    ...[..."<>/='\"&;! \n\t-:?x\u0000\u00a0ü", "]]>", "<!--", "-->", "<b>", "</b>", "&amp;", "xmlns='u'", "\u{1f600}"],
  );
  const edit = fc.record({ at: fc.nat(DOCUMENT.length), cut: fc.nat(5), put: piece });
  fc.assert(
    fc.property(fc.array(edit, { minLength: 1, maxLength: 3 }), (edits) => {
      let text = DOCUMENT.replace("<ümlaut/>", "");
      for (const { at, cut, put } of edits) text = text.slice(0, at) + put + text.slice(at + cut);
      const read = plain(text);
      return read === undefined || isDeepStrictEqual(read, full(text));
    }),
    { numRuns: 20_000 },
  );
  t.pass();
});

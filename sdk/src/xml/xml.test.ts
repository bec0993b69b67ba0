import { VirtError } from "@polyvisor/core";
import test from "ava";
import { attr, child, nearest, parseXml, serializeXml, withoutBlanks, XmlWriter } from "./index.js";
import { MALFORMED } from "./testing/malformed.js";

function failure(xml: string, options: Parameters<typeof parseXml>[1] = {}): VirtError {
  try {
    parseXml(xml, { documentName: "(doc)", ...options });
  } catch (error) {
    if (error instanceof VirtError) return error;
    throw error;
  }
  throw new Error(`no error for ${xml}`);
}

test("elements carry attributes in order, text, namespaces and their place", (t) => {
  const root = parseXml("<a>\n  <b y='1' x='&lt;&#65;'>t</b>\n  <n:c xmlns:n='urn:n'><n:d/></n:c>\n</a>");
  const b = child(root, "b");
  t.deepEqual(b, {
    name: "b",
    uri: "",
    attributes: [
      { name: "y", value: "1" },
      { name: "x", value: "<A" },
    ],
    children: ["t"],
    line: 2,
    column: 3,
  });
  const c = child(root, "n:c");
  t.deepEqual([c?.uri, c?.line, c?.column], ["urn:n", 3, 3]);
  t.is(c && child(c, "n:d")?.uri, "urn:n");
});

test("a default namespace holds inside its element only", (t) => {
  const root = parseXml("<a><b xmlns='urn:b'><c/></b><d/></a>");
  const b = child(root, "b");
  t.deepEqual([root.uri, b?.uri, b && child(b, "c")?.uri, child(root, "d")?.uri], ["", "urn:b", "urn:b", ""]);
});

for (const [xml, message] of MALFORMED) {
  test(`malformed XML is refused in libvirt's words: ${JSON.stringify(xml)}`, (t) => {
    const error = failure(xml);
    t.is(error.code, "XML_DETAIL");
    t.is(error.number, 35);
    t.is(error.message, message);
    t.truthy(error.hint);
    t.is(error.position?.line, Number(/^\(doc\):(\d+):/.exec(message)?.[1]));
  });
}

test("every DOCTYPE is refused, also one that only names the root", (t) => {
  for (const xml of [
    "<!DOCTYPE a><a/>",
    '<!DOCTYPE a [<!ENTITY x "y">]><a>&x;</a>',
    "<!DOCTYPE a SYSTEM 'file:///etc/passwd'><a/>",
  ]) {
    const error = failure(xml);
    t.is(error.code, "XML_DETAIL");
    t.regex(error.message, /Document type declarations are not allowed/);
  }
  t.is(parseXml("<a><!-- <!DOCTYPE a> --></a>").name, "a");
});

test("bytes are UTF-8, and nothing else", (t) => {
  t.deepEqual(parseXml(Buffer.from("<a>ä</a>")).children, ["ä"]);
  const error = t.throws(() => parseXml(Buffer.from([0x3c, 0x61, 0x3e, 0xff, 0x3c, 0x2f, 0x61, 0x3e])));
  t.true(error instanceof VirtError && error.code === "XML_DETAIL");
  t.regex(error?.message ?? "", /not proper UTF-8/);
});

test("depth, length and the number of elements are limited", (t) => {
  t.regex(failure(`${"<a>".repeat(300)}`).message, /Excessive depth in document: 256/);
  t.is(parseXml(`${"<a>".repeat(257)}${"</a>".repeat(257)}`).name, "a");
  t.regex(failure(`<${"a".repeat(60_000)}/>`).message, /Name too long/);
  t.regex(failure(`<a>${"<b/>".repeat(40_000)}</a>`).message, /Too many elements in document: 12000/);
  const many = Array.from({ length: 1001 }, (_, at) => ` a${at}=''`).join("");
  t.regex(failure(`<a${many}/>`).message, /Too many attributes in element a: 1000/);
  t.regex(failure("<a>12345</a>", { maxLength: 8 }).message, /too long/);
});

test("the writer has libvirt's layout and escapes", (t) => {
  const w = new XmlWriter();
  w.block("domain", attr("type", "a&'b"), () => {
    w.leaf("name", '<\u0001"x">');
    w.element("left-out", "", () => {});
    w.element("empty", attr("a", 1), () => {});
    w.elementAlways("kept", "", () => {});
    w.element("full", "", () => w.empty("child"));
  });
  t.is(
    w.toString(),
    `<domain type='a&amp;&apos;b'>
  <name>&lt;&quot;x&quot;&gt;</name>
  <empty a='1'/>
  <kept/>
  <full>
    <child/>
  </full>
</domain>
`,
  );
});

test("blanks that are not layout come back as they were", (t) => {
  const w = new XmlWriter();
  w.leaf("a", "\r\n\t x", attr("b", "\r\n\t"));
  const root = parseXml(w.toString());
  t.deepEqual([root.children, root.attributes], [["\r\n\t x"], [{ name: "b", value: "\r\n\t" }]]);
});

test("foreign elements are serialized as libxml2 does", (t) => {
  const root = withoutBlanks(parseXml("<m>\n <x:a xmlns:x='urn:x' q='\"'>\n<x:b>t &amp; u</x:b><x:c/>  </x:a></m>"));
  t.is(
    serializeXml(root, 1),
    `<m>
    <x:a xmlns:x="urn:x" q="&quot;">
      <x:b>t &amp; u</x:b>
      <x:c/>
    </x:a>
  </m>`,
  );
});

test("the nearest name is found, and none when nothing is near", (t) => {
  t.is(nearest("virtoi", ["ide", "virtio", "scsi"]), "virtio");
  t.is(nearest("zzz", ["ide", "virtio"]), undefined);
});

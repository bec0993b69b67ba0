import test from "ava";
import { Likeness } from "./likeness.js";
import { fromPlain, type Plain, toPlain } from "./lines.js";

const [A, B, C] = [1, 2, 3].map((digit) => `${digit}0000000-0000-4000-8000-000000000000`) as [string, string, string];
const dom = (uuid: string, id: number) => ({ dom: { name: "x", uuid, id } });

/** Answers one after the other, and where the last two differ. */
const CASES: readonly [name: string, call: string, pairs: readonly [Plain, Plain][], paths: readonly string[]][] = [
  ["a UUID stands for another", "domainLookupByName", [[dom(A, 1), dom(B, 7)]], []],
  [
    "and for that one ever after",
    "domainLookupByName",
    [
      [dom(A, -1), dom(B, -1)],
      [dom(A, -1), dom(C, -1)],
    ],
    ["dom.uuid"],
  ],
  [
    "two do not become one",
    "domainLookupByName",
    [
      [dom(A, -1), dom(B, -1)],
      [dom(C, -1), dom(B, -1)],
    ],
    ["dom.uuid"],
  ],
  ["a domain that runs has an id", "domainLookupByName", [[dom(A, 3), dom(A, -1)]], ["dom.id"]],
  [
    "numbers count",
    "domainGetState",
    [
      [
        { state: 1, reason: 5 },
        { state: 1, reason: 1 },
      ],
    ],
    ["reason"],
  ],
  ["times do not", "domainGetInfo", [[{ cpuTime: 5 }, { cpuTime: { $integer: "1795271895728000000" } }]], []],
  [
    "what is measured does not",
    "domainMemoryStats",
    [[{ stats: [{ tag: 1, val: 5 }] }, { stats: [{ tag: 1, val: 6 }] }]],
    [],
  ],
  ["but that it is there does", "domainMemoryStats", [[{ stats: [{ tag: 1 }] }, { stats: [] }]], ["stats.length"]],
  ["lists of names have no order", "connectListDefinedDomains", [[{ names: ["a", "b"] }, { names: ["b", "a"] }]], []],
  [
    "documents are compared around what differs by nature",
    "domainGetXMLDesc",
    [
      [
        { xml: `<domain type='test' id='4'><uuid>${A}</uuid><mac address='52:54:00:00:00:01'/>` },
        { xml: `<domain type='test' id='9'><uuid>${B}</uuid><mac address='52:54:00:00:00:02'/>` },
      ],
    ],
    [],
  ],
  ["and only around that", "domainGetXMLDesc", [[{ xml: "<vcpu>1</vcpu>" }, { xml: "<vcpu>2</vcpu>" }]], ["xml"]],
  ["a field that is missing is told", "nodeGetInfo", [[{ cpus: 1, mhz: 5 }, { cpus: 1 }]], ["mhz"]],
];

for (const [name, call, pairs, paths] of CASES)
  test(name, (t) => {
    const likeness = new Likeness();
    const found = pairs.map(([recorded, replayed]) => likeness.compare(call, recorded, replayed)).at(-1);
    t.deepEqual(
      found?.map(({ path }) => path),
      paths,
    );
  });

test("arguments name what the answers of the replay named", (t) => {
  const likeness = new Likeness();
  likeness.compare("domainDefineXML", dom(A, 3), dom(B, 8));
  t.deepEqual(likeness.translate({ ...dom(A, 3), xml: `<uuid>${A}</uuid>`, flags: 3 }), {
    ...dom(B, 8),
    xml: `<uuid>${B}</uuid>`,
    flags: 3,
  });
  t.deepEqual(likeness.translate({ xml: `<uuid>${C}</uuid>` }), { xml: `<uuid>${C}</uuid>` });
  t.is(likeness.compare("domainDefineXML", dom(C, -1), dom(A, -1)).length, 1, "a UUID that a client chose is that one");
});

test("values of the wire survive JSON", (t) => {
  const values = { big: 2n ** 63n, small: 7, bytes: Buffer.from([0, 255]), none: null, list: [true, "text"] };
  t.deepEqual(fromPlain(JSON.parse(JSON.stringify(toPlain(values))) as Plain), values);
});

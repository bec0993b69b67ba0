import { VirtError } from "@polyvisor/core";
import test from "ava";
import { formatConfigFile, parseConfigFile } from "./config-file.js";
import { configReader } from "./config-file-values.js";

const FILE = `# Flags
listen_tls = 0
log = "a # b" # why
long = """two
lines"""
list = [ 'x', [ 1, -2 ],
  "y", ]
listen_tls = 1`;

test("settings come in order with their lines", (t) => {
  const entries = parseConfigFile(FILE);
  t.deepEqual(entries, [
    { comment: " Flags", line: 1 },
    { key: "listen_tls", value: 0, line: 2 },
    { key: "log", value: "a # b", comment: " why", line: 3 },
    { key: "long", value: "two\nlines", line: 4 },
    { key: "list", value: ["x", [1, -2], "y"], line: 6 },
    { key: "listen_tls", value: 1, line: 8 },
  ]);
});

test("a file is written back with its comments, and reads the same", (t) => {
  const entries = parseConfigFile(FILE);
  const written = formatConfigFile(entries);
  t.is(
    written,
    `# Flags
listen_tls = 0
log = "a # b" # why
long = """two
lines"""
list = [ "x", [ 1, -2 ], "y" ]
listen_tls = 1
`,
  );
  t.is(formatConfigFile(parseConfigFile(written)), written);
});

// messages of libvirt 9.0.0
const BROKEN: readonly (readonly [text: string, message: string])[] = [
  ["a = 1\n= 2\n", "f.conf:2: expecting a name"],
  ["a 1\n", "f.conf:1: expecting an assignment"],
  ["\n\na =\n", "f.conf:3: expecting a value"],
  ['a = "x\n"', "f.conf:1: unterminated string"],
  ["a = -x", "f.conf:1: unterminated number"],
  ["a = [ 1 2 ]", "f.conf:1: expecting a separator in list"],
  ["a = [ 1,\n2", "f.conf:2: list is not closed with ]"],
  ["a = 1 b = 2", "f.conf:1: expecting a separator"],
];

for (const [text, message] of BROKEN) {
  test(`a broken file is refused with its line: ${JSON.stringify(text)}`, (t) => {
    const error = t.throws(() => parseConfigFile(text, "f.conf"), { instanceOf: VirtError });
    t.is(error?.message, `configuration file syntax error: ${message}`);
    t.is(error?.number, 33);
    t.truthy(error?.hint);
  });
}

test("VMware's syntax takes strings only, and names in any letter case", (t) => {
  const entries = parseConfigFile('SCSI0:0.present = "true"\n.encoding = "UTF-8"\n', "x.vmx", "vmx");
  const values = configReader(entries, "x.vmx", "vmx");
  t.is(values.string("scsi0:0.Present"), "true");
  t.is(values.string(".encoding"), "UTF-8");
  t.throws(() => parseConfigFile("memsize = 512", "x.vmx", "vmx"), { message: /numbers not allowed in VMX format/ });
  t.throws(() => parseConfigFile("list = [ 1 ]", "x.vmx", "vmx"), { message: /lists not allowed in VMX format/ });
});

test("LXC's syntax needs no quotes", (t) => {
  const entries = parseConfigFile(
    "lxc.network.type = veth\nlxc.utsname = 'a b'\nlxc.tty = 1 # not a comment\n",
    "",
    "lxc",
  );
  t.deepEqual(
    entries.map((entry) => ("key" in entry ? [entry.key, entry.value] : [])),
    [
      ["lxc.network.type", "veth"],
      ["lxc.utsname", "a b"],
      ["lxc.tty", "1 # not a comment"],
    ],
  );
});

const VALUES = configReader(
  parseConfigFile(
    "one = 1; two = -2\nword = 'x'\nwords = ['a', 'b']\nmixed = ['a', 1]\nbig = 4294967296\none = 0\n",
    "f",
  ),
  "f",
);

test("values have types; the first setting of a name counts", (t) => {
  t.is(VALUES.boolean("one"), true);
  t.is(VALUES.integer("two"), -2);
  t.is(VALUES.unsigned("big"), 4294967296);
  t.is(VALUES.string("word"), "x");
  t.deepEqual(VALUES.strings("words"), ["a", "b"]);
  t.deepEqual(VALUES.strings("word", { single: true }), ["x"]);
  t.is(VALUES.string("absent"), undefined);
});

// messages of libvirt 9.0.0
const WRONG: readonly (readonly [read: () => unknown, message: string, number: number])[] = [
  [() => VALUES.string("one"), "internal error: f: expected a string for 'one' parameter", 1],
  [() => VALUES.boolean("word"), "internal error: f: expected a bool for 'word' parameter", 1],
  [() => VALUES.boolean("big"), "internal error: f: value for 'big' parameter must be 0 or 1", 1],
  [() => VALUES.integer("word"), "internal error: f: expected a signed integer for 'word' parameter", 1],
  [
    () => VALUES.integer("big", { min: -2147483648, max: 2147483647 }),
    "internal error: f: value for 'big' parameter must be in range -2147483648:2147483647",
    1,
  ],
  [() => VALUES.unsigned("two"), "internal error: f: expected an unsigned integer for 'two' parameter", 1],
  [
    () => VALUES.unsigned("big", { max: 4294967295 }),
    "internal error: f: value for 'big' parameter must be in range 0:4294967295",
    1,
  ],
  [() => VALUES.strings("word"), "internal error: f: expected a string list for 'word' parameter", 1],
  [
    () => VALUES.strings("one", { single: true }),
    "internal error: f: expected a string or string list for 'one' parameter",
    1,
  ],
  [
    () => VALUES.strings("mixed"),
    "configuration file syntax error: f: expected a string list for 'mixed' parameter",
    33,
  ],
];

for (const [read, message, number] of WRONG) {
  test(`a value of another type is refused: ${message}`, (t) => {
    const error = t.throws(read, { instanceOf: VirtError });
    t.is(error?.message, message);
    t.is(error?.number, number);
  });
}

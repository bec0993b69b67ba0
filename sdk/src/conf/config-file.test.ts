import { VirtError } from "@polyvisor/core";
import test from "ava";
import { configValue, formatConfigFile, parseConfigFile } from "./config-file.js";

const FILE = `# Flags
listen_tls = 0
log = "a # b" # why
long = """two
lines"""
list = [ 'x', [ 1, -2 ],
  "y", ]
listen_tls = 1`;

test("settings come in order with their lines; the last of a key counts", (t) => {
  const entries = parseConfigFile(FILE);
  t.deepEqual(entries, [
    { comment: " Flags", line: 1 },
    { key: "listen_tls", value: 0, line: 2 },
    { key: "log", value: "a # b", comment: " why", line: 3 },
    { key: "long", value: "two\nlines", line: 4 },
    { key: "list", value: ["x", [1, -2], "y"], line: 6 },
    { key: "listen_tls", value: 1, line: 8 },
  ]);
  t.is(configValue(entries, "listen_tls"), 1);
  t.is(configValue(entries, "absent"), undefined);
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

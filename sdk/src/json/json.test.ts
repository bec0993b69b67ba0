import { VirtError } from "@polyvisor/core";
import test from "ava";
import { deflattenJson, formatJson, isJsonObject, type JsonObject, parseJson } from "./index.js";

const KEPT: readonly (readonly [what: string, written: string, printed: string])[] = [
  ["numbers of any size", "[ 18446744073709551615, -0.50e+19 ]", "[18446744073709551615,-0.50e+19]"],
  ["keys in their order", '{ "b": 1, "1": 2, "a": {} }', '{"b":1,"1":2,"a":{}}'],
  ["a key called __proto__", '{"__proto__":[]}', '{"__proto__":[]}'],
  ["lone values", " true ", "true"],
  ["a backslash before what looks like an escape", String.raw`"\\u001f"`, String.raw`"\\u001f"`],
  ["escapes", String.raw`"\u0041\/\n\u001f\"\\"`, String.raw`"A/\n\u001F\"\\"`],
];

for (const [what, written, printed] of KEPT) {
  test(`${what}: kept`, (t) => t.is(formatJson(parseJson(written)), printed));
}

test("a document is laid out with two blanks a level", (t) => {
  t.is(
    formatJson(parseJson('{"a":[1,{"b":null}]}'), { pretty: true }),
    '{\n  "a": [\n    1,\n    {\n      "b": null\n    }\n  ]\n}\n',
  );
});

type Refused = readonly [what: string, document: string | Uint8Array, words: RegExp, column: number | undefined];

const REFUSED: readonly Refused[] = [
  ["nothing", "", /premature EOF/, 1],
  ["a key twice", '{"a": 1, "a": 1}', /key 'a' stands twice/, 10],
  ["two values", "[] []", /trailing garbage/, 4],
  ["a number that goes on", "[ 2345b45 ]", /I expect ',' or '\]'/, 7],
  ["a leading zero", "01", /trailing garbage/, 2],
  ["an unterminated string", '["a', /unterminated string/, 2],
  ["a bare line break in a string", '"a\nb"', /invalid character inside string/, 1],
  ["an unknown word", "[huh]", /invalid text/, 2],
  ["a comment", "[1 /* x */]", /I expect ',' or '\]'/, 4],
  ["a key that is no string", "{1:1}", /object key must be a string/, 2],
  ["a missing value", '{"a"}', /colon/, 5],
  ["a trailing comma", "[1,]", /invalid text/, 4],
  ["bytes that are no UTF-8", Uint8Array.of(0x22, 0x80, 0x22), /invalid bytes in UTF8 string/, undefined],
  ["a thousand levels", "[".repeat(1000), /nested deeper than 500 levels/, 502],
];

for (const [what, document, words, column] of REFUSED) {
  test(`${what}: refused in libvirt's words, with the place`, (t) => {
    const error = t.throws(() => parseJson(document), { instanceOf: VirtError });
    t.is(error?.code, "INTERNAL_ERROR");
    t.regex(error?.message ?? "", /^internal error: cannot parse json/);
    t.regex(error?.message ?? "", words);
    t.is(error?.position?.column, column);
  });
}

function objectOf(text: string): JsonObject {
  const value = parseJson(text);
  if (!isJsonObject(value)) throw new Error("no object");
  return value;
}

test("dotted keys become objects, and keys that count become lists", (t) => {
  const flat = objectOf('{"file.server.0.host":"a","file.server.1.host":"b","x":{"y.z":1},"other.1":2}');
  t.is(
    formatJson(deflattenJson(flat)),
    '{"file":{"server":[{"host":"a"},{"host":"b"}]},"x":{"y":{"z":1}},"other":{"1":2}}',
  );
});

const COLLIDING: readonly (readonly [text: string, words: RegExp])[] = [
  ['{"a":1,"a.b":2}', /mixing nested objects and values is forbidden in JSON deflattening/],
  ['{"a.b":1,"a":2}', /can't deflatten colliding key 'a'/],
  ['{"a":{"b":1},"a.b":2}', /can't deflatten colliding key 'b'/],
];

for (const [text, words] of COLLIDING) {
  test(`${text} says two things of one key`, (t) => {
    const error = t.throws(() => deflattenJson(objectOf(text)), { instanceOf: VirtError });
    t.is(error?.code, "INVALID_ARG");
    t.regex(error?.message ?? "", words);
  });
}

import test from "ava";
import fc from "fast-check";
import { compactJson, membersOf } from "./raw-json.js";

test("compact JSON says the same, digit by digit", (t) => {
  const rows: [string, string][] = [
    [
      '{"return": {"size": 18446744073709551615, "x": [1, 2.50]}, "id": "a b"}\r\n',
      '{"return":{"size":18446744073709551615,"x":[1,2.50]},"id":"a b"}',
    ],
    ['{"a" : "\\u00e9 \\u0041 \\" \\\\", "b": {}}', '{"a":"é A \\" \\\\","b":{}}'],
    [" [ ] ", "[]"],
    ['"{ \\" : , }"', '"{ \\" : , }"'],
  ];
  for (const [text, compact] of rows) t.is(compactJson(text), compact);
});

test("whatever is JSON stays the same, and so do the members of an object", (t) => {
  fc.assert(
    fc.property(fc.dictionary(fc.string({ unit: "binary" }), fc.jsonValue()), fc.nat(4), (object, blanks) => {
      const compact = compactJson(JSON.stringify(object, undefined, blanks));
      const members = [...membersOf(compact)].map(([key, value]) => [key, JSON.parse(value)]);
      const expected = Object.entries(JSON.parse(compact) as object);
      return compact === JSON.stringify(object) && JSON.stringify(members) === JSON.stringify(expected);
    }),
  );
  t.pass();
});

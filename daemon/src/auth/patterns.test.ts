import test from "ava";
import { nameTest } from "./patterns.js";

test("without a list everybody is on it, on an empty one nobody", (t) => {
  t.true(nameTest(undefined)("fred"));
  t.false(nameTest([])("fred"));
});

const CASES: readonly (readonly [pattern: string, name: string, fits: boolean])[] = [
  ["fred", "fred", true],
  ["fred", "frederic", false],
  ["fred", "Fred", false],
  ["*@EXAMPLE.COM", "joe@EXAMPLE.COM", true],
  ["*@EXAMPLE.COM", "joe@EXAMPLEXCOM", false],
  ["C=GB,O=Red Hat,CN=*", "C=GB,O=Red Hat,CN=host.example", true],
  ["C=GB,O=(x)+[y],CN=?", "C=GB,O=(x)+[y],CN=é", true],
  ["a?c", "ac", false],
  ["***a***b", "xaxb", true],
  ["*", "two\nlines", true],
];

for (const [pattern, name, fits] of CASES)
  test(`${pattern} ${fits ? "fits" : "does not fit"} ${JSON.stringify(name)}`, (t) =>
    t.is(nameTest([pattern])(name), fits));

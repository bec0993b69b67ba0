import type { TypedParam, VirtError } from "@polyvisor/core";
import test from "ava";
import { checkParams } from "./index.js";

const KNOWN = { weight: "uint", group: "string" } as const;
const weight: TypedParam = { field: "weight", type: "uint", value: 1 };
const group: TypedParam = { field: "group", type: "string", value: "a" };

for (const [what, params, message] of [
  ["known ones pass", [weight, group], undefined],
  ["none pass", [], undefined],
  ["one that is not known", [{ ...weight, field: "colour" }], "argument unsupported: parameter 'colour' not supported"],
  [
    "a name of every object",
    [{ ...weight, field: "toString" }],
    "argument unsupported: parameter 'toString' not supported",
  ],
  ["one twice", [weight, group, weight], "invalid argument: parameter 'weight' occurs multiple times"],
  [
    "one of another type",
    [{ ...group, field: "weight" }],
    "invalid argument: invalid type 'string' for parameter 'weight', expected 'uint'",
  ],
  [
    "of two faults the first by name",
    [
      { ...weight, field: "zeal" },
      { ...weight, field: "group" },
    ],
    "invalid argument: invalid type 'uint' for parameter 'group', expected 'string'",
  ],
] as const) {
  test(`parameters: ${what}`, (t) => {
    if (message === undefined) t.notThrows(() => checkParams(params as readonly TypedParam[], KNOWN));
    else t.is(t.throws<VirtError>(() => checkParams(params as readonly TypedParam[], KNOWN))?.message, message);
  });
}

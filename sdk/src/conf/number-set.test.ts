import { VirtError } from "@polyvisor/core";
import test from "ava";
import { formatNumberSet, parseNumberSet } from "./number-set.js";

/** Lists, and what they name; undefined where libvirt refuses them. */
const LISTS: readonly (readonly [text: string, printed: string | undefined])[] = [
  ["0", "0"],
  ["0-3,^2,8", "0-1,3,8"],
  ["8,0-3,8,2-5", "0-5,8"],
  ["^1,1", "1"],
  ["1,^1", ""],
  [" 1 , 2 - 3 ", "1-3"],
  ["007", "7"],
  ["1,", "1"],
  ["16383", "16383"],
  ["16384", undefined],
  ["0-16384", undefined],
  ["99999999999999999999", undefined],
  ["", undefined],
  [" ", undefined],
  [",", undefined],
  ["1,,2", undefined],
  ["1 2", undefined],
  ["3-2", undefined],
  ["1-", undefined],
  ["-1", undefined],
  ["^", undefined],
  ["^ 1", undefined],
  ["^1-2", undefined],
  ["1;", undefined],
  ["a", undefined],
];

for (const [text, printed] of LISTS) {
  test(`a list of numbers: '${text}'`, (t) => {
    if (printed !== undefined) t.is(formatNumberSet(parseNumberSet(text)), printed);
    else {
      const error = t.throws(() => parseNumberSet(text), { instanceOf: VirtError });
      t.is(error?.message, `invalid argument: Failed to parse bitmap '${text}'`);
    }
    t.deepEqual(parseNumberSet("5"), [5]);
  });
}

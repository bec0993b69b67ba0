import test from "ava";
import { parseBlocks, parseMachines, parsePairs } from "./output.js";

test("machines whose output is odd are read all the same", (t) => {
  t.deepEqual(
    [...parsePairs('name="a \\"b\\" \\\\ c"\r\ndescription="two\nlines=1"\n"SATA-0-0"="/x=y.vdi"\nmemory=64\n')],
    [
      ["name", 'a "b" \\ c'],
      ["description", "two\nlines=1"],
      ["SATA-0-0", "/x=y.vdi"],
      ["memory", "64"],
    ],
  );
  t.deepEqual(parseMachines('"a \\"b" {AAAAAAAA-0000-0000-0000-000000000000}\n"<inaccessible>" {b}\nnoise\n'), [
    { name: 'a \\"b', uuid: "aaaaaaaa-0000-0000-0000-000000000000" },
  ]);
  t.deepEqual(
    parseBlocks("UUID:   1\nLocation: C:\\x: y\n\nUUID: 2\n").map((block) => [...block]),
    [
      [
        ["Location", "C:\\x: y"],
        ["UUID", "1"],
      ],
      [["UUID", "2"]],
    ],
  );
});

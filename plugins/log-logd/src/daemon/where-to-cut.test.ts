import test from "ava";
import { nextStep } from "./where-to-cut.js";

const line = (length: number) => `${"x".repeat(length - 1)}\n`;

/** What the files would hold: each byte once, in order. */
function cut(text: string, maxSize: number, offset = 0): string[] {
  const files = [""];
  let at = 0;
  let held = offset;
  while (at < text.length) {
    const step = nextStep({ offset: held, maxSize }, text.length - at, (length) =>
      Buffer.from(text.slice(at, at + length)),
    );
    files[files.length - 1] += text.slice(at, at + step.bytes);
    at += step.bytes;
    held += step.bytes;
    if (!step.rollsOver) continue;
    files.push("");
    held = 0;
  }
  return files;
}

const CASES: readonly [what: string, text: string, maxSize: number, offset: number, wanted: readonly string[]][] = [
  ["no limit", line(500), 0, 0, [line(500)]],
  ["exactly full", line(100), 100, 0, [line(100)]],
  ["a line ends near the end of the file", line(90) + line(20), 100, 0, [line(90), line(20)]],
  ["a line ends with the file", line(100) + line(20), 100, 0, [line(100), line(20)]],
  ["a line that is too long is cut", "y".repeat(150), 100, 0, ["y".repeat(100), "y".repeat(50)]],
  [
    "no line ends in the last 80 bytes",
    `${line(19)}${"y".repeat(100)}`,
    100,
    0,
    [`${line(19)}${"y".repeat(81)}`, "y".repeat(19)],
  ],
  ["one ends 80 bytes before the end", `${line(21)}${"y".repeat(100)}`, 100, 0, [line(21), "y".repeat(100)]],
  ["a file that is larger already is left", "y", 100, 120, ["", "y"]],
  ["a file that is full already is left", "y", 100, 100, ["", "y"]],
];

for (const [what, text, maxSize, offset, wanted] of CASES) {
  test(`where a log is cut: ${what}`, (t) => {
    t.deepEqual(cut(text, maxSize, offset), wanted);
  });
}

test("where a log is cut: what cannot be seen yet is written without being cut", (t) => {
  t.deepEqual(
    nextStep({ offset: 0, maxSize: 100 }, 200, () => Buffer.from("abc")),
    { bytes: 3, rollsOver: false },
  );
});

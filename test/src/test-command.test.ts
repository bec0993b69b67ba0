import test from "ava";
import { project } from "./harness/project.js";

interface Tap {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
  line(text: string): void;
  end(): void;
}

const AVA = `TAP version 13
ok 1 - a › skipped (no such kernel) # SKIP
not ok 2 - a › later # TODO
ok 3 - a › fine
# a › a hook
not ok 4 - a › bad
#   a note
  ---
    message: why
  ...
ok 5 - a › says "not ok 6 - in its title"
not ok 6 - b.test.js exited with a non-zero exit code: 1

1..6
# tests 6
# pass 2
`;

test("the totals of the test command are those of the tests, and failures are told in full", async (t) => {
  const { TapReader } = (await import(`${project}scripts/lib/tap.mjs`)) as {
    TapReader: new (on: { failed(text: string): void; skipped(name: string): void }) => Tap;
  };
  const [failures, skips]: [string[], string[]] = [[], []];
  const tap = new TapReader({ failed: (text) => failures.push(text), skipped: (name) => skips.push(name) });
  for (const line of AVA.split("\n")) tap.line(line);
  tap.end();
  t.deepEqual([tap.passed, tap.failed, tap.skipped], [2, 2, 2]);
  t.deepEqual(skips, ["a › skipped (no such kernel)", "a › later"]);
  t.deepEqual(failures, [
    "not ok - a › bad\n#   a note\n  ---\n    message: why\n  ...",
    "not ok - b.test.js exited with a non-zero exit code: 1",
  ]);
});

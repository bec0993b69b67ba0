import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { type CallTranscript, callTranscript, type ToldCall } from "./harness/call-transcripts.js";
import { EXPLAINED } from "./harness/explained-calls.js";
import { EXPLAINED_COMMANDS } from "./harness/explained-commands.js";
import { binding, testWith } from "./harness/needs.js";
import { withPolyvisord } from "./harness/polyvisord.js";
import { PYTHON, project } from "./harness/project.js";
import { TEST_DRIVER_CALLS } from "./harness/test-driver-calls.js";

const NEEDS = [await binding(PYTHON)];

/** libvirt's own driver in the program's process, and ours behind the socket: both at once, for the machine has two processors. */
async function both(): Promise<readonly [theirs: CallTranscript, ours: CallTranscript]> {
  return Promise.all([
    callTranscript("test:///default"),
    withPolyvisord((daemon) => callTranscript(daemon.uri("test"))),
  ]);
}

testWith("every call of libvirt's test driver says the same here, or the difference is explained", NEEDS, async (t) => {
  const [theirs, ours] = await both();
  t.deepEqual(
    TEST_DRIVER_CALLS.filter((call) => !theirs.made.has(call)),
    [],
    "calls that are never made",
  );
  t.deepEqual(
    ours.calls.map(({ call }) => call).filter((call, at) => call !== theirs.calls[at]?.call),
    [],
    "both make the same calls",
  );
  t.is(ours.calls.length, theirs.calls.length);
  const used = new Set<number>();
  t.deepEqual(unexplained(theirs.calls, ours.calls, used), []);
  const stale = EXPLAINED.filter((_, at) => !used.has(at)).map(({ fits, row }) => `${row}: ${fits}`);
  t.deepEqual(stale, [], "explanations that explain nothing any more");
  t.log(`${ours.calls.length} calls of ${TEST_DRIVER_CALLS.length} kinds`);
});

testWith("each explanation stands in docs/differences.md", [], async (t) => {
  const document = await readFile(join(project, "docs/differences.md"), "utf8");
  const rows = document.split("\n").filter((line) => line.startsWith("| "));
  for (const { row } of [...EXPLAINED, ...EXPLAINED_COMMANDS])
    t.is(rows.filter((each) => each.startsWith(`| ${row}`)).length, 1, row);
});

/** What differs without an explanation; notes which explanations were needed. */
function unexplained(theirs: readonly ToldCall[], ours: readonly ToldCall[], used: Set<number>): string[] {
  return ours.flatMap(({ call, says }, at) => {
    const right = theirs[at]?.says ?? [];
    const [told, given] = [JSON.stringify(right), JSON.stringify(says)];
    if (told === given) return [];
    const explanations = EXPLAINED.flatMap(({ fits }, number) => (fits(call, right, says) ? [number] : []));
    for (const number of explanations) used.add(number);
    return explanations.length > 0 ? [] : [`${call}\n  libvirt: ${told}\n  here:    ${given}`];
  });
}

import test from "ava";
import type { Case, Kit, Profile } from "./case.js";
import { checkKnown } from "./known.js";
import { toMarkdown } from "./report.js";
import { runKit } from "./run.js";

const profile: Profile = { calls: ["domainCreate"], fixtures: {}, traits: [] };
const of = (name: string, run: Case<object>["run"], needs: readonly string[] = []): Case<object> => ({
  name,
  group: "group",
  needs,
  run,
});
const kit = (...cases: readonly Case<object>[]): Kit<object> => ({
  name: "toy",
  contract: "toy.v1",
  calls: ["domainCreate", "domainDestroy"],
  cases,
});

test("a case passes, fails, deviates as is known, or is left out for what the subject lacks", async (t) => {
  const report = await runKit(
    kit(
      of("passes", async () => {}),
      of("fails", async (_, check) => check.equal(1, 2, "the number")),
      of("is known", async (_, check) => check.fail("the old story")),
      of("fails in another way", async (_, check) => check.fail("a new story")),
      of("lacks a call", async (_, check) => check.fail("never runs"), ["domainDestroy"]),
      of("finds nothing", async (_, check) => check.leaveOut("there is nothing"), ["domainCreate"]),
    ),
    {},
    {
      profile,
      known: [{ cases: ["is known", "fails in another way"], because: "it is old", says: "the old story" }],
    },
  );
  t.deepEqual(
    report.results.map(({ name, outcome, says }) => [name, outcome, says]),
    [
      ["passes", "passed", undefined],
      ["fails", "failed", "the number: 2 is right, 1 came"],
      ["is known", "known", "the old story"],
      ["fails in another way", "failed", "a new story"],
      ["lacks a call", "leftOut", "needs domainDestroy"],
      ["finds nothing", "leftOut", "there is nothing"],
    ],
  );
  t.deepEqual([report.cases, report.passed, report.failed, report.known, report.leftOut], [4, 1, 2, 1, 2]);
  t.deepEqual([report.claimed, report.unclaimed, report.stale], [["domainCreate"], ["domainDestroy"], []]);
  t.false(report.ok);
  t.regex(toMarkdown(report), /4 cases ran: 1 passed, 2 failed, 1 deviate as is known\. 2 were left out\./);
});

test("a known deviation that no longer occurs is stale, and so is one of a case that is not there", async (t) => {
  const known = [{ cases: ["passes", "is not there", "is left out"], because: "it was so once" }];
  const cases = [of("passes", async () => {}), of("is left out", async () => {}, ["domainDestroy"])];
  const report = await runKit(kit(...cases), {}, { profile, known });
  t.deepEqual(report.stale, ["passes", "is not there"]);
  t.false(report.ok);
});

test("a case that does not end fails at its deadline, and what it made is cleaned up all the same", async (t) => {
  const done: string[] = [];
  const hangs = of("hangs", async (_, check) => {
    check.cleanup(() => done.push("first"));
    check.cleanup(() => {
      done.push("second");
      throw new Error("is gone already");
    });
    await new Promise(() => {});
  });
  const report = await runKit(kit(hangs), {}, { profile, deadline: 50 });
  t.is(report.results[0]?.says, "the case has not ended after 0.05 s");
  t.deepEqual(done, ["second", "first"]);
});

test("what a subject throws that is no error of the API is a failure", async (t) => {
  const report = await runKit(
    kit(
      of(
        "throws",
        async (_, check) => void (await check.refused(Promise.reject(new TypeError("oops")), "NO_DOMAIN", "it")),
      ),
    ),
    {},
    { profile },
  );
  t.regex(report.results[0]?.says ?? "", /TypeError: oops/);
});

test("a file of known deviations without explanations is refused", (t) => {
  t.throws(() => checkKnown({}), { message: /a list/ });
  t.throws(() => checkKnown([{ cases: ["a"], because: " " }]), { message: /entry 1 does not say why/ });
  t.throws(() => checkKnown([{ cases: [], because: "so" }]), { message: /entry 1 does not name its cases/ });
});

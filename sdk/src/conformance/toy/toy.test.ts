import test from "ava";
import { completeProfile, hypervisorKit } from "../hypervisor/index.js";
import { registerKit, runCase } from "../kit/index.js";
import { BROKEN_TOYS } from "./broken.js";
import { TOY_PROFILE, toySubject } from "./subject.js";

/** A case that waits for what never comes has failed then. */
const DEADLINE_MS = 4000;

const correct = toySubject();
const profile = await completeProfile(correct, TOY_PROFILE);

registerKit(test, hypervisorKit, correct, { profile, title: "the correct toy", close: () => correct.close() });

for (const toy of BROKEN_TOYS) {
  test.serial(`the kit catches ${toy.name}: it ${toy.fault}`, async (t) => {
    const one = hypervisorKit.cases.find(({ name }) => name === toy.caughtBy);
    if (one === undefined) return t.fail(`there is no case "${toy.caughtBy}"`);
    const subject = toySubject(toy);
    const result = await runCase(one, subject, { profile, deadline: DEADLINE_MS });
    await subject.close();
    t.is(result.outcome, "failed", result.says);
    t.log(result.says);
  });
}

test("each broken toy has a name and a fault of its own", (t) => {
  for (const key of ["name", "fault"] as const)
    t.is(new Set(BROKEN_TOYS.map((toy) => toy[key])).size, BROKEN_TOYS.length);
});

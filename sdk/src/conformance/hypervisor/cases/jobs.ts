import { brief } from "../../kit/index.js";
import { Bench } from "../bench.js";
import { group, type HypervisorCase, STARTS } from "../case.js";

const { quiet, raw } = group("jobs");

const NONE = 0;
const LONG = [...STARTS, "domainManagedSave", "domainAbortJob", "domainGetJobInfo", "longSave"];

/** How a call ended that was begun before. */
function ending(call: Promise<unknown>): Promise<string> {
  return call.then(
    () => "done",
    (error: unknown) => brief(error),
  );
}

/** A guest whose save is under way and takes long. */
async function saving(bench: Bench, other: Bench) {
  const dom = await bench.started("longSave");
  const saved = ending(bench.api.domainManagedSave({ dom, flags: 0 }));
  await other.check.eventually("the job", async () => (await other.api.domainGetJobInfo({ dom })).type !== NONE);
  return { dom, saved };
}

/** Calls that take long: they can be watched and ended, and hold nobody else up. */
export const jobCases: readonly HypervisorCase[] = [
  quiet("a guest that does nothing long has no job", [...STARTS, "domainGetJobInfo"], async (bench) => {
    const dom = await bench.started();
    bench.check.equal((await bench.api.domainGetJobInfo({ dom })).type, NONE, "the type of its job");
    if (bench.check.claims("domainGetJobStats"))
      bench.check.equal(
        (await bench.api.domainGetJobStats({ dom, flags: 0 })).type,
        NONE,
        "the type in its statistics",
      );
  }),

  quiet("where there is no job none can be ended", [...STARTS, "domainAbortJob"], async (bench) => {
    const dom = await bench.started();
    const before = await bench.portrait(dom);
    await bench.check.refused(bench.api.domainAbortJob({ dom }), "OPERATION_INVALID", "the end of a job");
    bench.check.equal(await bench.portrait(dom), before, "the domain");
  }),

  raw("a long call shows its progress", LONG, async (subject, check) => {
    const [bench, other] = [await Bench.open(subject, check), await Bench.open(subject, check)];
    const { dom, saved } = await saving(bench, other);
    const first = await other.api.domainGetJobInfo({ dom });
    const later = await other.api.domainGetJobInfo({ dom });
    check.ok(later.timeElapsed >= first.timeElapsed, "its time goes back");
    check.ok(later.dataProcessed >= first.dataProcessed, "its progress goes back");
    await other.api.domainAbortJob({ dom });
    await saved;
  }),

  raw("a long call is ended, and the guest goes on as before", [...LONG, "domainGetState"], async (subject, check) => {
    const [bench, other] = [await Bench.open(subject, check), await Bench.open(subject, check)];
    const { dom, saved } = await saving(bench, other);
    await other.api.domainAbortJob({ dom });
    const end = await check.within("the call that was ended", saved);
    check.ok(/^(OPERATION_ABORTED|OPERATION_FAILED)/.test(end), `the call that was ended answered: ${end}`);
    await bench.expectActive(dom, true, "the guest is active");
    check.equal((await other.api.domainGetJobInfo({ dom })).type, NONE, "the type of its job");
    await bench.destroy(dom);
  }),

  raw("queries are answered while a long call is worked on", [...LONG, "domainGetXMLDesc"], async (subject, check) => {
    const [bench, other] = [await Bench.open(subject, check), await Bench.open(subject, check)];
    const { dom, saved } = await saving(bench, other);
    await check.within("the document", other.api.domainGetXMLDesc({ dom, flags: 0 }));
    await check.within("the domain", other.api.domainLookupByUUID({ uuid: dom.uuid }));
    await other.api.domainAbortJob({ dom });
    await saved;
  }),

  raw("a guest is destroyed in the middle of a long call", LONG, async (subject, check) => {
    const [bench, other] = [await Bench.open(subject, check), await Bench.open(subject, check)];
    const { dom, saved } = await saving(bench, other);
    await check.within("the destroy", other.destroy(dom));
    const end = await check.within("the call that lost its guest", saved);
    check.ok(end !== "done", "a save of a guest that was destroyed is done");
    await other.expectActive(dom, false, "the guest is active");
  }),
];

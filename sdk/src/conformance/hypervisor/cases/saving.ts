import { group, type HypervisorCase, STARTS } from "../case.js";
import type { Path } from "../news.js";

const { heard } = group("saving");

const NEEDS = [...STARTS, "domainManagedSave", "domainHasManagedSaveImage", "domainManagedSaveRemove"];
const SAVE: readonly Path[] = [["save"], ["haltForSave", "save"]];

export const savingCases: readonly HypervisorCase[] = [
  heard("a guest is saved and goes on where it was", [...NEEDS, "domainGetState"], async (bench, news) => {
    const { api, check } = bench;
    const dom = await bench.started();
    await bench.quiet(news);
    await bench.takes(dom, news, SAVE, "a save", () => api.domainManagedSave({ dom, flags: 0 }));
    check.equal(await api.domainHasManagedSaveImage({ dom, flags: 0 }), 1, "whether it is saved");
    await bench.start(dom);
    await bench.expectActive(dom, true, "the domain is active");
    check.equal(await api.domainHasManagedSaveImage({ dom, flags: 0 }), 0, "whether it is still saved");
    await bench.quiet(news);
    const [event, detail] = [2, 2];
    const restored = news.of(dom).some((each) => each.event === event && each.detail === detail);
    check.ok(restored, "nobody was told that it was restored");
  }),

  heard("what was saved can be forgotten", NEEDS, async (bench, news) => {
    const { api, check } = bench;
    const dom = await bench.started();
    await api.domainManagedSave({ dom, flags: 0 });
    await api.domainManagedSaveRemove({ dom, flags: 0 });
    check.equal(await api.domainHasManagedSaveImage({ dom, flags: 0 }), 0, "whether it is saved");
    await bench.start(dom);
    await bench.quiet(news);
    check.equal(
      news
        .of(dom)
        .filter(({ event }) => event === 2)
        .map(({ detail }) => detail),
      [0, 0],
      "how it started",
    );
  }),

  heard("a domain that is off cannot be saved", NEEDS, async (bench, news) => {
    const dom = await bench.defined();
    const before = await bench.portrait(dom);
    await bench.check.refused(bench.api.domainManagedSave({ dom, flags: 0 }), "OPERATION_INVALID", "a save");
    bench.check.equal(await bench.portrait(dom), before, "the domain");
    await bench.quiet(news);
    bench.check.equal(news.of(dom).length, 1, "the number of events");
  }),

  heard("a domain that was saved is not given up by mistake", NEEDS, async (bench) => {
    const { api, check } = bench;
    const dom = await bench.started();
    await api.domainManagedSave({ dom, flags: 0 });
    await check.refused(bench.undefine(dom), "OPERATION_INVALID", "the end of its definition");
    check.equal(await api.domainHasManagedSaveImage({ dom, flags: 0 }), 1, "whether it is saved");
  }),
];

import type { ErrorName } from "@polyvisor/core";
import type { Bench } from "../bench.js";
import { DEFINES, group, type HypervisorCase, STARTS } from "../case.js";
import type { News } from "../news.js";

const { heard } = group("idempotence");

const TIMES = 10;
/** How libvirt's drivers refuse what does not fit a domain's state. */
const STATE_ERRORS: readonly ErrorName[] = ["OPERATION_INVALID", "INTERNAL_ERROR"];

/** The same call again and again: the same error each time, nothing changes, nobody hears anything. */
async function tenTimes(bench: Bench, news: News, uuid: string, what: string, act: () => Promise<unknown>) {
  const { check } = bench;
  await bench.quiet(news);
  const count = news.of({ uuid }).length;
  const dom = { name: "", uuid, id: -1 };
  const there = await bench.exists(dom);
  const before = there ? await bench.portrait(dom) : undefined;
  const codes = new Set<string>();
  for (let i = 0; i < TIMES; i++)
    codes.add((await check.refused(act(), there ? STATE_ERRORS : "NO_DOMAIN", `${what}, time ${i + 1}`)).code);
  check.equal(codes.size, 1, `${what}: the number of different errors`);
  check.equal(there ? await bench.portrait(dom) : undefined, before, `${what}: the domain afterwards`);
  await bench.quiet(news);
  check.equal(news.of({ uuid }).length, count, `${what}: the number of events`);
}

export const idempotenceCases: readonly HypervisorCase[] = [
  heard("a domain that is off is destroyed ten times", STARTS, async (bench, news) => {
    const dom = await bench.defined();
    await tenTimes(bench, news, dom.uuid, "a destroy", () => bench.destroy(dom));
  }),
  heard("a guest that runs is started ten times", STARTS, async (bench, news) => {
    const dom = await bench.started();
    await tenTimes(bench, news, dom.uuid, "a start", () => bench.start(dom));
  }),
  heard("a domain that is gone is undefined ten times", DEFINES, async (bench, news) => {
    const dom = await bench.defined();
    await bench.undefine(dom);
    await tenTimes(bench, news, dom.uuid, "an undefine", () => bench.undefine(dom));
  }),
  heard("a domain that is off is suspended ten times", [...DEFINES, "domainSuspend"], async (bench, news) => {
    const dom = await bench.defined();
    await tenTimes(bench, news, dom.uuid, "a suspend", () => bench.api.domainSuspend({ dom }));
  }),
  heard("a domain that is off is resumed ten times", [...DEFINES, "domainResume"], async (bench, news) => {
    const dom = await bench.defined();
    await tenTimes(bench, news, dom.uuid, "a resume", () => bench.api.domainResume({ dom }));
  }),
  heard("a domain that is off is shut down ten times", [...DEFINES, "domainShutdown"], async (bench, news) => {
    const dom = await bench.defined();
    await tenTimes(bench, news, dom.uuid, "a shutdown", () => bench.api.domainShutdown({ dom }));
  }),
  heard("a domain that is off is reset ten times", [...DEFINES, "domainReset"], async (bench, news) => {
    const dom = await bench.defined();
    await tenTimes(bench, news, dom.uuid, "a reset", () => bench.api.domainReset({ dom, flags: 0 }));
  }),

  heard(
    "a paused guest is paused ten times, and stays as it is",
    [...STARTS, "domainSuspend", "domainGetState"],
    async (bench, news) => {
      const { check, api } = bench;
      const dom = await bench.started();
      await api.domainSuspend({ dom });
      await bench.quiet(news);
      const [before, count] = [await bench.portrait(dom), news.of(dom).length];
      // Some hypervisors refuse it and others have nothing to do.
      const answers = new Set<string>();
      for (let i = 0; i < TIMES; i++)
        answers.add(
          await api.domainSuspend({ dom }).then(
            () => "done",
            (error: { code: string }) => error.code,
          ),
        );
      check.equal(answers.size, 1, `the number of different answers (${[...answers]})`);
      check.equal(await bench.portrait(dom), before, "the domain");
      await bench.quiet(news);
      check.equal(news.of(dom).length, count, "the number of events");
    },
  ),

  heard("a definition is given ten times, and is one domain", [...DEFINES, "connectListAllDomains"], async (bench) => {
    const dom = await bench.defined();
    const before = await bench.portrait(dom);
    for (let i = 0; i < TIMES; i++) await bench.define(bench.document(dom.name, dom.uuid));
    bench.check.equal(await bench.portrait(dom), before, "the domain");
    const list = await bench.api.connectListAllDomains({ flags: 0 });
    bench.check.equal(list.filter(({ name }) => name === dom.name).length, 1, "how often it is in the list");
  }),

  heard(
    "autostart is set ten times and cleared ten times",
    [...DEFINES, "domainSetAutostart", "domainGetAutostart"],
    async (bench) => {
      const dom = await bench.defined();
      for (const autostart of [true, false]) {
        for (let i = 0; i < TIMES; i++) await bench.api.domainSetAutostart({ dom, autostart });
        bench.check.equal(await bench.api.domainGetAutostart({ dom }), autostart, "autostart");
      }
    },
  ),

  heard("a guest is started and destroyed ten times", [...STARTS, "domainGetState"], async (bench) => {
    const dom = await bench.defined();
    const before = await bench.portrait(dom);
    for (let i = 0; i < TIMES; i++) {
      await bench.start(dom);
      await bench.destroy(dom);
    }
    const { state: _before, ...unchanged } = before;
    const { state: _after, ...now } = await bench.portrait(dom);
    bench.check.equal(now, unchanged, "the domain");
  }),
];

import { VirtError } from "@polyvisor/core";
import type { Check } from "../../kit/index.js";
import { Bench } from "../bench.js";
import { DEFINES, group, type HypervisorCase, STARTS } from "../case.js";
import { News } from "../news.js";

const { raw, quiet } = group("concurrency");

/** How long a quick call of one client may take while another one's is worked on, at the best of five times. */
const MEANWHILE_MS = 1000;

type Outcome = "done" | string;

/** How each of some calls ended that were made at once: `done`, or the code of its error. */
async function outcomes(calls: readonly Promise<unknown>[]): Promise<Outcome[]> {
  const settled = await Promise.allSettled(calls);
  return settled.map((each) => {
    if (each.status === "fulfilled") return "done";
    if (each.reason instanceof VirtError) return each.reason.code;
    throw each.reason;
  });
}

function expectOne(check: Check, ends: readonly Outcome[], refusals: readonly string[], what: string): void {
  check.equal(ends.filter((end) => end === "done").length, 1, `${what}: how many were done`);
  const others = ends.filter((end) => end !== "done" && !refusals.includes(end));
  check.equal(others, [], `${what}: other errors than ${refusals.join(", ")}`);
}

export const concurrencyCases: readonly HypervisorCase[] = [
  raw("of two starts at once one succeeds", STARTS, async (subject, check) => {
    const [bench, other] = [await Bench.open(subject, check), await Bench.open(subject, check)];
    for (let i = 0; i < 3; i++) {
      const dom = await bench.defined();
      const ends = await outcomes([bench.start(dom), other.start(dom)]);
      expectOne(check, ends, ["OPERATION_INVALID", "INTERNAL_ERROR"], "two starts");
      await bench.expectActive(dom, true, "the domain is active");
    }
  }),

  raw(
    "of five destroys at once one succeeds",
    [...STARTS, "connectDomainEventCallbackRegisterAny"],
    async (subject, check) => {
      const benches = await Promise.all([1, 2, 3, 4, 5].map(() => Bench.open(subject, check)));
      const bench = benches[0] as Bench;
      const news = await News.of(bench.connection, check);
      const dom = await bench.started();
      const ends = await outcomes(benches.map((each) => each.destroy(dom)));
      expectOne(check, ends, ["OPERATION_INVALID", "INTERNAL_ERROR"], "five destroys");
      await bench.quiet(news);
      check.equal(news.of(dom).filter(({ event }) => event === 5).length, 1, "how often it stopped");
    },
  ),

  raw("of two undefines at once one succeeds", DEFINES, async (subject, check) => {
    const [bench, other] = [await Bench.open(subject, check), await Bench.open(subject, check)];
    const dom = await bench.defined();
    expectOne(
      check,
      await outcomes([bench.undefine(dom), other.undefine(dom)]),
      ["NO_DOMAIN", "OPERATION_INVALID"],
      "two",
    );
  }),

  raw(
    "a definition beside the end of the same leaves one or nothing",
    [...DEFINES, "domainGetXMLDesc"],
    async (subject, check) => {
      const [bench, other] = [await Bench.open(subject, check), await Bench.open(subject, check)];
      for (let i = 0; i < 5; i++) {
        const dom = await bench.defined();
        await outcomes([other.undefine(dom), bench.define(bench.document(dom.name, dom.uuid))]);
        if (!(await bench.exists(dom))) continue;
        const xml = await bench.api.domainGetXMLDesc({ dom, flags: 0 });
        check.ok(xml.includes(dom.uuid), "half a domain is left");
        await bench.undefine(dom);
      }
    },
  ),

  raw(
    "of two domains with one name that are defined at once one is there",
    [...DEFINES, "connectListAllDomains"],
    async (subject, check) => {
      const [bench, other] = [await Bench.open(subject, check), await Bench.open(subject, check)];
      const name = check.newName();
      const uuids = [check.newUuid(), check.newUuid()] as const;
      for (const uuid of uuids) bench.forget({ name, uuid, id: -1 });
      await outcomes([bench.define(bench.document(name, uuids[0])), other.define(other.document(name, uuids[1]))]);
      const list = await bench.api.connectListAllDomains({ flags: 0 });
      check.equal(list.filter((dom) => dom.name === name).length, 1, "how many have the name");
    },
  ),

  quiet("fifty queries at once are answered alike", [...STARTS, "domainGetInfo", "domainGetXMLDesc"], async (bench) => {
    const { api, check } = bench;
    const dom = await bench.started();
    const queries = Array.from({ length: 50 }, async () => {
      const [found, xml, { maxMem, nrVirtCpu }] = await Promise.all([
        api.domainLookupByUUID({ uuid: dom.uuid }),
        api.domainGetXMLDesc({ dom, flags: 0 }),
        api.domainGetInfo({ dom }),
      ]);
      return { id: found.id, xml, maxMem, nrVirtCpu };
    });
    const [first, ...others] = await Promise.all(queries);
    for (const each of others) check.equal(each, first, "another answer");
  }),

  raw(
    "twenty domains are defined, started and ended at once",
    [...STARTS, "connectListAllDomains"],
    async (subject, check) => {
      const bench = await Bench.open(subject, check);
      const doms = await Promise.all(Array.from({ length: 20 }, () => bench.defined()));
      await Promise.all(doms.slice(0, 5).map((dom) => bench.start(dom)));
      const list = await bench.api.connectListAllDomains({ flags: 0 });
      const ids = new Map(list.map(({ uuid, id }) => [uuid, id]));
      check.ok(
        doms.every(({ uuid }) => ids.has(uuid)),
        "some are not in the list",
      );
      check.ok(
        doms.slice(0, 5).every(({ uuid }) => (ids.get(uuid) ?? -1) > 0),
        "some of the started do not run",
      );
      await Promise.all(doms.slice(0, 5).map((dom) => bench.destroy(dom)));
      await Promise.all(doms.map((dom) => bench.undefine(dom)));
      for (const dom of doms) check.ok(!(await bench.exists(dom)), "one is still there");
    },
  ),

  raw("nobody waits while another client's domain starts", STARTS, async (subject, check) => {
    const [bench, other] = [await Bench.open(subject, check), await Bench.open(subject, check)];
    const bystander = await other.defined();
    const times: number[] = [];
    // A busy machine may be late once or twice; what blocks everybody does so each time.
    for (let i = 0; i < 5 && times.every((time) => time > MEANWHILE_MS); i++) {
      const dom = await bench.defined();
      const began = performance.now();
      const start = bench.start(dom);
      await other.api.domainLookupByUUID({ uuid: bystander.uuid });
      times.push(performance.now() - began);
      await start;
      await bench.destroy(dom);
    }
    check.ok(
      times.some((time) => time <= MEANWHILE_MS),
      `a lookup took ${times.map((time) => `${Math.round(time)} ms`).join(", ")} beside a start`,
    );
  }),
];

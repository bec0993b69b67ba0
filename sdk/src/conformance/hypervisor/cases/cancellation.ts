import { Bench } from "../bench.js";
import { DEFINES, group, type HypervisorCase, STARTS } from "../case.js";

const { raw } = group("cancellation");

/** How soon a call must have ended whose caller has given it up. */
const GIVEN_UP_MS = 30_000;

const settledOf = (call: Promise<unknown>) =>
  call.then(
    () => "done",
    () => "refused",
  );

/** Callers that give up or go away. */
export const cancellationCases: readonly HypervisorCase[] = [
  raw("a call that is given up ends, and the domain can be used", STARTS, async (subject, check) => {
    const bench = await Bench.open(subject, check);
    const dom = await bench.defined();
    for (const early of [true, false]) {
      const caller = new AbortController();
      if (early) caller.abort();
      const call = settledOf(bench.api.domainCreate({ dom }, { signal: caller.signal }));
      caller.abort();
      await check.within("a start that was given up", call, GIVEN_UP_MS);
      // Whether it had begun is open, and it may go on for a while: what counts is that the domain can be used.
      await check.eventually("the domain runs", async () => {
        await bench.start(dom).catch(() => {});
        return bench.isActive(dom);
      });
      await bench.destroy(dom);
    }
    await check.eventually("the domain is off", async () => !(await bench.isActive(dom)));
  }),

  raw(
    "a client that goes in the middle of its calls harms nobody",
    [...STARTS, "connectListAllDomains"],
    async (subject, check) => {
      const bench = await Bench.open(subject, check);
      const doms = await Promise.all(Array.from({ length: 4 }, () => bench.defined()));
      const leaver = await subject.open();
      const calls = doms.flatMap((dom) => [
        settledOf(leaver.api.domainCreate({ dom })),
        settledOf(leaver.api.domainLookupByUUID({ uuid: dom.uuid })),
        settledOf(leaver.api.connectListAllDomains({ flags: 0 })),
      ]);
      await leaver.close();
      await check.within("the calls of the one who has gone", Promise.all(calls));
      for (const dom of doms) {
        await check.eventually("the domain runs", async () => {
          await bench.start(dom).catch(() => {});
          return bench.isActive(dom);
        });
        await bench.destroy(dom);
      }
    },
  ),

  raw(
    "a listener that goes harms nobody",
    [...DEFINES, "connectDomainEventCallbackRegisterAny"],
    async (subject, check) => {
      const bench = await Bench.open(subject, check);
      for (let i = 0; i < 5; i++) {
        const listener = await subject.open();
        await listener.events({ kinds: ["lifecycle"], signal: check.signal });
        await listener.close();
      }
      const dom = await bench.defined();
      check.ok(await bench.exists(dom), "the domain is not there");
    },
  ),

  raw("fifty clients come and go", DEFINES, async (subject, check) => {
    const bench = await Bench.open(subject, check);
    const dom = await bench.defined();
    const visit = async () => {
      const connection = await subject.open();
      try {
        await connection.api.domainLookupByUUID({ uuid: dom.uuid });
      } finally {
        await connection.close();
      }
    };
    for (let i = 0; i < 5; i++) await Promise.all(Array.from({ length: 10 }, visit));
    check.ok(await bench.exists(dom), "the domain is not there");
  }),
];

import { CREATE_FLAG, VirtError } from "@polyvisor/core";
import { Bench } from "../bench.js";
import { DEFINES, group, type HypervisorCase, STARTS } from "../case.js";
import { News, type Path } from "../news.js";
import { TRAITS } from "../profile.js";

const { heard, raw } = group("lifecycle");

const STATE = "domainGetState";
const TRANSIENT = [...STARTS, "domainCreateXML", STATE];

/** A hypervisor starts a guest in one step, or prepares it first. */
const BOOT: readonly Path[] = [["boot"], ["prepare", "run", "started"]];
const BOOT_PAUSED: readonly Path[] = [
  ["boot", "suspend"],
  ["prepare", "hold", "startedPaused"],
];
/** A hypervisor may say first that its guest is ended from outside. */
const DESTROY: readonly Path[] = [["destroy"], ["shutDownByHost", "destroy"]];
const SHUTDOWN: readonly Path[] = [
  ["finish"],
  ["shutDownByHost", "finish"],
  ["shutDownByGuest", "finish"],
  ["shutDown", "finish"],
];

/** Every step of a domain's life that calls cause: its events in their order, its state and the reason of it. */
export const lifecycleCases: readonly HypervisorCase[] = [
  heard("a domain is defined", DEFINES, async (bench, news) => {
    const [name, uuid] = [bench.check.newName(), bench.check.newUuid()];
    const dom = { name, uuid, id: -1 };
    bench.forget(dom);
    await bench.takes(dom, news, [["define"]], "a new definition", () => bench.define(bench.document(name, uuid)));
    await bench.expectActive(dom, false, "the domain is active");
  }),

  heard("a domain is defined anew", DEFINES, async (bench, news) => {
    const dom = await bench.defined();
    await news.count(bench.check, dom, 1);
    await bench.takes(dom, news, [["redefine"]], "another definition", () =>
      bench.define(bench.document(dom.name, dom.uuid)),
    );
  }),

  heard("a definition is given up", DEFINES, async (bench, news) => {
    const dom = await bench.defined();
    await news.count(bench.check, dom, 1);
    await bench.takes(dom, news, [["undefine"]], "the end of a definition", () => bench.undefine(dom));
    bench.check.ok(!(await bench.exists(dom)), "the domain is still there");
    await bench.check.refused(bench.undefine(dom), "NO_DOMAIN", "the end of a definition that is gone");
  }),

  heard("a domain starts", [...STARTS, STATE], async (bench, news) => {
    const dom = await bench.defined();
    await news.count(bench.check, dom, 1);
    await bench.takes(dom, news, BOOT, "a start", () => bench.start(dom));
    await bench.expectActive(dom, true, "the domain is active");
  }),

  heard("a domain starts and stays paused", [...STARTS, STATE, "domainCreateWithFlags"], async (bench, news) => {
    const dom = await bench.defined();
    await news.count(bench.check, dom, 1);
    const start = async () => {
      try {
        await bench.start(dom, CREATE_FLAG.PAUSED);
      } catch (error) {
        const isFlag = error instanceof VirtError && error.code === "INVALID_ARG" && /flag/.test(error.message);
        if (!isFlag) throw error;
        bench.check.leaveOut("the driver does not have the flag");
      }
    };
    await bench.takes(dom, news, BOOT_PAUSED, "a start", start);
  }),

  heard("a guest is paused and goes on", [...STARTS, STATE, "domainSuspend", "domainResume"], async (bench, news) => {
    const dom = await bench.started();
    await bench.quiet(news);
    await bench.takes(dom, news, [["suspend"]], "a suspend", () => bench.api.domainSuspend({ dom }));
    await bench.expectActive(dom, true, "the domain is active");
    await bench.takes(dom, news, [["resume"]], "a resume", () => bench.api.domainResume({ dom }));
  }),

  heard("a guest is destroyed", [...STARTS, STATE], async (bench, news) => {
    const dom = await bench.started();
    await bench.quiet(news);
    await bench.takes(dom, news, DESTROY, "a destroy", () => bench.destroy(dom));
    await bench.expectActive(dom, false, "the domain is active");
  }),

  heard("a paused guest is destroyed", [...STARTS, STATE, "domainSuspend"], async (bench, news) => {
    const dom = await bench.started();
    await bench.api.domainSuspend({ dom });
    await bench.quiet(news);
    await bench.takes(dom, news, DESTROY, "a destroy", () => bench.destroy(dom));
  }),

  heard("a guest shuts down", [...STARTS, STATE, "domainShutdown", TRAITS.obeysShutdown], async (bench, news) => {
    const dom = await bench.started();
    await bench.quiet(news);
    await bench.takes(dom, news, SHUTDOWN, "a shutdown", () => bench.api.domainShutdown({ dom }));
    await bench.expectActive(dom, false, "the domain is active");
  }),

  heard("a domain is created, and gone after its end", TRANSIENT, async (bench, news) => {
    const [name, uuid] = [bench.check.newName(), bench.check.newUuid()];
    const dom = { name, uuid, id: -1 };
    bench.forget(dom);
    const create = () => bench.api.domainCreateXML({ xmlDesc: bench.document(name, uuid), flags: 0 });
    await bench.takes(dom, news, BOOT, "a creation", create);
    if (bench.check.claims("domainIsPersistent"))
      bench.check.equal(await bench.api.domainIsPersistent({ dom }), false, "the domain is persistent");
    await bench.takes(dom, news, DESTROY, "a destroy", () => bench.destroy(dom));
    bench.check.ok(!(await bench.exists(dom)), "a domain that was only created is still there after its end");
  }),

  heard("a created domain is kept once it is defined", TRANSIENT, async (bench, news) => {
    const dom = await bench.created();
    await bench.quiet(news);
    await bench.takes(dom, news, [["define"]], "a definition", () => bench.define(bench.document(dom.name, dom.uuid)));
    await bench.expectActive(dom, true, "the domain is active");
    await bench.destroy(dom);
    bench.check.ok(await bench.exists(dom), "a defined domain is gone after its end");
  }),

  heard(
    "a guest whose definition is given up runs on, and is gone after its end",
    [...STARTS, STATE],
    async (bench, news) => {
      const dom = await bench.started();
      await bench.quiet(news);
      const before = await bench.status(dom);
      await bench.takes(dom, news, [["undefine"]], "the end of a definition", () => bench.undefine(dom));
      bench.check.ok(await bench.exists(dom), "the guest is gone with its definition");
      bench.check.equal(await bench.status(dom), before, "what it does");
      await bench.destroy(dom);
      bench.check.ok(!(await bench.exists(dom)), "it is still there after its end");
    },
  ),

  heard("a domain gets another name", [...DEFINES, "domainRename"], async (bench, news) => {
    const dom = await bench.defined();
    await news.count(bench.check, dom, 1);
    const newName = bench.check.newName();
    await bench.takes(dom, news, [["undefineRenamed", "defineRenamed"]], "a rename", () =>
      bench.api.domainRename({ dom, newName, flags: 0 }),
    );
    bench.check.equal((await bench.api.domainLookupByUUID({ uuid: dom.uuid })).name, newName, "the domain's name");
  }),

  heard("a guest is reset and runs on", [...STARTS, STATE, "domainReset"], async (bench, news) => {
    const dom = await bench.started();
    await bench.quiet(news);
    const before = await bench.portrait(dom);
    await bench.api.domainReset({ dom, flags: 0 });
    await bench.quiet(news);
    bench.check.equal((await bench.portrait(dom)).ref, before.ref, "the domain");
    await bench.expectActive(dom, true, "the domain is active");
  }),

  heard("a guest reboots and runs on", [...STARTS, STATE, "domainReboot", TRAITS.obeysShutdown], async (bench) => {
    const dom = await bench.started();
    await bench.api.domainReboot({ dom, flags: 0 });
    await bench.check.eventually("the domain is active", () => bench.isActive(dom));
    if (bench.check.profile.traits.includes(TRAITS.idsOfRuns)) return;
    bench.check.equal((await bench.api.domainLookupByUUID({ uuid: dom.uuid })).id, dom.id, "its id");
  }),

  heard("ten domains are started and destroyed, and each has its events in order", STARTS, async (bench, news) => {
    const doms = await Promise.all(Array.from({ length: 10 }, () => bench.defined()));
    await Promise.all(
      doms.map(async (dom) => {
        await bench.start(dom);
        await bench.destroy(dom);
        await bench.undefine(dom);
      }),
    );
    await bench.quiet(news);
    for (const dom of doms) {
      const events = news.of(dom).map(({ event }) => event);
      bench.check.equal(events.at(0), 0, "the first event (0: defined)");
      bench.check.equal(events.filter((event) => event === 2).length, 1, "how often it started");
      bench.check.equal(events.slice(-2), [5, 1], "the last two events (5: stopped, 1: undefined)");
    }
  }),

  raw(
    "what is told has happened",
    [...STARTS, STATE, "connectDomainEventCallbackRegisterAny"],
    async (subject, check) => {
      const bench = await Bench.open(subject, check);
      const events = await bench.connection.events({ kinds: ["lifecycle"], signal: check.signal });
      const dom = await bench.defined();
      const acts = (async () => {
        await bench.start(dom);
        await bench.destroy(dom);
        await bench.undefine(dom);
      })();
      const other = await Bench.open(subject, check);
      // Each event is held against what another client sees at once; what comes later may have happened by then, too.
      const wrong: string[] = [];
      for await (const event of events) {
        if (event.kind !== "lifecycle" || event.dom.uuid !== dom.uuid) continue;
        const exists = await other.exists(dom);
        const { STARTED, UNDEFINED } = { STARTED: 2, UNDEFINED: 1 };
        if (event.event === STARTED && exists) {
          const { state, reason } = await other.api
            .domainGetState({ dom, flags: 0 })
            .catch(() => ({ state: 5, reason: 2 }));
          if (state === 5 && reason !== 2) wrong.push("STARTED came before the start");
        }
        if (event.event !== UNDEFINED) continue;
        if (exists) wrong.push("UNDEFINED came while the domain was there");
        break;
      }
      await acts;
      check.equal(wrong, [], "what came too early");
    },
  ),

  raw("each listener hears the same", [...STARTS, "connectDomainEventCallbackRegisterAny"], async (subject, check) => {
    const bench = await Bench.open(subject, check);
    const others = await Promise.all([1, 2, 3].map(() => Bench.open(subject, check)));
    const news = await Promise.all([bench, ...others].map(({ connection }) => News.of(connection, check)));
    const dom = await bench.defined();
    await bench.start(dom);
    await bench.destroy(dom);
    await bench.undefine(dom);
    for (const each of news) await bench.quiet(each);
    const [first, ...rest] = news.map((each) => each.of(dom));
    check.ok(first !== undefined && first.length >= 4, "too few events");
    for (const heardByOther of rest) check.equal(heardByOther, first, "what another listener heard");
  }),

  heard("who listens no more hears no more, and the others do", DEFINES, async (bench, news) => {
    const stop = new AbortController();
    const events = await bench.connection.events({ kinds: ["lifecycle"], signal: stop.signal });
    stop.abort();
    let heardMore = 0;
    for await (const _ of events) heardMore += 1;
    await bench.quiet(news);
    bench.check.equal(heardMore, 0, "events that were heard after the end");
  }),
];

import type { ObjectEvent } from "@polyvisor/core";
import type { HypervisorSubject } from "../../hypervisor/index.js";
import type { Case } from "../../kit/index.js";
import type { Definable, DefinableCalls, Reference } from "./definable.js";
import { listen } from "./listen.js";
import { bench, connect } from "./made.js";

/** How such an object comes, starts, stops and goes, and what is told of it. */
export function lifeCases(sort: Definable): Case<HypervisorSubject>[] {
  const { what, names, events } = sort;
  const needs = (...calls: readonly (keyof DefinableCalls)[]) => calls.map((call) => names[call]);
  return [
    {
      name: `${what}: is defined, started, stopped and forgotten`,
      group: "lifecycle",
      needs: needs("define", "create", "destroy", "undefine", "byName", "byUuid", "isActive", "isPersistent"),
      async run(subject, check) {
        const { calls, define, start, connection } = await bench(subject, check, sort);
        const ref = await define();
        check.equal(await calls.byName(ref.name), ref, "the lookup by name");
        check.equal(await calls.byUuid(ref.uuid), ref, "the lookup by UUID");
        check.equal(await calls.isActive(ref), false, "active once defined");
        check.equal(await calls.isPersistent(ref), true, "persistent once defined");
        await start(ref);
        check.equal(await calls.isActive(ref), true, "active once started");
        await calls.destroy(ref);
        check.equal(await calls.isActive(ref), false, "active once stopped");
        check.equal(await calls.byName(ref.name), ref, "the lookup of one that has stopped");
        await sort.dismantle?.(connection, ref);
        await calls.undefine(ref);
        await check.refused(calls.byName(ref.name), sort.missing, "the lookup by name of one that is gone");
        await check.refused(calls.byUuid(ref.uuid), sort.missing, "the lookup by UUID of one that is gone");
      },
    },
    {
      name: `${what}: one that was only created is gone with its end`,
      group: "lifecycle",
      needs: needs("define", "undefine", "createXML", "destroy", "byName", "isPersistent", "isActive"),
      async run(subject, check) {
        const { calls, document, forget, connection } = await bench(subject, check, sort);
        const name = check.newName();
        const xml = document({ name, uuid: check.newUuid() });
        await meanwhileDefined(calls, xml, (ref) => sort.prepare?.(connection, ref));
        check.cleanup(() => meanwhileDefined(calls, xml, (ref) => sort.dismantle?.(connection, ref)));
        forget(name);
        const ref = await calls.createXML(xml);
        check.equal(await calls.isActive(ref), true, "active once created");
        check.equal(await calls.isPersistent(ref), false, "persistent though only created");
        await calls.destroy(ref);
        await check.refused(calls.byName(name), sort.missing, "the lookup of one that has ended");
      },
    },
    {
      name: `${what}: each step of its life is told once, in order`,
      group: "events",
      needs: [...needs("define", "create", "destroy", "undefine"), events.registration],
      async run(subject, check) {
        const { calls, define, start, connection } = await bench(subject, check, sort);
        const { numbers, kind } = events;
        const heard = await listen(await connect(subject, check), check, [kind]);
        const ref = await define();
        await start(ref);
        await calls.destroy(ref);
        await sort.dismantle?.(connection, ref);
        await calls.undefine(ref);
        const steps = () => heard.events.filter((event) => isAbout(event, ref.uuid)).map(numberOf);
        await check.eventually("the end is told", () => steps().includes(numbers.UNDEFINED));
        const wanted = [numbers.DEFINED, numbers.STARTED, numbers.STOPPED, numbers.UNDEFINED];
        const known: readonly unknown[] = wanted;
        check.equal(
          steps().filter((number) => known.includes(number)),
          wanted,
          "the steps as they were told",
        );
      },
    },
    {
      name: `${what}: what an event tells is so already`,
      group: "events",
      needs: [...needs("define", "create", "destroy", "isActive"), events.registration],
      async run(subject, check) {
        const { calls, define, start } = await bench(subject, check, sort);
        const { numbers, kind } = events;
        const looker = sort.calls(await connect(subject, check));
        const seen: Promise<[unknown, boolean]>[] = [];
        const ref = await define();
        const heard = await listen(await connect(subject, check), check, [kind], (event) => {
          const number = numberOf(event);
          if (!isAbout(event, ref.uuid) || (number !== numbers.STARTED && number !== numbers.STOPPED)) return;
          seen.push(looker.isActive(ref).then((active) => [number, active]));
        });
        await start(ref);
        await heard.until("the start is told", (event) => numberOf(event) === numbers.STARTED);
        await Promise.all(seen);
        await calls.destroy(ref);
        await heard.until("the end is told", (event) => numberOf(event) === numbers.STOPPED);
        const wanted: [unknown, boolean][] = [
          [numbers.STARTED, true],
          [numbers.STOPPED, false],
        ];
        check.equal(await Promise.all(seen), wanted, "each event and whether it was active then");
      },
    },
    {
      name: `${what}: starting and stopping, ten times over`,
      group: "idempotence",
      needs: needs("define", "create", "destroy", "isActive"),
      async run(subject, check) {
        const { calls, define, start } = await bench(subject, check, sort);
        const ref = await define();
        await start(ref);
        for (let round = 1; round <= 10; round++) {
          await check.refused(calls.create(ref), "OPERATION_INVALID", `the second start, round ${round}`);
          check.equal(await calls.isActive(ref), true, `active after a second start, round ${round}`);
          await calls.destroy(ref);
          check.equal(await calls.isActive(ref), false, `active after the end, round ${round}`);
          await calls.create(ref);
        }
      },
    },
    {
      name: `${what}: one that is off is not stopped again`,
      group: "idempotence",
      needs: needs("define", "destroy"),
      async run(subject, check) {
        const { calls, define } = await bench(subject, check, sort);
        const ref = await define();
        for (let round = 1; round <= 10; round++)
          await check.refused(calls.destroy(ref), "OPERATION_INVALID", `the end of one that is off, round ${round}`);
      },
    },
    {
      name: `${what}: to forget one that runs either is refused or lets it run`,
      group: "lifecycle",
      needs: needs("define", "create", "undefine", "isActive", "isPersistent"),
      async run(subject, check) {
        const { calls, define, start } = await bench(subject, check, sort);
        const ref = await define();
        await start(ref);
        const isForgotten = await calls.undefine(ref).then(
          () => true,
          () => false,
        );
        check.equal(await calls.isActive(ref), true, "active after that");
        check.equal(await calls.isPersistent(ref), !isForgotten, "persistent after that");
      },
    },
  ];
}

/** What stands under one that nobody defines is built, and torn down, while somebody does. */
async function meanwhileDefined(
  calls: DefinableCalls,
  xml: string,
  work: (ref: Reference) => Promise<void> | undefined,
): Promise<void> {
  const ref = await calls.define(xml);
  try {
    await work(ref);
  } finally {
    await calls.undefine(ref);
  }
}

function isAbout({ object }: ObjectEvent, uuid: string): boolean {
  return "uuid" in object && object.uuid === uuid;
}

/** The step of its life that an event tells; `undefined` for other events. */
function numberOf(event: ObjectEvent): number | undefined {
  return "event" in event ? event.event : undefined;
}

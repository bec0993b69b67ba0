import type { HypervisorSubject } from "../../hypervisor/index.js";
import type { Case } from "../../kit/index.js";
import type { Definable, DefinableCalls } from "./definable.js";
import { bench } from "./made.js";

const AT_ONCE = 20;

/** Which object is meant, and that there is one of each name and UUID. */
export function identityCases(sort: Definable): Case<HypervisorSubject>[] {
  const { what, names, filters } = sort;
  const needs = (...calls: readonly (keyof DefinableCalls)[]) => calls.map((call) => names[call]);
  return [
    {
      name: `${what}: a name belongs to one UUID`,
      group: "identity",
      needs: needs("define", "byName"),
      async run(subject, check) {
        const { calls, document, define } = await bench(subject, check, sort);
        const ref = await define();
        const other = document({ name: ref.name, uuid: check.newUuid() });
        await check.refused(calls.define(other), "OPERATION_FAILED", "a second one of the same name");
        check.equal(await calls.byName(ref.name), ref, "the first one");
      },
    },
    {
      name: `${what}: a UUID belongs to one name`,
      group: "identity",
      needs: needs("define", "byName", "byUuid"),
      async run(subject, check) {
        const { calls, document, define, forget } = await bench(subject, check, sort);
        const ref = await define();
        const name = check.newName();
        forget(name);
        await check.refused(
          calls.define(document({ name, uuid: ref.uuid })),
          "OPERATION_FAILED",
          "a second one of the same UUID",
        );
        check.equal(await calls.byUuid(ref.uuid), ref, "the first one");
        await check.refused(calls.byName(name), sort.missing, "the lookup of the one that was refused");
      },
    },
    {
      name: `${what}: what a client says of the name changes nothing of which one is meant`,
      group: "identity",
      needs: needs("define", "create", "destroy", "isActive"),
      async run(subject, check) {
        const { calls, define, start } = await bench(subject, check, sort);
        const [mine, other] = [await define(), await define()];
        await start(mine);
        await start(other);
        await calls.destroy({ name: other.name, uuid: mine.uuid });
        check.equal(await calls.isActive(mine), false, "active: the one whose UUID was said");
        check.equal(await calls.isActive(other), true, "active: the one whose name was said");
      },
    },
    {
      name: `${what}: many are defined at once, and each is there`,
      group: "concurrency",
      needs: needs("define", "list"),
      async run(subject, check) {
        const { calls, define } = await bench(subject, check, sort);
        const made = await Promise.all(Array.from({ length: AT_ONCE }, () => define()));
        const listed = new Set((await calls.list(0)).map(({ uuid }) => uuid));
        for (const { name, uuid } of made) check.ok(listed.has(uuid), `${name} is in no list`);
      },
    },
    {
      name: `${what}: of ten that start the same one at once, one succeeds`,
      group: "concurrency",
      needs: needs("define", "create", "isActive"),
      async run(subject, check) {
        const { calls, define, connection } = await bench(subject, check, sort);
        const ref = await define();
        await sort.prepare?.(connection, ref);
        const answers = await Promise.allSettled(Array.from({ length: 10 }, () => calls.create(ref)));
        check.equal(answers.filter(({ status }) => status === "fulfilled").length, 1, "how many succeeded");
        check.equal(await calls.isActive(ref), true, "active after that");
      },
    },
    {
      name: `${what}: lists have what they are asked for, and all of it`,
      group: "lists",
      needs: needs("define", "create", "list", "activeNames", "definedNames"),
      async run(subject, check) {
        const { calls, define, start } = await bench(subject, check, sort);
        const [off, on] = [await define(), await define()];
        await start(on);
        const autostarts = check.claims(names.setAutostart);
        if (autostarts) await calls.setAutostart(on, true);
        const rows: readonly (readonly [string, number, boolean, boolean])[] = [
          ["all", 0, true, true],
          ["active", filters.ACTIVE, false, true],
          ["inactive", filters.INACTIVE, true, false],
          ["active or inactive", filters.ACTIVE | filters.INACTIVE, true, true],
          ["persistent", filters.PERSISTENT, true, true],
          ["transient", filters.TRANSIENT, false, false],
          ["autostart", filters.AUTOSTART, false, autostarts],
          ["no autostart", filters.NO_AUTOSTART, true, !autostarts],
          ["active and no autostart", filters.ACTIVE | filters.NO_AUTOSTART, false, !autostarts],
        ];
        for (const [title, flags, hasOff, hasOn] of rows) {
          const uuids = (await calls.list(flags)).map(({ uuid }) => uuid);
          check.equal([uuids.includes(off.uuid), uuids.includes(on.uuid)], [hasOff, hasOn], `the list: ${title}`);
          check.equal(new Set(uuids).size, uuids.length, `entries that are there twice: ${title}`);
        }
        const [active, defined] = [await calls.activeNames(), await calls.definedNames()];
        check.equal([active.includes(off.name), active.includes(on.name)], [false, true], "the names of active ones");
        check.equal(
          [defined.includes(off.name), defined.includes(on.name)],
          [true, false],
          "the names of inactive ones",
        );
      },
    },
  ];
}

import type { HypervisorSubject } from "../../hypervisor/index.js";
import { TRAITS } from "../../hypervisor/profile.js";
import type { Case } from "../../kit/index.js";
import type { Definable, DefinableCalls } from "./definable.js";
import { answerOf, bench, connect } from "./made.js";

/** Texts that are no document of anything. */
const BAD_DOCUMENTS = ["", "words", "<", "<a><b></a>", "<nothing/>", "<!DOCTYPE x [<!ENTITY a 'b'>]><x>&a;</x>"];

/** What is kept of a definition, and what bad input does to it: nothing. */
export function keepingCases(sort: Definable): Case<HypervisorSubject>[] {
  const { what, names } = sort;
  const needs = (...calls: readonly (keyof DefinableCalls)[]) => calls.map((call) => names[call]);
  return [
    {
      name: `${what}: a document goes round without a change`,
      group: "documents",
      needs: needs("define", "getXMLDesc"),
      async run(subject, check) {
        const { calls, define } = await bench(subject, check, sort);
        const ref = await define();
        const first = await calls.getXMLDesc(ref);
        for (let round = 1; round <= 3; round++) {
          await calls.define(await calls.getXMLDesc(ref));
          check.equal(await calls.getXMLDesc(ref), first, `the document after ${round} rounds`);
        }
      },
    },
    {
      name: `${what}: a document that is refused costs nothing`,
      group: "bad input",
      needs: needs("define", "getXMLDesc", "list"),
      async run(subject, check) {
        const { calls, document, define } = await bench(subject, check, sort);
        const ref = await define();
        const [before, listed] = [await calls.getXMLDesc(ref), await calls.list(0)];
        const unfinished = document(ref).slice(0, -3);
        for (const xml of [...BAD_DOCUMENTS, unfinished]) {
          const error = await check.refused(calls.define(xml), undefined, `the document ${JSON.stringify(xml)}`);
          check.ok(
            error.code !== "NO_SUPPORT",
            `the document ${JSON.stringify(xml)} is refused as a call that is not there`,
          );
        }
        check.equal(await calls.getXMLDesc(ref), before, "the definition");
        const after = new Set((await calls.list(0)).map(({ uuid }) => uuid));
        check.ok(after.has(ref.uuid), "the object is gone");
        check.equal(after.size >= listed.length, true, "there are as many as before");
      },
    },
    {
      name: `${what}: whoever asks for one that is gone hears so`,
      group: "bad input",
      needs: needs("define", "undefine"),
      async run(subject, check) {
        const { calls, define } = await bench(subject, check, sort);
        const ref = await define();
        await calls.undefine(ref);
        const asks: Readonly<Partial<Record<keyof DefinableCalls, () => Promise<unknown>>>> = {
          byName: () => calls.byName(ref.name),
          byUuid: () => calls.byUuid(ref.uuid),
          create: () => calls.create(ref),
          destroy: () => calls.destroy(ref),
          undefine: () => calls.undefine(ref),
          isActive: () => calls.isActive(ref),
          isPersistent: () => calls.isPersistent(ref),
          getXMLDesc: () => calls.getXMLDesc(ref),
          getAutostart: () => calls.getAutostart(ref),
          setAutostart: () => calls.setAutostart(ref, true),
        };
        for (const [call, ask] of Object.entries(asks)) {
          const name = names[call as keyof DefinableCalls];
          await check.refused(ask(), answerOf(check, name, sort.missing), name);
        }
      },
    },
    {
      name: `${what}: flags that nobody knows are refused`,
      group: "bad input",
      needs: needs("list"),
      async run(subject, check) {
        const { calls } = await bench(subject, check, sort);
        await check.refused(calls.list(0x40000000), "INVALID_ARG", "a list with an unknown flag");
      },
    },
    {
      name: `${what}: a client that came to look changes nothing`,
      group: "read-only",
      needs: needs("define", "isActive"),
      async run(subject, check) {
        const { calls, document, define } = await bench(subject, check, sort);
        const ref = await define();
        const looker = sort.calls(await connect(subject, check, { readOnly: true }));
        check.equal(await looker.isActive(ref), false, "what it may ask");
        const other = document({ name: check.newName(), uuid: check.newUuid() });
        const changes: Readonly<Partial<Record<keyof DefinableCalls, () => Promise<unknown>>>> = {
          define: () => looker.define(other),
          createXML: () => looker.createXML(other),
          create: () => looker.create(ref),
          destroy: () => looker.destroy(ref),
          undefine: () => looker.undefine(ref),
          setAutostart: () => looker.setAutostart(ref, true),
        };
        for (const [call, change] of Object.entries(changes)) {
          const name = names[call as keyof DefinableCalls];
          await check.refused(change(), answerOf(check, name, "OPERATION_DENIED"), name);
        }
        check.equal(await calls.byUuid(ref.uuid), ref, "what is there after that");
        check.equal(await calls.isActive(ref), false, "active after that");
      },
    },
    {
      name: `${what}: it is remembered whether one starts by itself`,
      group: "persistence",
      needs: needs("define", "setAutostart", "getAutostart"),
      async run(subject, check) {
        const { calls, define } = await bench(subject, check, sort);
        const ref = await define();
        for (const autostart of [true, true, false, false]) {
          await calls.setAutostart(ref, autostart);
          check.equal(await calls.getAutostart(ref), autostart, "what was set");
        }
      },
    },
    {
      name: `${what}: definitions are there still after a restart`,
      group: "persistence",
      needs: [...needs("define", "undefine", "getXMLDesc", "byName"), TRAITS.restarts, TRAITS.keepsDefinitions],
      async run(subject, check) {
        const { restart } = subject;
        if (restart === undefined) return check.leaveOut("nobody can restart it here");
        const before = await bench(subject, check, sort);
        const [kept, gone] = [await before.define(), await before.define()];
        const starts = check.claims(names.setAutostart);
        if (starts) await before.calls.setAutostart(kept, true);
        const xml = await before.calls.getXMLDesc(kept);
        await before.calls.undefine(gone);
        await restart.call(subject);
        const { calls, forget } = await bench(subject, check, sort);
        forget(kept.name);
        check.equal(await calls.byName(kept.name), kept, "the lookup after the restart");
        if (starts) check.equal(await calls.getAutostart(kept), true, "that it starts by itself");
        else check.equal(await calls.getXMLDesc(kept), xml, "the document after the restart");
        await check.refused(calls.byName(gone.name), sort.missing, "the lookup of one that was forgotten before");
      },
    },
  ];
}

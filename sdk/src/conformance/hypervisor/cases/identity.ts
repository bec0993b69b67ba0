import { Bench } from "../bench.js";
import { DEFINES, group, type HypervisorCase, STARTS } from "../case.js";

const { quiet, raw } = group("identity");

const BY_NAME = "domainLookupByName";
const BY_ID = "domainLookupByID";
const NEVER = 2 ** 31 - 1;

/** A domain is itself: by its name, its UUID and its id. */
export const identityCases: readonly HypervisorCase[] = [
  quiet("a domain is found by name and UUID", [...DEFINES, BY_NAME], async (bench) => {
    const { api, check } = bench;
    const { name, uuid } = await bench.defined();
    const found = [await api.domainLookupByName({ name }), await api.domainLookupByUUID({ uuid })];
    for (const dom of found)
      check.equal({ name: dom.name, uuid: dom.uuid, id: dom.id }, { name, uuid, id: -1 }, "what was found");
  }),

  quiet("what is not there is not found", [...DEFINES, BY_NAME, BY_ID], async ({ api, check }) => {
    await check.refused(api.domainLookupByName({ name: check.newName() }), "NO_DOMAIN", "an unknown name");
    await check.refused(api.domainLookupByUUID({ uuid: check.newUuid() }), "NO_DOMAIN", "an unknown UUID");
    await check.refused(api.domainLookupByID({ id: NEVER }), "NO_DOMAIN", "an unknown id");
  }),

  quiet("what is not there any more is not found", [...DEFINES, BY_NAME], async (bench) => {
    const { api, check } = bench;
    const { name, uuid } = await bench.defined();
    await bench.undefine({ name, uuid, id: -1 });
    await check.refused(api.domainLookupByName({ name }), "NO_DOMAIN", "its name");
    await check.refused(api.domainLookupByUUID({ uuid }), "NO_DOMAIN", "its UUID");
  }),

  quiet("a guest has an id that finds it, and none once it is off", [...STARTS, BY_ID], async (bench) => {
    const { api, check } = bench;
    const dom = await bench.started();
    check.ok(dom.id > 0, `the id of a guest that runs is ${dom.id}`);
    check.equal((await api.domainLookupByID({ id: dom.id })).uuid, dom.uuid, "the domain with its id");
    await bench.destroy(dom);
    check.equal((await api.domainLookupByUUID({ uuid: dom.uuid })).id, -1, "the id of a domain that is off");
    await check.refused(api.domainLookupByID({ id: dom.id }), "NO_DOMAIN", "the id of before");
  }),

  quiet("no two guests share an id", STARTS, async (bench) => {
    const doms = [await bench.started(), await bench.started(), await bench.started()];
    bench.check.equal(new Set(doms.map(({ id }) => id)).size, 3, "the number of different ids");
  }),

  quiet("a guest that starts again has another id", STARTS, async (bench) => {
    const dom = await bench.started();
    await bench.destroy(dom);
    await bench.start(dom);
    const again = await bench.api.domainLookupByUUID({ uuid: dom.uuid });
    bench.check.ok(again.id > 0 && again.id !== dom.id, `the id is ${again.id} as before`);
  }),

  quiet("a name belongs to one UUID", DEFINES, async (bench) => {
    const dom = await bench.defined();
    const before = await bench.portrait(dom);
    const other = bench.check.newUuid();
    await bench.check.refused(
      bench.define(bench.document(dom.name, other)),
      ["OPERATION_FAILED", "DOM_EXIST"],
      "a second domain with the same name",
    );
    bench.check.ok(!(await bench.exists({ uuid: other })), "the second domain is there");
    bench.check.equal(await bench.portrait(dom), before, "the first one");
  }),

  quiet("a UUID belongs to one name", DEFINES, async (bench) => {
    const dom = await bench.defined();
    const before = await bench.portrait(dom);
    await bench.check.refused(
      bench.define(bench.document(bench.check.newName(), dom.uuid)),
      ["OPERATION_FAILED", "DOM_EXIST"],
      "a second domain with the same UUID",
    );
    bench.check.equal(await bench.portrait(dom), before, "the first one");
  }),

  quiet("a name that runs cannot be created under another UUID", [...STARTS, "domainCreateXML"], async (bench) => {
    const dom = await bench.started();
    const other = bench.check.newUuid();
    bench.forget({ name: dom.name, uuid: other, id: -1 });
    await bench.check.refused(
      bench.api.domainCreateXML({ xmlDesc: bench.document(dom.name, other), flags: 0 }),
      ["OPERATION_FAILED", "DOM_EXIST", "OPERATION_INVALID"],
      "a second domain with the same name",
    );
    await bench.expectActive(dom, true, "the first one is active");
  }),

  quiet("the UUID says which domain is meant, whatever name stands beside it", STARTS, async (bench) => {
    const [meant, named] = [await bench.defined(), await bench.defined()];
    await bench.start({ name: named.name, uuid: meant.uuid, id: -1 });
    await bench.expectActive(meant, true, "the domain with the UUID is active");
    await bench.expectActive(named, false, "the domain with the name is active");
    await bench.destroy({ name: named.name, uuid: meant.uuid, id: NEVER });
    await bench.expectActive(meant, false, "the domain with the UUID is active after its end");
  }),

  quiet("a name with a UUID that nobody has is no domain", [...STARTS, "domainGetXMLDesc"], async (bench) => {
    const dom = await bench.started();
    const before = await bench.portrait(dom);
    const spoof = { name: dom.name, uuid: bench.check.newUuid(), id: dom.id };
    await bench.check.refused(bench.api.domainGetXMLDesc({ dom: spoof, flags: 0 }), "NO_DOMAIN", "its document");
    await bench.check.refused(bench.destroy(spoof), "NO_DOMAIN", "its end");
    await bench.check.refused(bench.undefine(spoof), "NO_DOMAIN", "the end of its definition");
    bench.check.equal(await bench.portrait(dom), before, "the domain with the name");
  }),

  quiet("a domain without a UUID gets one of its own", ["domainGetXMLDesc", ...DEFINES, BY_NAME], async (bench) => {
    const uuids = [];
    for (let i = 0; i < 2; i++) {
      const name = bench.check.newName();
      const xml = bench.document(name, "UUID").replace(/\s*<uuid>UUID<\/uuid>/, "");
      if (xml.includes("UUID")) bench.check.leaveOut("the fixture has the UUID elsewhere than in <uuid>");
      const dom = await bench.define(xml);
      bench.forget(dom);
      uuids.push(dom.uuid);
      const document = await bench.api.domainGetXMLDesc({ dom, flags: 0 });
      bench.check.ok(document.includes(`<uuid>${dom.uuid}</uuid>`), "its document has another UUID");
    }
    bench.check.ok(uuids[0] !== uuids[1], "two domains got one UUID");
  }),

  quiet("a new name is the only one", [...DEFINES, BY_NAME, "domainRename", "domainGetXMLDesc"], async (bench) => {
    const { api, check } = bench;
    const dom = await bench.defined();
    const newName = check.newName();
    await api.domainRename({ dom, newName, flags: 0 });
    check.equal((await api.domainLookupByName({ name: newName })).uuid, dom.uuid, "the domain with the new name");
    await check.refused(api.domainLookupByName({ name: dom.name }), "NO_DOMAIN", "the old name");
    check.ok(
      (await api.domainGetXMLDesc({ dom, flags: 0 })).includes(`<name>${newName}</name>`),
      "its document's name",
    );
    // The old name is free.
    await bench.defined("domain", dom.name);
  }),

  quiet("a domain does not get a name that is taken", [...DEFINES, "domainRename"], async (bench) => {
    const [one, other] = [await bench.defined(), await bench.defined()];
    const before = [await bench.portrait(one), await bench.portrait(other)];
    await bench.check.refused(
      bench.api.domainRename({ dom: one, newName: other.name, flags: 0 }),
      ["OPERATION_INVALID", "DOM_EXIST", "OPERATION_FAILED"],
      "a rename",
    );
    bench.check.equal([await bench.portrait(one), await bench.portrait(other)], before, "the two");
  }),

  raw("what one client defines another finds", [...DEFINES, BY_NAME], async (subject, check) => {
    const [bench, other] = [await Bench.open(subject, check), await Bench.open(subject, check)];
    const dom = await bench.defined();
    check.equal((await other.api.domainLookupByName({ name: dom.name })).uuid, dom.uuid, "the domain");
    await bench.undefine(dom);
    check.ok(!(await other.exists(dom)), "it is still there for the other");
  }),
];

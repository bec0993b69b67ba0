import type { Domain, DomainSnapshot } from "@polyvisor/core";
import { child, parseXml, textOf } from "../../../xml/index.js";
import type { Bench } from "../bench.js";
import { DEFINES, group, type HypervisorCase } from "../case.js";

const { quiet } = group("snapshots");

const NEEDS = [
  ...DEFINES,
  "snapshots",
  "domainSnapshotCreateXML",
  "domainListAllSnapshots",
  "domainSnapshotLookupByName",
  "domainSnapshotDelete",
  "domainSnapshotCurrent",
  "domainSnapshotGetParent",
  "domainSnapshotListAllChildren",
  "domainRevertToSnapshot",
];
const DELETE = { CHILDREN: 1, METADATA_ONLY: 2, CHILDREN_ONLY: 4 } as const;
const LIST = { ROOTS: 1, DESCENDANTS: 1, LEAVES: 4 } as const;

const create = ({ api }: Bench, dom: Domain, name: string): Promise<DomainSnapshot> =>
  api.domainSnapshotCreateXML({ dom, xmlDesc: `<domainsnapshot><name>${name}</name></domainsnapshot>`, flags: 0 });

async function names({ api }: Bench, dom: Domain, flags = 0): Promise<string[]> {
  return (await api.domainListAllSnapshots({ dom, flags })).map(({ name }) => name).sort();
}

/** A tree: a has b and d, b has c. */
async function tree(bench: Bench, dom: Domain): Promise<void> {
  await create(bench, dom, "a");
  await create(bench, dom, "b");
  await create(bench, dom, "c");
  await bench.api.domainRevertToSnapshot({ snap: { name: "a", dom }, flags: 0 });
  await create(bench, dom, "d");
}

export const snapshotCases: readonly HypervisorCase[] = [
  quiet("one is taken, found and deleted", NEEDS, async (bench) => {
    const { api, check } = bench;
    const dom = await bench.defined("snapshots");
    check.equal((await create(bench, dom, "one")).name, "one", "its name");
    check.equal(await names(bench, dom), ["one"], "the list");
    const snap = await api.domainSnapshotLookupByName({ dom, name: "one", flags: 0 });
    check.equal(snap.dom.uuid, dom.uuid, "its domain");
    check.equal((await api.domainSnapshotCurrent({ dom, flags: 0 })).name, "one", "the current one");
    await api.domainSnapshotDelete({ snap, flags: 0 });
    check.equal(await names(bench, dom), [], "the list afterwards");
    await check.refused(
      api.domainSnapshotLookupByName({ dom, name: "one", flags: 0 }),
      "NO_DOMAIN_SNAPSHOT",
      "its name",
    );
    await check.refused(api.domainSnapshotDelete({ snap, flags: 0 }), "NO_DOMAIN_SNAPSHOT", "deleting it again");
  }),

  quiet("without a name it gets one", NEEDS, async (bench) => {
    const dom = await bench.defined("snapshots");
    const snap = await bench.api.domainSnapshotCreateXML({ dom, xmlDesc: "<domainsnapshot/>", flags: 0 });
    bench.check.ok(snap.name !== "", "it has no name");
    bench.check.equal(await names(bench, dom), [snap.name], "the list");
  }),

  quiet(
    "its document has its name, state, parent and domain",
    [...NEEDS, "domainSnapshotGetXMLDesc"],
    async (bench) => {
      const { api, check } = bench;
      const dom = await bench.defined("snapshots");
      await create(bench, dom, "one");
      const snap = await create(bench, dom, "two");
      const root = parseXml(await api.domainSnapshotGetXMLDesc({ snap, flags: 0 }));
      const text = (name: string) => textOf(child(root, name) ?? check.fail(`there is no <${name}>`));
      check.equal([root.name, text("name"), text("state")], ["domainsnapshot", "two", "shutoff"], "its document");
      check.equal(textOf(child(child(root, "parent") ?? root, "name") ?? root), "one", "its parent");
      check.ok(child(root, "domain") !== undefined, "the domain as it was is not there");
    },
  ),

  quiet("a tree has roots, leaves, parents and children", NEEDS, async (bench) => {
    const { api, check } = bench;
    const dom = await bench.defined("snapshots");
    await tree(bench, dom);
    check.equal(await names(bench, dom), ["a", "b", "c", "d"], "all");
    check.equal(await names(bench, dom, LIST.ROOTS), ["a"], "the roots");
    check.equal(await names(bench, dom, LIST.LEAVES), ["c", "d"], "the leaves");
    const parent = async (name: string) => (await api.domainSnapshotGetParent({ snap: { name, dom }, flags: 0 })).name;
    check.equal(
      [await parent("b"), await parent("c"), await parent("d")],
      ["a", "b", "a"],
      "the parents of b, c and d",
    );
    const none = api.domainSnapshotGetParent({ snap: { name: "a", dom }, flags: 0 });
    await check.refused(none, "NO_DOMAIN_SNAPSHOT", "the parent of the root");
    const children = async (flags: number) =>
      (await api.domainSnapshotListAllChildren({ snapshot: { name: "a", dom }, flags })).map(({ name }) => name).sort();
    check.equal(await children(0), ["b", "d"], "the children of a");
    check.equal(await children(LIST.DESCENDANTS), ["b", "c", "d"], "the descendants of a");
    check.equal((await api.domainSnapshotCurrent({ dom, flags: 0 })).name, "d", "the current one");
  }),

  quiet("what is deleted leaves its children to its parent", NEEDS, async (bench) => {
    const { api, check } = bench;
    const dom = await bench.defined("snapshots");
    await tree(bench, dom);
    await api.domainSnapshotDelete({ snap: { name: "b", dom }, flags: 0 });
    check.equal(await names(bench, dom), ["a", "c", "d"], "all");
    check.equal(
      (await api.domainSnapshotGetParent({ snap: { name: "c", dom }, flags: 0 })).name,
      "a",
      "the parent of c",
    );
  }),

  quiet("children are deleted with their parent, or without it", NEEDS, async (bench) => {
    const { api, check } = bench;
    const dom = await bench.defined("snapshots");
    await tree(bench, dom);
    await api.domainSnapshotDelete({ snap: { name: "b", dom }, flags: DELETE.CHILDREN });
    check.equal(await names(bench, dom), ["a", "d"], "without b and its children");
    await api.domainSnapshotDelete({ snap: { name: "a", dom }, flags: DELETE.CHILDREN_ONLY });
    check.equal(await names(bench, dom), ["a"], "without the children of a");
  }),

  quiet("a name is taken once", NEEDS, async (bench) => {
    const dom = await bench.defined("snapshots");
    await create(bench, dom, "one");
    await bench.check.refused(create(bench, dom, "one"), undefined, "a second one with the same name");
    bench.check.equal(await names(bench, dom), ["one"], "the list");
  }),

  quiet(
    "a revert makes it the current one, and the domain as it was",
    [...NEEDS, "domainSetMetadata", "domainGetXMLDesc"],
    async (bench) => {
      const { api, check } = bench;
      const dom = await bench.defined("snapshots");
      const before = await api.domainGetXMLDesc({ dom, flags: 0 });
      await create(bench, dom, "one");
      await create(bench, dom, "two");
      await api.domainSetMetadata({ dom, type: 1, metadata: "later", key: null, uri: null, flags: 2 });
      await api.domainRevertToSnapshot({ snap: { name: "one", dom }, flags: 0 });
      check.equal((await api.domainSnapshotCurrent({ dom, flags: 0 })).name, "one", "the current one");
      check.equal(await api.domainGetXMLDesc({ dom, flags: 0 }), before, "the domain's document");
      check.equal(await names(bench, dom), ["one", "two"], "the list");
    },
  ),

  quiet("what is not there is not found", NEEDS, async (bench) => {
    const { api, check } = bench;
    const dom = await bench.defined("snapshots");
    const snap = { name: "none", dom };
    await check.refused(
      api.domainSnapshotLookupByName({ dom, name: "none", flags: 0 }),
      "NO_DOMAIN_SNAPSHOT",
      "a name",
    );
    await check.refused(api.domainRevertToSnapshot({ snap, flags: 0 }), "NO_DOMAIN_SNAPSHOT", "a revert");
    await check.refused(api.domainSnapshotCurrent({ dom, flags: 0 }), "NO_DOMAIN_SNAPSHOT", "the current one");
  }),

  quiet("a bad document is refused", NEEDS, async (bench) => {
    const dom = await bench.defined("snapshots");
    for (const xmlDesc of ["", "<", "<domain/>"])
      await bench.check.refused(bench.api.domainSnapshotCreateXML({ dom, xmlDesc, flags: 0 }), undefined, `${xmlDesc}`);
    bench.check.equal(await names(bench, dom), [], "the list");
  }),

  quiet(
    "counts and lists agree",
    [...NEEDS, "domainSnapshotNum", "domainSnapshotListNames", "domainHasCurrentSnapshot"],
    async (bench) => {
      const { api, check } = bench;
      const dom = await bench.defined("snapshots");
      check.equal(await api.domainHasCurrentSnapshot({ dom, flags: 0 }), 0, "whether there is a current one");
      await tree(bench, dom);
      check.equal(await api.domainSnapshotNum({ dom, flags: 0 }), 4, "how many there are");
      check.equal(
        (await api.domainSnapshotListNames({ dom, flags: 0 })).sort(),
        await names(bench, dom),
        "their names",
      );
      check.equal(await api.domainHasCurrentSnapshot({ dom, flags: 0 }), 1, "whether there is a current one");
    },
  ),

  quiet("a domain with snapshots is not given up by mistake", [...NEEDS, "domainUndefineFlags"], async (bench) => {
    const { api, check } = bench;
    const dom = await bench.defined("snapshots");
    await create(bench, dom, "one");
    await check.refused(bench.undefine(dom), "OPERATION_INVALID", "the end of its definition");
    check.equal(await names(bench, dom), ["one"], "its snapshots");
    await api.domainUndefineFlags({ dom, flags: 2 });
    check.ok(!(await bench.exists(dom)), "it is still there");
  }),
];

import type { Domain, DomainSnapshot, DomainSnapshotHandlers } from "@polyvisor/core";
import { formatSnapshot, isExternalSnapshot, type Snapshot } from "@polyvisor/sdk/conf/snapshot";
import { flagsOf, type ListFilters, selectBy } from "@polyvisor/sdk/store";
import type { TestDomain } from "./domain.js";
import { checkFlags } from "./errors.js";
import type { TestHypervisor } from "./hypervisor.js";
import { findSnapshot, missingSnapshot } from "./snapshot-lookup.js";

/** Of a domain's snapshots: those that follow none. Of a snapshot's: all that follow it, near and far. */
const ROOTS_OR_DESCENDANTS = 1;
const TOPOLOGICAL = 1024;
const SECURE = 1;

const isOff = ({ state }: Snapshot) => state === "shutoff";
const isDisksOnly = ({ state }: Snapshot) => state === "disk-snapshot";

/** The filters that look at a snapshot alone. */
const FILTERS: ListFilters<Snapshot> = [
  [
    [2, () => true],
    [16, () => false],
  ],
  [
    [32, isOff],
    [64, (snapshot) => !isOff(snapshot) && !isDisksOnly(snapshot)],
    [128, isDisksOnly],
  ],
  [
    [256, (snapshot) => !isExternalSnapshot(snapshot)],
    [512, isExternalSnapshot],
  ],
];
const LEAVES = 4;
const NO_LEAVES = 8;
const KNOWN = ROOTS_OR_DESCENDANTS | TOPOLOGICAL | LEAVES | NO_LEAVES | flagsOf(FILTERS);

/** Which snapshots there are, and what they hold. */
export function snapshotListHandlers({ domains }: TestHypervisor): DomainSnapshotHandlers {
  const refsOf = (dom: Domain, snapshots: readonly Snapshot[]): DomainSnapshot[] =>
    snapshots.map(({ name }) => ({ name, dom: domains.find(dom).ref }));

  function ofDomain(dom: Domain, flags: number, caller: string): Snapshot[] {
    checkFlags(flags, KNOWN, caller);
    const domain = domains.find(dom);
    const roots = (flags & ROOTS_OR_DESCENDANTS) !== 0;
    const { snapshots } = domain;
    return filtered(domain, roots ? snapshots.children(undefined) : snapshots.descendants(undefined), flags);
  }

  function ofSnapshot(snap: DomainSnapshot, flags: number, caller: string): Snapshot[] {
    checkFlags(flags, KNOWN, caller);
    const { domain, snapshot } = findSnapshot(domains, snap);
    const all = (flags & ROOTS_OR_DESCENDANTS) !== 0;
    const { snapshots } = domain;
    return filtered(domain, all ? snapshots.descendants(snapshot.name) : snapshots.children(snapshot.name), flags);
  }

  return {
    domainSnapshotNum: ({ dom, flags }) => ofDomain(dom, flags, "testDomainSnapshotNum").length,
    domainSnapshotListNames: ({ dom, flags }) =>
      ofDomain(dom, flags, "testDomainSnapshotListNames").map(({ name }) => name),
    domainListAllSnapshots: ({ dom, flags }) => refsOf(dom, ofDomain(dom, flags, "testDomainListAllSnapshots")),
    domainSnapshotNumChildren: ({ snap, flags }) => ofSnapshot(snap, flags, "testDomainSnapshotNumChildren").length,
    domainSnapshotListChildrenNames: ({ snap, flags }) =>
      ofSnapshot(snap, flags, "testDomainSnapshotListChildrenNames").map(({ name }) => name),
    domainSnapshotListAllChildren: ({ snapshot, flags }) =>
      refsOf(snapshot.dom, ofSnapshot(snapshot, flags, "testDomainSnapshotListAllChildren")),

    domainSnapshotLookupByName({ dom, name, flags }) {
      checkFlags(flags, 0, "testDomainSnapshotLookupByName");
      return { name: findSnapshot(domains, { dom, name }).snapshot.name, dom: domains.find(dom).ref };
    },

    domainHasCurrentSnapshot({ dom, flags }) {
      checkFlags(flags, 0, "testDomainHasCurrentSnapshot");
      return domains.find(dom).snapshots.current === undefined ? 0 : 1;
    },
    domainSnapshotCurrent({ dom, flags }) {
      checkFlags(flags, 0, "testDomainSnapshotCurrent");
      const { ref, snapshots } = domains.find(dom);
      if (snapshots.current !== undefined) return { name: snapshots.current, dom: ref };
      throw missingSnapshot("the domain does not have a current snapshot");
    },
    domainSnapshotIsCurrent({ snap, flags }) {
      checkFlags(flags, 0, "testDomainSnapshotIsCurrent");
      const { domain, snapshot } = findSnapshot(domains, snap);
      return domain.snapshots.current === snapshot.name ? 1 : 0;
    },
    domainSnapshotHasMetadata({ snap, flags }) {
      checkFlags(flags, 0, "testDomainSnapshotHasMetadata");
      findSnapshot(domains, snap);
      return 1;
    },

    domainSnapshotGetParent({ snap, flags }) {
      checkFlags(flags, 0, "testDomainSnapshotGetParent");
      const { domain, snapshot } = findSnapshot(domains, snap);
      if (snapshot.parent !== undefined) return { name: snapshot.parent, dom: domain.ref };
      throw missingSnapshot(`snapshot '${snapshot.name}' does not have a parent`);
    },

    domainSnapshotGetXMLDesc({ snap, flags }) {
      checkFlags(flags, SECURE, "testDomainSnapshotGetXMLDesc");
      const { domain, snapshot } = findSnapshot(domains, snap);
      return formatSnapshot(snapshot, { domainUuid: domain.ref.uuid, secure: (flags & SECURE) !== 0 });
    },
  };
}

function filtered({ snapshots }: TestDomain, found: readonly Snapshot[], flags: number): Snapshot[] {
  const isLeaf = ({ name }: Snapshot) => snapshots.children(name).length === 0;
  const leaves: ListFilters<Snapshot>[number] = [
    [LEAVES, isLeaf],
    [NO_LEAVES, (snapshot) => !isLeaf(snapshot)],
  ];
  return selectBy(found, [...FILTERS, leaves], flags);
}

import type { Domain, DomainSnapshot, DomainSnapshotHandlers } from "@polyvisor/core";
import {
  formatSnapshot,
  SNAPSHOT_LIST_FLAGS,
  type Snapshot,
  snapshotsAfter,
  snapshotsOfDomain,
} from "@polyvisor/sdk/conf/snapshot";
import { checkFlags } from "./errors.js";
import type { TestHypervisor } from "./hypervisor.js";
import { findSnapshot, missingSnapshot } from "./snapshot-lookup.js";

const SECURE = 1;

/** Which snapshots there are, and what they hold. */
export function snapshotListHandlers({ domains }: TestHypervisor): DomainSnapshotHandlers {
  const refsOf = (dom: Domain, snapshots: readonly Snapshot[]): DomainSnapshot[] =>
    snapshots.map(({ name }) => ({ name, dom: domains.find(dom).ref }));

  function ofDomain(dom: Domain, flags: number, caller: string): Snapshot[] {
    checkFlags(flags, SNAPSHOT_LIST_FLAGS, caller);
    return snapshotsOfDomain(domains.find(dom).snapshots, flags);
  }

  function ofSnapshot(snap: DomainSnapshot, flags: number, caller: string): Snapshot[] {
    checkFlags(flags, SNAPSHOT_LIST_FLAGS, caller);
    const { domain, snapshot } = findSnapshot(domains, snap);
    return snapshotsAfter(domain.snapshots, snapshot, flags);
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

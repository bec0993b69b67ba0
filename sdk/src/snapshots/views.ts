import {
  checkFlags,
  type Domain,
  type DomainSnapshot,
  type DomainSnapshotHandlers,
  type ErrorDomain,
  type MaybePromise,
  VirtError,
} from "@polyvisor/core";
import type { MomentTree } from "../conf/moment/index.js";
import {
  formatSnapshot,
  SNAPSHOT_LIST_FLAGS,
  type Snapshot,
  snapshotsAfter,
  snapshotsOfDomain,
} from "../conf/snapshot/index.js";

const SECURE = 1;

/** A domain and its snapshots. */
export interface SnapshotsOf {
  readonly ref: Domain;
  readonly snapshots: MomentTree<Snapshot>;
}

/** What a driver tells of itself to have its snapshots shown. */
export interface SnapshotKeeper {
  /** What stands before the names of libvirt's functions, such as `qemu`. */
  readonly prefix: string;
  readonly errorDomain: ErrorDomain;
  /** Fails with `NO_DOMAIN`. */
  of(dom: Domain): MaybePromise<SnapshotsOf>;
}

/** Every call that only looks at snapshots. */
export function snapshotViews({ prefix, errorDomain, of }: SnapshotKeeper): DomainSnapshotHandlers {
  const check = (flags: number, known: number, call: string) =>
    checkFlags(flags, known, `${prefix}${call}`, errorDomain);
  const missing = (detail: string) =>
    new VirtError("NO_DOMAIN_SNAPSHOT", detail, {
      domain: errorDomain,
      hint: "`snapshot-list` shows the snapshots that are here",
    });

  async function found({ dom, name }: DomainSnapshot): Promise<SnapshotsOf & { readonly snapshot: Snapshot }> {
    const { ref, snapshots } = await of(dom);
    const snapshot = snapshots.byName.get(name);
    if (snapshot === undefined) throw missing(`no domain snapshot with matching name '${name}'`);
    return { ref, snapshots, snapshot };
  }
  async function ofDomain(dom: Domain, flags: number, call: string): Promise<DomainSnapshot[]> {
    check(flags, SNAPSHOT_LIST_FLAGS, call);
    const { ref, snapshots } = await of(dom);
    return snapshotsOfDomain(snapshots, flags).map(({ name }) => ({ name, dom: ref }));
  }
  async function ofSnapshot(snap: DomainSnapshot, flags: number, call: string): Promise<DomainSnapshot[]> {
    check(flags, SNAPSHOT_LIST_FLAGS, call);
    const { ref, snapshots, snapshot } = await found(snap);
    return snapshotsAfter(snapshots, snapshot, flags).map(({ name }) => ({ name, dom: ref }));
  }
  const namesOf = (list: readonly DomainSnapshot[]) => list.map(({ name }) => name);

  return {
    domainSnapshotNum: async ({ dom, flags }) => (await ofDomain(dom, flags, "DomainSnapshotNum")).length,
    domainSnapshotListNames: async ({ dom, flags }) => namesOf(await ofDomain(dom, flags, "DomainSnapshotListNames")),
    domainListAllSnapshots: ({ dom, flags }) => ofDomain(dom, flags, "DomainListAllSnapshots"),
    domainSnapshotNumChildren: async ({ snap, flags }) =>
      (await ofSnapshot(snap, flags, "DomainSnapshotNumChildren")).length,
    domainSnapshotListChildrenNames: async ({ snap, flags }) =>
      namesOf(await ofSnapshot(snap, flags, "DomainSnapshotListChildrenNames")),
    domainSnapshotListAllChildren: ({ snapshot, flags }) =>
      ofSnapshot(snapshot, flags, "DomainSnapshotListAllChildren"),

    async domainSnapshotLookupByName({ dom, name, flags }) {
      check(flags, 0, "DomainSnapshotLookupByName");
      const { ref } = await found({ dom, name });
      return { name, dom: ref };
    },
    async domainHasCurrentSnapshot({ dom, flags }) {
      check(flags, 0, "DomainHasCurrentSnapshot");
      return (await of(dom)).snapshots.current === undefined ? 0 : 1;
    },
    async domainSnapshotCurrent({ dom, flags }) {
      check(flags, 0, "DomainSnapshotCurrent");
      const { ref, snapshots } = await of(dom);
      if (snapshots.current !== undefined) return { name: snapshots.current, dom: ref };
      throw missing("the domain does not have a current snapshot");
    },
    async domainSnapshotIsCurrent({ snap, flags }) {
      check(flags, 0, "DomainSnapshotIsCurrent");
      const { snapshots, snapshot } = await found(snap);
      return snapshots.current === snapshot.name ? 1 : 0;
    },
    async domainSnapshotHasMetadata({ snap, flags }) {
      check(flags, 0, "DomainSnapshotHasMetadata");
      await found(snap);
      return 1;
    },
    async domainSnapshotGetParent({ snap, flags }) {
      check(flags, 0, "DomainSnapshotGetParent");
      const { ref, snapshot } = await found(snap);
      if (snapshot.parent !== undefined) return { name: snapshot.parent, dom: ref };
      throw missing(`snapshot '${snapshot.name}' does not have a parent`);
    },
    async domainSnapshotGetXMLDesc({ snap, flags }) {
      check(flags, SECURE, "DomainSnapshotGetXMLDesc");
      const { ref, snapshot } = await found(snap);
      return formatSnapshot(snapshot, { domainUuid: ref.uuid, secure: (flags & SECURE) !== 0 });
    },
  };
}

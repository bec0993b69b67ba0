import {
  type Domain,
  type DomainSnapshot,
  type DomainSnapshotHandlers,
  UNDEFINE_FLAG,
  type VirtError,
} from "@polyvisor/core";
import {
  formatSnapshot,
  SNAPSHOT_LIST_FLAGS,
  type Snapshot,
  snapshotsAfter,
  snapshotsOfDomain,
} from "@polyvisor/sdk/conf/snapshot";
import { parseValidXml } from "@polyvisor/sdk/schema";
import type { QemuDomain } from "../domain.js";
import { checkFlags, qemuError } from "../errors.js";
import type { Hypervisor } from "../hypervisor.js";
import { CREATE, createSnapshot, DELETE, deleteSnapshot } from "../snapshots/index.js";
import { stopGuest } from "../stop.js";

const ALL_CREATE = Object.values<number>(CREATE).reduce((all, flag) => all | flag, 0);
const ALL_DELETE = Object.values<number>(DELETE).reduce((all, flag) => all | flag, 0);
const SECURE = 1;

/** Snapshots: taken, shown, forgotten. */
export function snapshotHandlers(hypervisor: Hypervisor): DomainSnapshotHandlers {
  const { domains, snapshots } = hypervisor;

  const found = async ({ dom, name }: DomainSnapshot) => {
    const domain = domains.find(dom);
    const tree = await snapshots.of(domain);
    const snapshot = tree.byName.get(name);
    if (snapshot === undefined) throw missing(`no domain snapshot with matching name '${name}'`);
    return { domain, tree, snapshot };
  };
  const ofDomain = async (dom: Domain, flags: number, caller: string) => {
    checkFlags(flags, SNAPSHOT_LIST_FLAGS, caller);
    return snapshotsOfDomain(await snapshots.of(domains.find(dom)), flags);
  };
  const ofSnapshot = async (snap: DomainSnapshot, flags: number, caller: string) => {
    checkFlags(flags, SNAPSHOT_LIST_FLAGS, caller);
    const { tree, snapshot } = await found(snap);
    return snapshotsAfter(tree, snapshot, flags);
  };
  const refsOf = (dom: Domain, list: readonly Snapshot[]): DomainSnapshot[] =>
    list.map(({ name }) => ({ name, dom: domains.find(dom).ref }));
  const namesOf = (list: readonly Snapshot[]) => list.map(({ name }) => name);

  return {
    async domainSnapshotCreateXML({ dom, xmlDesc, flags }) {
      checkFlags(flags, ALL_CREATE, "qemuSnapshotCreateXML");
      const domain = domains.find(dom);
      const halts = (flags & CREATE.HALT) !== 0;
      if (halts && !domain.persistent) {
        throw qemuError("OPERATION_INVALID", "cannot halt after transient domain snapshot");
      }
      if ((flags & CREATE.VALIDATE) !== 0) await parseValidXml(xmlDesc, "snapshot");
      const { name } = await domain.jobs.run({ kind: "modify", api: "domainSnapshotCreateXML" }, () =>
        createSnapshot(hypervisor, domain, { xml: xmlDesc, flags }),
      );
      const { guest } = domain;
      const isTaken = (flags & CREATE.REDEFINE) === 0;
      if (halts && isTaken && guest !== undefined) {
        await stopGuest(hypervisor, domain, guest, "endForSnapshot", { api: "domainSnapshotCreateXML" });
      }
      return { name, dom: domain.ref };
    },

    async domainSnapshotDelete({ snap, flags }) {
      checkFlags(flags, ALL_DELETE, "qemuSnapshotDelete");
      const domain = domains.find(snap.dom);
      await domain.jobs.run({ kind: "modify", api: "domainSnapshotDelete" }, async () => {
        const { snapshot } = await found(snap);
        await deleteSnapshot(hypervisor, domain, snapshot, flags);
      });
    },

    domainSnapshotNum: async ({ dom, flags }) => (await ofDomain(dom, flags, "qemuDomainSnapshotNum")).length,
    domainSnapshotListNames: async ({ dom, flags }) =>
      namesOf(await ofDomain(dom, flags, "qemuDomainSnapshotListNames")),
    domainListAllSnapshots: async ({ dom, flags }) =>
      refsOf(dom, await ofDomain(dom, flags, "qemuDomainListAllSnapshots")),
    domainSnapshotNumChildren: async ({ snap, flags }) =>
      (await ofSnapshot(snap, flags, "qemuDomainSnapshotNumChildren")).length,
    domainSnapshotListChildrenNames: async ({ snap, flags }) =>
      namesOf(await ofSnapshot(snap, flags, "qemuDomainSnapshotListChildrenNames")),
    domainSnapshotListAllChildren: async ({ snapshot, flags }) =>
      refsOf(snapshot.dom, await ofSnapshot(snapshot, flags, "qemuDomainSnapshotListAllChildren")),

    async domainSnapshotLookupByName({ dom, name, flags }) {
      checkFlags(flags, 0, "qemuDomainSnapshotLookupByName");
      const { domain, snapshot } = await found({ dom, name });
      return { name: snapshot.name, dom: domain.ref };
    },
    async domainHasCurrentSnapshot({ dom, flags }) {
      checkFlags(flags, 0, "qemuDomainHasCurrentSnapshot");
      return (await snapshots.of(domains.find(dom))).current === undefined ? 0 : 1;
    },
    async domainSnapshotCurrent({ dom, flags }) {
      checkFlags(flags, 0, "qemuDomainSnapshotCurrent");
      const domain = domains.find(dom);
      const { current } = await snapshots.of(domain);
      if (current !== undefined) return { name: current, dom: domain.ref };
      throw missing("the domain does not have a current snapshot");
    },
    async domainSnapshotIsCurrent({ snap, flags }) {
      checkFlags(flags, 0, "qemuDomainSnapshotIsCurrent");
      const { tree, snapshot } = await found(snap);
      return tree.current === snapshot.name ? 1 : 0;
    },
    async domainSnapshotHasMetadata({ snap, flags }) {
      checkFlags(flags, 0, "qemuDomainSnapshotHasMetadata");
      await found(snap);
      return 1;
    },
    async domainSnapshotGetParent({ snap, flags }) {
      checkFlags(flags, 0, "qemuDomainSnapshotGetParent");
      const { domain, snapshot } = await found(snap);
      if (snapshot.parent !== undefined) return { name: snapshot.parent, dom: domain.ref };
      throw missing(`snapshot '${snapshot.name}' does not have a parent`);
    },
    async domainSnapshotGetXMLDesc({ snap, flags }) {
      checkFlags(flags, SECURE, "qemuDomainSnapshotGetXMLDesc");
      const { domain, snapshot } = await found(snap);
      return formatSnapshot(snapshot, { domainUuid: domain.uuid, secure: (flags & SECURE) !== 0 });
    },
  };
}

/** Called before a definition is removed: a domain that is off takes what is known of its snapshots along, or stays. */
export async function checkSnapshots({ snapshots }: Hypervisor, domain: QemuDomain, flags: number): Promise<void> {
  if (domain.isActive) return;
  const { size } = await snapshots.of(domain);
  if (size === 0) return;
  if ((flags & UNDEFINE_FLAG.SNAPSHOTS_METADATA) !== 0) return;
  throw qemuError("OPERATION_INVALID", `cannot delete inactive domain with ${size} snapshots`, {
    hint: "add --snapshots-metadata to forget them",
  });
}

function missing(detail: string): VirtError {
  return qemuError("NO_DOMAIN_SNAPSHOT", detail, { hint: "`snapshot-list` shows the snapshots that are here" });
}

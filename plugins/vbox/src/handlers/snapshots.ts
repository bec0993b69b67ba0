import type { CallContext, Domain, DomainSnapshot, DomainSnapshotHandlers } from "@polyvisor/core";
import { MomentTree } from "@polyvisor/sdk/conf/moment";
import { parseSnapshot, type Snapshot } from "@polyvisor/sdk/conf/snapshot";
import { snapshotViews } from "@polyvisor/sdk/snapshots";
import { checkFlags, vboxError } from "../errors.js";
import type { Machines } from "../machine/machines.js";
import { type KnownSnapshot, readSnapshots } from "../machine/snapshots.js";
import { isActive } from "../machine/state.js";

const CREATE = { NO_METADATA: 4, LIVE: 256 } as const;
const DELETE = { CHILDREN: 1, CHILDREN_ONLY: 4 } as const;

/** Snapshots of machines. VirtualBox keeps what is known of them; of those of libvirt's flags few mean anything to it. */
export function snapshotHandlers(machines: Machines): DomainSnapshotHandlers {
  const { manage } = machines;

  const change = <T>(
    snap: DomainSnapshot,
    api: string,
    context: CallContext,
    work: (found: KnownSnapshot) => Promise<T>,
  ) =>
    machines.change(snap.dom, { api, context }, async () => {
      const info = await machines.info(snap.dom);
      const found = readSnapshots(info).find(({ name }) => name === snap.name);
      if (found === undefined)
        throw vboxError("NO_DOMAIN_SNAPSHOT", `no domain snapshot with matching name '${snap.name}'`);
      if (api === "domainRevertToSnapshot" && isActive(info))
        throw vboxError("OPERATION_INVALID", "cannot revert snapshot of running domain", {
          hint: "virsh destroy first",
        });
      if (api === "domainSnapshotDelete" && isActive(info))
        throw vboxError("OPERATION_INVALID", "cannot delete snapshots of running domain", {
          hint: "virsh destroy first",
        });
      return work(found);
    });

  return {
    async domainSnapshotCreateXML({ dom, xmlDesc, flags }, context) {
      checkFlags(flags, CREATE.NO_METADATA | CREATE.LIVE, "vboxDomainSnapshotCreateXML");
      const { name, description } = parseSnapshot(xmlDesc, { offline: true });
      await machines.change(dom, { api: "domainSnapshotCreateXML", context }, async () => {
        const info = await machines.info(dom);
        if (readSnapshots(info).some((known) => known.name === name))
          throw vboxError("OPERATION_FAILED", `domain moment ${name} already exists`, { hint: "choose another name" });
        await manage.run(
          ...["snapshot", dom.uuid, "take", name],
          ...(description === undefined ? [] : ["--description", description]),
          ...((flags & CREATE.LIVE) !== 0 && isActive(info) ? ["--live"] : []),
        );
      });
      return { name, dom: (await machines.find(dom)).ref };
    },
    domainRevertToSnapshot({ snap, flags }, context) {
      checkFlags(flags, 0, "vboxDomainRevertToSnapshot");
      return change(snap, "domainRevertToSnapshot", context, async ({ uuid }) => {
        await manage.run("snapshot", snap.dom.uuid, "restore", uuid);
      });
    },
    domainSnapshotDelete({ snap, flags }, context) {
      checkFlags(flags, DELETE.CHILDREN | DELETE.CHILDREN_ONLY, "vboxDomainSnapshotDelete");
      return change(snap, "domainSnapshotDelete", context, async () => {
        const { snapshots } = await treeOf(machines, snap.dom);
        const below = flags === 0 ? [] : snapshots.descendants(snap.name).reverse();
        const gone = (flags & DELETE.CHILDREN_ONLY) === 0 ? [...below, { name: snap.name }] : below;
        for (const { name } of gone) await manage.run("snapshot", snap.dom.uuid, "delete", name);
      });
    },
    ...snapshotViews({ prefix: "vbox", errorDomain: "VBOX", of: (dom) => treeOf(machines, dom) }),
    async domainSnapshotHasMetadata({ snap, flags }) {
      checkFlags(flags, 0, "vboxDomainSnapshotHasMetadata");
      await treeOf(machines, snap.dom);
      return 0;
    },
  };
}

async function treeOf(machines: Machines, dom: Domain) {
  const [{ ref }, info] = await Promise.all([machines.find(dom), machines.info(dom)]);
  const known = readSnapshots(info);
  const times = await snapshotTimes(machines, dom, known);
  const snapshots = new MomentTree<Snapshot>();
  for (const { name, uuid, description, parent, isCurrent } of known) {
    const taken = times.get(uuid);
    snapshots.set({
      name,
      description,
      parent,
      creationTime: taken?.time ?? 0,
      state: taken?.isOnline ? "running" : "shutoff",
      disks: [],
    });
    if (isCurrent) snapshots.current = name;
  }
  return { ref, snapshots };
}

/** VBoxManage tells when a snapshot was taken, and whether the machine ran, only of one at a time. */
async function snapshotTimes({ manage }: Machines, dom: Domain, known: readonly KnownSnapshot[]) {
  const shown = await Promise.all(
    known.map(async ({ uuid }) => {
      const answer = await manage.try("snapshot", dom.uuid, "showvminfo", uuid);
      const text = "complaint" in answer ? "" : answer.output;
      const [, when] = /^State:\s+.*\(since (\d{4}-\d\d-\d\dT[\d:.]+)\)/m.exec(text) ?? [];
      const time = when === undefined ? 0 : Math.floor(Date.parse(`${when.slice(0, 23)}Z`) / 1000);
      return [uuid, { time, isOnline: /^State:\s+saved/m.test(text) }] as const;
    }),
  );
  return new Map(shown);
}

import { type DomainSnapshot, type DomainSnapshotHandlers, UNDEFINE_FLAG, type VirtError } from "@polyvisor/core";
import { parseValidXml } from "@polyvisor/sdk/schema";
import { snapshotViews } from "@polyvisor/sdk/snapshots";
import type { QemuDomain } from "../domain.js";
import { checkFlags, qemuError } from "../errors.js";
import type { Hypervisor } from "../hypervisor.js";
import { CREATE, createSnapshot, DELETE, deleteSnapshot } from "../snapshots/index.js";
import { stopGuest } from "../stop.js";

const ALL_CREATE = Object.values<number>(CREATE).reduce((all, flag) => all | flag, 0);
const ALL_DELETE = Object.values<number>(DELETE).reduce((all, flag) => all | flag, 0);

/** Snapshots: taken, shown, forgotten. */
export function snapshotHandlers(hypervisor: Hypervisor): DomainSnapshotHandlers {
  const { domains, snapshots } = hypervisor;

  const found = async ({ dom, name }: DomainSnapshot) => {
    const domain = domains.find(dom);
    const snapshot = (await snapshots.of(domain)).byName.get(name);
    if (snapshot === undefined) throw missing(`no domain snapshot with matching name '${name}'`);
    return { domain, snapshot };
  };
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

    ...snapshotViews({
      prefix: "qemu",
      errorDomain: "QEMU",
      async of(dom) {
        const domain = domains.find(dom);
        return { ref: domain.ref, snapshots: await snapshots.of(domain) };
      },
    }),
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

import { isExternalSnapshot, type Snapshot } from "@polyvisor/sdk/conf/snapshot";
import type { QemuDomain } from "../domain.js";
import { qemuError } from "../errors.js";
import type { Hypervisor } from "../hypervisor.js";
import { snapshotInside } from "./offline.js";

export const DELETE = { CHILDREN: 1, METADATA_ONLY: 2, CHILDREN_ONLY: 4 } as const;

/** Deletes a snapshot, those that follow it, or both. Called while a job of the domain is held. */
export async function deleteSnapshot(
  hypervisor: Hypervisor,
  domain: QemuDomain,
  snapshot: Snapshot,
  flags: number,
): Promise<void> {
  const tree = await hypervisor.snapshots.of(domain);
  const metadataOnly = (flags & DELETE.METADATA_ONLY) !== 0;
  const children = (flags & (DELETE.CHILDREN | DELETE.CHILDREN_ONLY)) === 0 ? [] : tree.descendants(snapshot.name);
  const chosen = (flags & DELETE.CHILDREN_ONLY) === 0 ? [...children.reverse(), snapshot] : children.reverse();
  if (!metadataOnly) check(snapshot, children, domain, flags);
  for (const each of chosen) {
    if (!metadataOnly) await discard(hypervisor, domain, each);
    await hypervisor.snapshots.remove(domain, each);
  }
}

function check(snapshot: Snapshot, children: readonly Snapshot[], domain: QemuDomain, flags: number): void {
  const external = children.filter(isExternalSnapshot).length;
  if (external > 0) {
    const both = external < children.length ? "external and internal" : "external";
    throw qemuError("CONFIG_UNSUPPORTED", `deletion of ${both} children disk snapshots not supported`);
  }
  if (isExternalSnapshot(snapshot) && domain.guest !== undefined && domain.guest.blockJobs.size > 0) {
    const detail = "cannot delete external snapshots when there is another active block job";
    throw qemuError("OPERATION_UNSUPPORTED", detail);
  }
  if (isExternalSnapshot(snapshot) && (flags & DELETE.CHILDREN) !== 0) {
    throw qemuError("CONFIG_UNSUPPORTED", "deletion of external disk snapshots with children not supported");
  }
  if (isExternalSnapshot(snapshot)) {
    throw qemuError("OPERATION_UNSUPPORTED", "deletion of external disk snapshots is not supported yet", {
      hint: "merge its images with `blockcommit`, then add --metadata",
    });
  }
  if (domain.isActive) {
    throw qemuError("OPERATION_UNSUPPORTED", "internal snapshots of a running guest cannot be deleted yet", {
      hint: "shut it down first",
    });
  }
}

async function discard(hypervisor: Hypervisor, domain: QemuDomain, { name, domain: kept, disks }: Snapshot) {
  const config = kept ?? (await hypervisor.definitions.load(domain.name));
  await snapshotInside("-d", name, config, disks);
}

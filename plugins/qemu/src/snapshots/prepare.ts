import type { Disk, Domain as DomainConfig } from "@polyvisor/sdk/conf/domain";
import { sourcePath } from "@polyvisor/sdk/conf/moment";
import type { Snapshot, SnapshotDisk } from "@polyvisor/sdk/conf/snapshot";
import type { FileKind } from "../blockjobs/files.js";
import { checkSupported } from "../blockjobs/index.js";
import { isEmptySource } from "../command-line/disks.js";
import { qemuError } from "../errors.js";

/** What is being done to which domain. */
export interface SnapshotWish {
  readonly config: DomainConfig;
  readonly isActive: boolean;
  /** New images are there already. */
  readonly reuse: boolean;
}

const unsupported = (detail: string, hint?: string) =>
  qemuError("CONFIG_UNSUPPORTED", detail, hint === undefined ? {} : { hint });

/** The snapshot with the format of every new image; refuses what cannot be done. `kinds`: what is at their paths. */
export function prepareDisks(
  snapshot: Snapshot,
  wish: SnapshotWish,
  kinds: ReadonlyMap<string, FileKind>,
): readonly SnapshotDisk[] {
  const { disks } = wish.config.devices;
  const prepared = snapshot.disks.map((request, at) => {
    const disk = disks[at];
    return disk === undefined ? request : prepareDisk(request, disk, snapshot, wish, kinds);
  });
  checkSelection(snapshot, prepared, wish);
  return prepared;
}

function prepareDisk(
  request: SnapshotDisk,
  disk: Disk,
  { state }: Snapshot,
  wish: SnapshotWish,
  kinds: ReadonlyMap<string, FileKind>,
): SnapshotDisk {
  if (request.location === "internal") {
    checkInternal(request, disk, state === "disk-snapshot" && wish.isActive);
    return request;
  }
  if (request.location !== "external") return request;
  const format = request.format ?? "qcow2";
  if (format !== "qcow2" && format !== "qed") {
    throw unsupported(`external snapshot format for disk ${request.name} is unsupported: ${format}`);
  }
  checkExternal(request, disk, wish);
  const path = sourcePath(request.source) ?? "";
  if (request.source.type !== "network") checkImage(request, path, kinds.get(path) ?? "none", wish.reuse);
  return { ...request, format };
}

function checkInternal({ name }: SnapshotDisk, disk: Disk, isLive: boolean): void {
  if (isLive) {
    throw unsupported(`active qemu domains require external disk snapshots; disk ${name} requested internal`);
  }
  const format = disk.driver?.type;
  if (format === undefined || format === "qcow2") return;
  throw unsupported(`internal snapshot for disk ${name} unsupported for storage type ${format}`);
}

function checkExternal({ source }: SnapshotDisk, disk: Disk, { isActive }: SnapshotWish): void {
  const word = isActive ? "active" : "inactive";
  if (isActive && disk.device === "lun") {
    throw unsupported("external active snapshots are not supported on scsi passthrough devices");
  }
  if (isActive) checkSupported(disk);
  const mine = isActive ? [source] : [disk.source, source];
  for (const { type } of mine) {
    if (type === "file" || type === "block" || (isActive && type === "network")) continue;
    throw qemuError("INTERNAL_ERROR", `external ${word} snapshots are not supported on '${type}' disks`);
  }
  if (disk.shareable === true && disk.readonly !== true) {
    throw unsupported(`shared access for disk '${disk.target.dev}' requires use of supported storage format`);
  }
  if (source.type === "network") {
    throw unsupported("a new image of a snapshot is a file or a block device here");
  }
}

function checkImage({ name, source }: SnapshotDisk, path: string, kind: FileKind, reuse: boolean): void {
  if (kind === "none") {
    if (reuse) {
      const detail = `missing existing file for disk ${name}: ${path}: No such file or directory`;
      throw qemuError("SYSTEM_ERROR", detail, { hint: "make it with qemu-img create, or leave --reuse-external out" });
    }
    if (source.type !== "block") return;
    throw qemuError("OPERATION_UNSUPPORTED", `block device snapshot target '${path}' doesn't exist`);
  }
  const fits = source.type === "block" ? kind === "block" : kind === "file" || kind === "empty";
  if (!fits) {
    const words = "mismatch between configured type for snapshot disk";
    throw unsupported(`${words} '${name}' and the type of existing file '${path}'`);
  }
  if (reuse || kind !== "file") return;
  const detail = `external snapshot file for disk ${name} already exists and is not a block device: ${path}`;
  throw unsupported(detail, "remove it, name another, or add --reuse-external");
}

function checkSelection({ memory, state }: Snapshot, prepared: readonly SnapshotDisk[], wish: SnapshotWish): void {
  const hasInternal = prepared.some(({ location }) => location === "internal");
  const hasExternal = prepared.some(({ location }) => location === "external");
  const kept = memory?.location ?? "no";
  if (!hasInternal && !hasExternal && kept === "no") throw unsupported("nothing selected for snapshot");
  const leavesOut = prepared.some(({ location }, at) => {
    const disk = wish.config.devices.disks[at];
    if (location === "manual") return true;
    return location === "no" && disk !== undefined && !isEmptySource(disk.source) && disk.readonly !== true;
  });
  if ((kept === "internal" && !hasInternal) || (hasInternal && leavesOut)) {
    throw unsupported("internal and full system snapshots require all disks to be selected for snapshot");
  }
  if (state === "disk-snapshot" && !hasExternal) {
    throw unsupported("disk-only snapshots require at least one disk to be selected for snapshot");
  }
  const isMixed = (hasInternal && hasExternal) || (kept === "internal" && hasExternal);
  if (isMixed || (kept === "external" && hasInternal)) {
    throw unsupported("mixing internal and external targets for a snapshot is not yet supported");
  }
}

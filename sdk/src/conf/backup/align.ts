import type { Disk, Domain } from "../domain/model/index.js";
import { misfit } from "../moment/align.js";
import { isEmptySource } from "../moment/disks.js";
import type { Backup, BackupDisk, BackupStore } from "./model.js";

const ERRORS = "DOMAIN";

/**
 * The backup with one entry for each disk of the domain: those of the request first, in its order, then the others.
 *
 * Without any request all disks are copied that can be written to, to files whose names get `suffix` as their ending.
 */
export function alignBackupDisks(backup: Backup, domain: Domain, suffix: string): Backup {
  const { disks } = domain.devices;
  if (disks.length === 0) throw misfit(ERRORS, "domain must have at least one disk to perform backup");
  const asked = new Set<string>();
  for (const request of backup.disks) {
    checkRequest(request, backup, domain, asked);
    asked.add(request.name);
  }
  const all = backup.disks.length === 0;
  const others = disks.filter((disk) => !asked.has(disk.target.dev)).map((disk) => unasked(disk, all, suffix));
  return { ...backup, disks: [...backup.disks, ...others].map((disk) => withMode(disk, backup.incremental)) };
}

function checkRequest(request: BackupDisk, backup: Backup, domain: Domain, asked: ReadonlySet<string>): void {
  const { name } = request;
  const disk = domain.devices.disks.find((each) => each.target.dev === name);
  if (disk === undefined) {
    const targets = domain.devices.disks.map((each) => each.target.dev).join(", ");
    throw misfit(ERRORS, `no disk named '${name}'`, `The domain has ${targets}.`);
  }
  if (asked.has(name)) throw misfit(ERRORS, `disk '${name}' specified twice`, "Name each disk once.");
  if (request.backup === "no") return;
  if (request.mode === "incremental" && request.incremental === undefined && backup.incremental === undefined) {
    const words = `'incremental' backup mode of disk '${name}' requires setting 'incremental' field for disk or backup`;
    throw misfit(ERRORS, words, "Name the checkpoint since which blocks are copied: <incremental>NAME</incremental>.");
  }
  if (isEmptySource(disk.source)) throw misfit(ERRORS, `disk '${name}' has no media`, "Write backup='no'.");
}

function unasked(disk: Disk, all: boolean, suffix: string): BackupDisk {
  const name = disk.target.dev;
  const copied = all && !isEmptySource(disk.source) && disk.readonly !== true;
  return copied ? { name, backup: "yes", store: storeFor(disk, suffix) } : { name, backup: "no" };
}

function storeFor(disk: Disk, suffix: string): BackupStore {
  const { source } = disk;
  if (source.type === "file") return { source: { type: "file", path: `${source.path}.${suffix}` } };
  const hint = "Name the file: <disk name='...' type='file'><target file='...'/></disk>.";
  throw misfit(ERRORS, `refusing to generate file name for disk '${disk.target.dev}'`, hint);
}

function withMode(disk: BackupDisk, incremental: string | undefined): BackupDisk {
  if (disk.backup === "no") return disk;
  const since = disk.incremental ?? incremental;
  const mode = disk.mode ?? (since === undefined ? "full" : "incremental");
  return { ...disk, mode, incremental: mode === "incremental" ? since : disk.incremental };
}

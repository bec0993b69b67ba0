import { createHash } from "node:crypto";
import { join } from "node:path";
import { LOCK_RESOURCE_FLAG, type LockResource, VirtError } from "@polyvisor/core";
import type { Settings } from "./settings.js";
import { type Lockspace, NAME_BYTES, PATH_BYTES, type Resource } from "./wire/frames.js";

/** The lockspace of the leases that nobody has named, and its file: libvirt's, so that both managers share it. */
const DISKS = "__LIBVIRT__DISKS__";

/** What is asked of sanlock for a guest. */
export interface Wanted {
  /** In an order that all guests share, so that of two that want the same leases one gets all. */
  readonly resources: readonly Resource[];
  /** Those of them whose files we make. */
  readonly automatic: readonly Resource[];
}

/** The lockspace of automatic leases. */
export function diskLockspace({ diskLeaseDir, hostId }: Settings): Lockspace {
  return { name: DISKS, hostId, place: { path: join(diskLeaseDir, DISKS), offset: 0n } };
}

/** Fails with `CONFIG_UNSUPPORTED` where disks must have leases and have none. */
export function checkLeased(resources: readonly LockResource[], settings: Settings): void {
  if (settings.autoDiskLeases || !settings.requireLeaseForDisks) return;
  const isAlone = ({ flags }: LockResource) =>
    (flags & (LOCK_RESOURCE_FLAG.READONLY | LOCK_RESOURCE_FLAG.SHARED)) === 0;
  if (resources.every(isDisk) && resources.some(isAlone)) throw noLeases();
}

/** Fails with `INTERNAL_ERROR` for a name too long. What is only read needs no lease. */
export function wantedOf(resources: readonly LockResource[], settings: Settings): Wanted {
  const written = resources.filter(({ flags }) => (flags & LOCK_RESOURCE_FLAG.READONLY) === 0);
  const disks = written.filter(isDisk);
  const leases = written.filter((each) => !isDisk(each)).map(leaseOf);
  const automatic = settings.autoDiskLeases ? disks.map((disk) => diskLease(disk, settings)) : [];
  return { resources: distinct([...leases, ...automatic]), automatic: distinct(automatic) };
}

export function isSame(one: { lockspace: string; name: string }, other: { lockspace: string; name: string }): boolean {
  return one.lockspace === other.lockspace && one.name === other.name;
}

function isDisk({ lockspace, path }: LockResource): boolean {
  return lockspace === null && path === null;
}

function leaseOf({ lockspace, name, path, offset, flags }: LockResource): Resource {
  checkLength("Resource name", name, NAME_BYTES);
  checkLength("Resource lockspace", lockspace ?? "", NAME_BYTES);
  checkLength("Lease path", path ?? "", PATH_BYTES);
  return {
    lockspace: lockspace ?? "",
    name,
    place: { path: path ?? "", offset: BigInt(offset) },
    shared: isShared(flags),
  };
}

/** Named by the MD5 sum of the disk's path, as libvirt does. */
function diskLease({ name: disk, flags }: LockResource, { diskLeaseDir }: Settings): Resource {
  const name = createHash("md5").update(disk).digest("hex");
  const path = join(diskLeaseDir, name);
  checkLength("Lease path", path, PATH_BYTES);
  return { lockspace: DISKS, name, place: { path, offset: 0n }, shared: isShared(flags) };
}

function isShared(flags: number): boolean {
  return (flags & LOCK_RESOURCE_FLAG.SHARED) !== 0;
}

/** A disk that a guest has twice is one lease, for itself where one of them wants it so. */
function distinct(resources: readonly Resource[]): Resource[] {
  const all = new Map<string, Resource>();
  for (const each of resources) {
    const key = `${each.lockspace}\0${each.name}`;
    const known = all.get(key);
    all.set(key, known === undefined ? each : { ...known, shared: known.shared && each.shared });
  }
  return [...all].sort(([one], [other]) => (one < other ? -1 : 1)).map(([, resource]) => resource);
}

function checkLength(what: string, text: string, bytes: number): void {
  if (Buffer.byteLength(text) < bytes) return;
  throw new VirtError("INTERNAL_ERROR", `${what} '${text}' exceeds ${bytes} characters`);
}

function noLeases(): VirtError {
  const detail = "Read/write, exclusive access, disks were present, but no leases specified";
  return new VirtError("CONFIG_UNSUPPORTED", detail, {
    hint: "name a <lease> per disk, or set auto_disk_leases or require_lease_for_disks = 0 in lock-sanlock.conf",
  });
}

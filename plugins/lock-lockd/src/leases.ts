import { createHash } from "node:crypto";
import { LOCK_RESOURCE_FLAG, type LockResource, VirtError } from "@polyvisor/core";
import type { DeviceKeys } from "./device-keys.js";
import type { LockdSettings } from "./settings.js";

/** Flags of the lock protocol, with libvirt's values. */
export const LEASE_FLAG = { SHARED: 1, AUTOCREATE: 2, METADATA: 4 } as const;

/** A resource as the lock daemon knows it: a name in a lockspace (`path`), which is empty where the name is a path. */
export interface Lease {
  readonly path: string;
  readonly name: string;
  /** Bits of `LEASE_FLAG`. */
  readonly flags: number;
}

/**
 * The leases that stand for what a guest uses, in the order of their names: two guests that want the same disks meet at the
 * first of them. What is only read needs none. Named as libvirt's client names them, so that its guests and ours meet on the
 * same leases. Fails with `CONFIG_UNSUPPORTED` where a guest writes disks without the leases that the operator requires.
 */
export async function leasesFor(
  resources: readonly LockResource[],
  settings: LockdSettings,
  keys: DeviceKeys,
): Promise<Lease[]> {
  const written = resources.filter(({ flags }) => (flags & LOCK_RESOURCE_FLAG.READONLY) === 0);
  const wanted = settings.autoDiskLeases ? written : written.filter(isExplicit);
  const isBare = wanted.length === 0 && written.some((each) => !isShared(each));
  if (isBare && !settings.autoDiskLeases && settings.requireLeaseForDisks) {
    throw new VirtError(
      "CONFIG_UNSUPPORTED",
      "Read/write, exclusive access, disks were present, but no leases specified",
      { hint: "give the guest <lease> devices, or set auto_disk_leases in lock-lockd.conf" },
    );
  }
  const leases = await Promise.all(wanted.map((each) => leaseFor(each, settings, keys)));
  return inOrder(leases);
}

/** A guest may have one file as two disks. */
function inOrder(leases: readonly Lease[]): Lease[] {
  const byKey = new Map(leases.map((lease) => [`${lease.path}\0${lease.name}`, lease]));
  return [...byKey].sort(([one], [other]) => (one < other ? -1 : 1)).map(([, lease]) => lease);
}

async function leaseFor(resource: LockResource, settings: LockdSettings, keys: DeviceKeys): Promise<Lease> {
  const flags = isShared(resource) ? LEASE_FLAG.SHARED : 0;
  if (isExplicit(resource)) return { ...explicitLease(resource), flags };
  const { path, name } = await diskLease(resource.name, settings, keys);
  return { path, name, flags: path === "" ? flags : flags | LEASE_FLAG.AUTOCREATE };
}

function isExplicit({ lockspace, path }: LockResource): boolean {
  return lockspace !== null || path !== null;
}

function isShared({ flags }: LockResource): boolean {
  return (flags & LOCK_RESOURCE_FLAG.SHARED) !== 0;
}

/** A `<lease>` of the configuration: a file below a folder that the daemon knows as a lockspace. */
function explicitLease({ lockspace, path, name, offset }: LockResource): Omit<Lease, "flags"> {
  if (BigInt(offset) !== 0n) throw new VirtError("INTERNAL_ERROR", "Offset must be zero for this lock manager");
  if (path === null || lockspace === null) {
    throw new VirtError("INTERNAL_ERROR", "Missing path or lockspace for lease resource");
  }
  return { path: `${path}/${lockspace}`, name };
}

/** Of a device the identity that all hosts see comes before the path, which may differ from host to host. */
async function diskLease(disk: string, settings: LockdSettings, keys: DeviceKeys): Promise<Omit<Lease, "flags">> {
  const { fileLockspace, lvmLockspace, scsiLockspace } = settings;
  if (disk.startsWith("/dev")) {
    const uuid = lvmLockspace === undefined ? undefined : await keys.lvmUuid(disk);
    if (lvmLockspace !== undefined && uuid !== undefined) return { path: lvmLockspace, name: uuid };
    const id = scsiLockspace === undefined ? undefined : await keys.scsiId(disk);
    if (scsiLockspace !== undefined && id !== undefined) return { path: scsiLockspace, name: id };
  }
  if (fileLockspace === undefined) return { path: "", name: disk };
  return { path: fileLockspace, name: createHash("sha256").update(disk).digest("hex") };
}

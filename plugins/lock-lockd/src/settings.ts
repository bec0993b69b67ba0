import type { HostInfo, PluginConfig } from "@polyvisor/core";

/** What the operator may set in `plugins/lock-lockd.conf`, in the names of libvirt's `qemu-lockd.conf`. */
export interface LockdSettings {
  /** Every disk that a guest writes is a lease by itself. */
  readonly autoDiskLeases: boolean;
  /** A guest that writes disks and has no leases does not start. Matters only where disks are no leases by themselves. */
  readonly requireLeaseForDisks: boolean;
  /** Folders that hosts share, where a file stands for each disk: known by path, by the UUID of LVM, by the SCSI id. */
  readonly fileLockspace: string | undefined;
  readonly lvmLockspace: string | undefined;
  readonly scsiLockspace: string | undefined;
  /** Where the lock daemon listens. */
  readonly socket: string;
  /** It is somebody else's daemon, which is never started from here. */
  readonly isForeign: boolean;
}

interface Config {
  readonly auto_disk_leases?: boolean;
  readonly require_lease_for_disks?: boolean;
  readonly file_lockspace_dir?: string;
  readonly lvm_lockspace_dir?: string;
  readonly scsi_lockspace_dir?: string;
  readonly lock_socket?: string;
}

export function settingsOf(config: PluginConfig, { paths }: HostInfo): LockdSettings {
  const set: Config = config;
  const autoDiskLeases = set.auto_disk_leases ?? true;
  return {
    autoDiskLeases,
    requireLeaseForDisks: set.require_lease_for_disks ?? !autoDiskLeases,
    fileLockspace: set.file_lockspace_dir,
    lvmLockspace: set.lvm_lockspace_dir,
    scsiLockspace: set.scsi_lockspace_dir,
    socket: set.lock_socket ?? `${paths.run}/virtlockd-sock`,
    isForeign: set.lock_socket !== undefined,
  };
}

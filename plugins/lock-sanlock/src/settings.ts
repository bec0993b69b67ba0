import { join } from "node:path";
import type { HostPaths, PluginConfig } from "@polyvisor/core";

/** The settings of lock-sanlock.conf, those of libvirt's qemu-sanlock.conf among them. */
export interface Settings {
  /** This host's number in lockspaces, 0 where it has none. */
  readonly hostId: number;
  /** A lease for each disk that a guest writes, without the configuration naming any. */
  readonly autoDiskLeases: boolean;
  readonly diskLeaseDir: string;
  /** A guest that writes disks does not start without leases. */
  readonly requireLeaseForDisks: boolean;
  /** In seconds; 0 for sanlock's own. */
  readonly ioTimeout: number;
  /** As whom sanlock runs: a name or a number, of which files of leases are. */
  readonly user: string | undefined;
  readonly group: string | undefined;
  readonly sanlockSocket: string;
  /** Where the program that sanlock runs finds the daemon that manages the guests. */
  readonly managerSocket: string;
}

/** What the schema in package.json promises. */
interface Configured {
  readonly host_id: number;
  readonly auto_disk_leases: boolean;
  readonly disk_lease_dir?: string;
  readonly require_lease_for_disks?: boolean;
  readonly io_timeout: number;
  readonly user?: string;
  readonly group?: string;
  readonly run_dir: string;
  readonly manager_socket?: string;
}

export function settingsOf(config: PluginConfig, { lib, run }: HostPaths): Settings {
  const given = config as unknown as Configured;
  return {
    hostId: given.host_id,
    autoDiskLeases: given.auto_disk_leases,
    diskLeaseDir: given.disk_lease_dir ?? join(lib, "sanlock"),
    requireLeaseForDisks: given.require_lease_for_disks ?? !given.auto_disk_leases,
    ioTimeout: given.io_timeout,
    user: given.user,
    group: given.group,
    sanlockSocket: join(given.run_dir, "sanlock.sock"),
    managerSocket: given.manager_socket ?? join(run, "libvirt-sock"),
  };
}

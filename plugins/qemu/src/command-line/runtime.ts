import type { StorageSource } from "@polyvisor/sdk/conf";
import type { Secrets, TlsSettings } from "./secrets.js";

/**
 * What a command line needs beyond the configuration and is known only when the guest starts.
 *
 * Descriptors are numbers in the emulator's own process: whoever starts it must place them there.
 */
export interface Runtime {
  /** The guest's own folder, which holds its master key. */
  readonly libDir: string;
  /** Whether we run as root; it decides which environment the emulator gets. */
  readonly privileged: boolean;
  /** The kernel demands FIPS 140; emulators that cannot find out by themselves are told. */
  readonly fips?: boolean | undefined;
  /** Our own environment, of which PATH, HOME, USER and LOGNAME are handed on. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** The listening monitor socket: a descriptor, or a path that the emulator shall create. */
  readonly monitor: { readonly fd: number } | { readonly path: string };
  /** Listening sockets and opened files of character devices, by the alias of their device; without one QEMU opens the path. */
  readonly chardevFds?: ReadonlyMap<string, number> | undefined;
  /** Opened log files of character devices, by the alias of their device. */
  readonly chardevLogFds?: ReadonlyMap<string, number> | undefined;
  /** Descriptors of the tap (and vhost) devices of an interface, by its alias. */
  readonly taps?:
    | ReadonlyMap<string, { readonly fds: readonly number[]; readonly vhostFds?: readonly number[] }>
    | undefined;
  /** Opened `/dev/vhost-vdpa-*` by the alias of their interface, and `/dev/vhost-vsock` under `vsock0`. */
  readonly vhostFds?: ReadonlyMap<string, number> | undefined;
  /** Paths of the generic nodes (`/dev/sg0`) of the host's SCSI devices, by the alias of the host device. */
  readonly scsiDevices?: ReadonlyMap<string, string> | undefined;
  /** An opened TPM and its cancel file, by the TPM's alias. */
  readonly tpmFds?: ReadonlyMap<string, { readonly device: number; readonly cancel: number }> | undefined;
  /** Sockets of the helpers that serve a device (swtpm, virtiofsd, vhost-user-gpu), by its alias. */
  readonly helperSockets?: ReadonlyMap<string, string> | undefined;
  /** Descriptors that a client associated with the domain, by the name of their group. */
  readonly fdGroups?: ReadonlyMap<string, { readonly fds: readonly number[]; readonly writable: boolean }> | undefined;
  /** Where the volumes really are that disks name, by `volumeKey`. */
  readonly volumes?: ReadonlyMap<string, StorageSource> | undefined;
  /** Without them a configuration that needs a secret is refused. */
  readonly secrets?: Secrets | undefined;
  /** Where memory that is backed by files lives. */
  readonly memory?: MemoryPaths | undefined;
  /** Refuses NUMA nodes that the host does not have; where nobody looks, any are taken. */
  readonly checkNumaNodes?: ((nodes: readonly number[]) => void) | undefined;
  /** Seconds since the epoch, for a clock with an adjustment. */
  readonly now: number;
  /** Seconds that the host's local time is ahead of UTC. */
  readonly localOffset?: number | undefined;
  /** `-incoming` of a guest that is restored or migrated. */
  readonly incoming?: string | undefined;
  /** Settings of the driver's configuration file. */
  readonly settings?: DriverSettings | undefined;
}

export interface MemoryPaths {
  /** Folder of memory files: `/var/lib/libvirt/qemu/ram`. */
  readonly backingDir: string;
  /** Mounted hugetlbfs by page size in KiB; the first is the default. */
  readonly hugepages: readonly { readonly size: number; readonly path: string }[];
  /** `1-guest`: how folders of the guest are called. */
  readonly domainFolder: string;
}

export interface DriverSettings {
  readonly seccomp?: boolean | undefined;
  readonly dumpGuestCore?: boolean | undefined;
  readonly logTimestamp?: boolean | undefined;
  readonly setProcessName?: boolean | undefined;
  readonly vncPassword?: boolean | undefined;
  readonly vncSasl?: { readonly dir?: string | undefined } | undefined;
  readonly spicePassword?: boolean | undefined;
  readonly spiceSasl?: { readonly dir?: string | undefined } | undefined;
  readonly spiceTlsDir?: string | undefined;
  /** Displays for VNC are encrypted. */
  readonly vncTls?: TlsSettings | undefined;
  /** For character devices that are encrypted; `always`: all that do not say otherwise. */
  readonly chardevTls?: OptionalTls | undefined;
  readonly storageTls?: { readonly [protocol in "nbd" | "vxhs"]?: OptionalTls } | undefined;
}

interface OptionalTls extends TlsSettings {
  readonly always?: boolean | undefined;
}

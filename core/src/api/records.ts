import { array, chars, i32, i64, named, opaque, optional, struct, u32, u64 } from "../xdr/index.js";
import { LIMITS } from "./limits.js";
import { text } from "./types.js";

/** A disk's target, and what is wrong with it (`VIR_DOMAIN_DISK_ERROR_*`). */
export interface DiskError {
  readonly disk: string;
  readonly error: number;
}
export const diskError = named<DiskError, DiskError>(struct({ disk: text, error: i32 }));

/** A file system that the guest has mounted, and the targets of the disks that it lies on. */
export interface FileSystemInfo {
  readonly mountpoint: string;
  readonly name: string;
  readonly fstype: string;
  readonly devAliases: readonly string[];
}
export const fileSystemInfo = named<FileSystemInfo, FileSystemInfo>(
  struct({ mountpoint: text, name: text, fstype: text, devAliases: array(text, LIMITS.domainFsinfoDisks) }),
);

/** A security label, and whether it is enforced (1) or only logged (0). */
export interface SecurityLabel {
  readonly label: string;
  readonly enforcing: number;
}
export const securityLabel = named<SecurityLabel, SecurityLabel>(
  struct({ label: chars(LIMITS.securityLabel), enforcing: i32 }),
);

/** An address of a guest's interface: its family (`VIR_IP_ADDR_TYPE_*`) and the length of the prefix. */
export interface GuestAddress {
  readonly type: number;
  readonly addr: string;
  readonly prefix: number;
}

/** A network interface as the guest or a lease tells of it. */
export interface GuestInterface {
  readonly name: string;
  readonly hwaddr: string | null;
  readonly addrs: readonly GuestAddress[];
}
export const guestInterface = named<GuestInterface, GuestInterface>(
  struct({
    name: text,
    hwaddr: optional(text),
    addrs: array(struct({ type: i32, addr: text, prefix: u32 }), LIMITS.domainIpAddresses),
  }),
);

/** An I/O thread, and the host CPUs that it may run on as a bit map. */
export interface IOThreadInfo {
  readonly iothreadId: number;
  readonly cpumap: Uint8Array;
}
export const ioThreadInfo = named<IOThreadInfo, IOThreadInfo>(
  struct({ iothreadId: u32, cpumap: opaque(LIMITS.cpumap) }),
);

/** A lease that a network's DHCP server gave: it ends at `expirytime`, in seconds since 1970. */
export interface DhcpLease {
  readonly iface: string;
  readonly expirytime: bigint | number;
  readonly type: number;
  readonly mac: string | null;
  readonly iaid: string | null;
  readonly ipaddr: string;
  readonly prefix: number;
  readonly hostname: string | null;
  readonly clientid: string | null;
}
export const dhcpLease = named<DhcpLease, DhcpLease>(
  struct({
    iface: text,
    expirytime: i64,
    type: i32,
    mac: optional(text),
    iaid: optional(text),
    ipaddr: text,
    prefix: u32,
    hostname: optional(text),
    clientid: optional(text),
  }),
);

/** A figure of the host under its name. CPU times are in nanoseconds, memory in KiB. */
export interface NamedCount {
  readonly field: string;
  readonly value: bigint | number;
}
export const namedCount = named<NamedCount, NamedCount>(struct({ field: text, value: u64 }));

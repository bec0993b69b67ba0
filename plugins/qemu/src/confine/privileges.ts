import { readFileSync } from "node:fs";
import type { HostInfo } from "@polyvisor/core";

/** What this daemon may do to a guest's process. */
export interface Privileges {
  /** It runs for the whole host, as root: the confinement is libvirt's system daemon's. */
  readonly isSystem: boolean;
  /** It may give a process mounts of its own and make devices there. */
  readonly mayMount: boolean;
  /** It may take capabilities away for good. */
  readonly mayDropCapabilities: boolean;
}

/** Numbers of linux/capability.h. */
const SETPCAP = 8n;
const SYS_PTRACE = 19n;
const SYS_ADMIN = 21n;
const MKNOD = 27n;

export function readPrivileges(info: HostInfo): Privileges {
  const isSystem = info.mode === "system" && process.getuid?.() === 0;
  const effective = BigInt(
    `0x${/^CapEff:\s*([0-9a-f]+)$/m.exec(readFileSync("/proc/self/status", "utf8"))?.[1] ?? "0"}`,
  );
  const has = (...capabilities: bigint[]) => capabilities.every((each) => ((effective >> each) & 1n) === 1n);
  return {
    isSystem,
    mayMount: isSystem && has(SYS_ADMIN, MKNOD, SYS_PTRACE),
    mayDropCapabilities: isSystem && has(SETPCAP),
  };
}

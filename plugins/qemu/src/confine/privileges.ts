import type { HostInfo } from "@polyvisor/core";
import { lackedCapabilities } from "@polyvisor/sdk/process";

/** What this daemon may do to a guest's process. */
export interface Privileges {
  /** It runs for the whole host, as root: the confinement is libvirt's system daemon's. */
  readonly isSystem: boolean;
  /** It may give a process mounts of its own and make devices there. */
  readonly mayMount: boolean;
  /** It may take capabilities away for good. */
  readonly mayDropCapabilities: boolean;
}

export function readPrivileges(info: HostInfo): Privileges {
  const isSystem = info.mode === "system" && process.getuid?.() === 0;
  return {
    isSystem,
    mayMount: isSystem && lackedCapabilities("SYS_ADMIN", "MKNOD", "SYS_PTRACE").length === 0,
    mayDropCapabilities: isSystem && lackedCapabilities("SETPCAP").length === 0,
  };
}

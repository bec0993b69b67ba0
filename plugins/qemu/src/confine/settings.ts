import type { Controller } from "@polyvisor/sdk/cgroup";
import type { DriverSettings } from "../command-line/runtime.js";

/** What the operator may set in `plugins/qemu.conf`; the names, meanings and defaults are those of libvirt's qemu.conf. */
export interface QemuConfig {
  /** The emulator may gain no capability, also where it runs as root. */
  readonly clear_emulator_capabilities: boolean;
  /** The emulator filters its own system calls. */
  readonly seccomp_sandbox: boolean;
  /** `mount`: a /dev of its own. Where it is left out that is done wherever it can be. */
  readonly namespaces?: readonly "mount"[];
  /** Nothing but these; where it is left out, all that the host has. */
  readonly cgroup_controllers?: readonly Controller[];
  /** The devices that every guest may use. */
  readonly cgroup_device_acl: readonly string[];
  /** Limits; 0 leaves the daemon's own. */
  readonly max_files: number;
  readonly max_processes: number;
  readonly max_threads_per_process: number;
  /** Bytes of a core dump. */
  readonly max_core: number | "unlimited";
  /** Whether a core dump has the guest's memory in it, where the configuration of the guest does not say. */
  readonly dump_guest_core?: boolean;
  /** The process shows as `qemu:NAME`. */
  readonly set_process_name: boolean;
  readonly log_timestamp: boolean;
}

/** Of a driver that nobody has configured: what the schema of the manifest says. */
export const DEFAULT_CONFIG: QemuConfig = {
  clear_emulator_capabilities: true,
  seccomp_sandbox: true,
  cgroup_device_acl: [
    ...["/dev/null", "/dev/full", "/dev/zero", "/dev/random", "/dev/urandom"],
    ...["/dev/ptmx", "/dev/kvm"],
  ],
  max_files: 0,
  max_processes: 0,
  max_threads_per_process: 0,
  max_core: 0,
  set_process_name: false,
  log_timestamp: true,
};

/** What of it shows on the emulator's command line. */
export function settingsOf(config: QemuConfig): DriverSettings {
  return {
    seccomp: config.seccomp_sandbox,
    setProcessName: config.set_process_name,
    logTimestamp: config.log_timestamp,
    dumpGuestCore: config.dump_guest_core,
  };
}

import { type Features, PROCESS_CAPABILITIES } from "@polyvisor/sdk/conf/domain";

/** What nobody in a container has by itself: it would change the host. */
const NOT_BY_DEFAULT = new Set(["sys_module", "sys_time", "mknod", "audit_control", "mac_admin"]);

/** The kernel's capabilities by their numbers. */
const KERNEL = (
  "chown dac_override dac_read_search fowner fsetid kill setgid setuid setpcap linux_immutable net_bind_service " +
  "net_broadcast net_admin net_raw ipc_lock ipc_owner sys_module sys_rawio sys_chroot sys_ptrace sys_pacct sys_admin " +
  "sys_boot sys_nice sys_resource sys_time sys_tty_config mknod lease audit_write audit_control setfcap mac_override " +
  "mac_admin syslog wake_alarm block_suspend"
).split(" ");

/**
 * The capabilities that a container's processes may have, in the kernel's names, by `<capabilities policy='...'>`. `ours`: the
 * set of the process that starts it, as a number: nobody can give what he has not.
 */
export function processCapabilities(wanted: Features["capabilities"], ours: bigint): string[] {
  const { policy, states } = wanted ?? { policy: "default", states: {} };
  const has = (name: string): boolean => {
    const state = states[name];
    if (policy === "deny") return state === "on";
    if (policy === "default" && NOT_BY_DEFAULT.has(name)) return state === "on";
    return state !== "off";
  };
  const isOurs = (name: string) => ((ours >> BigInt(KERNEL.indexOf(name))) & 1n) === 1n;
  return PROCESS_CAPABILITIES.filter((name) => has(name) && isOurs(name)).map((name) => `CAP_${name.toUpperCase()}`);
}

/** The capabilities that a process may hand on, by its `/proc/PID/status`. */
export function boundingSet(status: string): bigint {
  return BigInt(`0x${/^CapBnd:\s*([0-9a-f]+)$/m.exec(status)?.[1] ?? "0"}`);
}

import type { HostPaths } from "@polyvisor/core";
import { groupName, machineName } from "@polyvisor/sdk/cgroup";

/** Where the daemon of the whole host keeps its state; any other may run beside it. */
const OF_HOST = "/var/lib/libvirt";
/** What a guest's group is called, below its partition: names as libvirt gives them where there is no systemd. */
export function guestGroup(paths: HostPaths, id: number, name: string): string {
  return groupName(`${machineName(`${driverName(paths)}-${id}-`, name)}.libvirt-qemu`);
}

/** Whether a group is called as one of a guest of this daemon. */
export function isGuestGroup(paths: HostPaths, group: string): boolean {
  const driver = driverName(paths);
  return group.startsWith(`${driver}-`) && /^\d+(?:-.*)?\.libvirt-qemu$/.test(group.slice(driver.length + 1));
}

/** Node's cryptography takes a megabyte, which a daemon without guests can do without. */
function driverName({ lib }: HostPaths): string {
  if (lib === OF_HOST) return "qemu";
  const { createHash } = process.getBuiltinModule("node:crypto");
  return `qemu-embed-${createHash("sha256").update(lib).digest("hex").slice(0, 8)}`;
}

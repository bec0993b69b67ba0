import { createHash } from "node:crypto";
import type { HostPaths } from "@polyvisor/core";
import { groupName } from "@polyvisor/sdk/cgroup";

/** The longest name of a machine. */
const MAX_NAME = 64;
/** Where the daemon of the whole host keeps its state; any other may run beside it. */
const OF_HOST = "/var/lib/libvirt";
/** Partitions of systemd's, which are called as they are. */
const FIXED: readonly string[] = ["machine", "system", "user"];

/** The group in which guests are whose configuration names none. */
export const DEFAULT_PARTITION = "/machine";

/** What a guest's group is called, below its partition: names as libvirt gives them where there is no systemd. */
export function guestGroup(paths: HostPaths, id: number, name: string): string {
  return groupName(`${machineName(`${driverName(paths)}-${id}-`, name)}.libvirt-qemu`);
}

/** Whether a group is called as one of a guest of this daemon. */
export function isGuestGroup(paths: HostPaths, group: string): boolean {
  const driver = driverName(paths);
  return group.startsWith(`${driver}-`) && /^\d+(?:-.*)?\.libvirt-qemu$/.test(group.slice(driver.length + 1));
}

function driverName({ lib }: HostPaths): string {
  const hash = createHash("sha256").update(lib).digest("hex").slice(0, 8);
  return lib === OF_HOST ? "qemu" : `qemu-embed-${hash}`;
}

/** The letters of a host's name, no two dots or dashes beside each other, and none at the end. */
function machineName(start: string, name: string): string {
  let all = start;
  let isBreak = true;
  for (const char of name) {
    if (all.length >= MAX_NAME) break;
    const isMark = char === "." || char === "-";
    if (isMark ? isBreak : !/[A-Za-z0-9]/.test(char)) continue;
    all += char;
    isBreak = isMark;
  }
  return all.replace(/[-.]+$/, "");
}

/** A partition's folders: all that are not systemd's and have no suffix get one. */
export function partitionPath(partition: string): string {
  const steps = partition.split("/").filter((step) => step !== "");
  const named = steps.map((step, at) => {
    const isPlain = step.includes(".") || (at === 0 && FIXED.includes(step));
    return groupName(isPlain ? step : `${step}.partition`);
  });
  return `/${named.join("/")}`;
}

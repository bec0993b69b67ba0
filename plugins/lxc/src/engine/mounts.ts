import { readFileSync } from "node:fs";
import { parseCgroupMounts } from "@polyvisor/sdk/cgroup";
import { shellWord } from "@polyvisor/sdk/process";

/**
 * What is done in a mount namespace of the shim's own, as commands of a shell; none where it needs no such namespace. Engines give up
 * where version 1 of cgroups is mounted beside version 2: there the latter, which controls nothing, is covered. What they make in its
 * folder all the same goes with the cover.
 */
export function ownMounts(filesystems: readonly string[]): readonly string[] {
  const { legacy, unified } = parseCgroupMounts(readFileSync("/proc/self/mounts", "utf8"));
  const isHybrid = unified !== undefined && legacy.size > 0;
  const commands = [
    ...(isHybrid ? [`mount -t tmpfs -o size=64k,mode=755 none ${shellWord(unified)}`] : []),
    ...filesystems,
  ];
  return commands.map((command) => `${command} || exit 1`);
}

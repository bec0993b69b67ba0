import type { Cgroup } from "@polyvisor/sdk/cgroup";
import type { Domain as DomainConfig } from "@polyvisor/sdk/conf/domain";
import { limitBlockDevice, setBandwidth, setBlockWeight, setMemory, setShares } from "@polyvisor/sdk/tuning";
import { qemuError } from "../errors.js";

/** Sets what a guest's configuration says of memory, processors and disks, on the group of its whole process. */
export async function tuneGroup(group: Cgroup, config: DomainConfig): Promise<void> {
  await tuneBlocks(group, config);
  await tuneMemory(group, config);
  await tuneProcessors(group, config);
  // Memory that is there already follows when a group is given other nodes; version 2 always does it.
  if (group.versionOf("cpuset") === 1) await group.write("cpuset", "cpuset.memory_migrate", 1);
}

async function tuneBlocks(group: Cgroup, { blkiotune }: DomainConfig): Promise<void> {
  if (blkiotune === undefined || (blkiotune.weight === undefined && blkiotune.devices.length === 0)) return;
  if (!group.has("blkio")) throw unavailable("Block I/O tuning is not available on this host");
  if (blkiotune.weight !== undefined) await setBlockWeight(group, blkiotune.weight);
  for (const device of blkiotune.devices) await limitBlockDevice(group, device);
}

async function tuneMemory(group: Cgroup, { memtune }: DomainConfig): Promise<void> {
  const { hardLimit, softLimit, swapHardLimit } = memtune ?? {};
  if (hardLimit === undefined && softLimit === undefined && swapHardLimit === undefined) return;
  if (!group.has("memory")) throw unavailable("Memory cgroup is not available on this host");
  if (hardLimit !== undefined) await setMemory(group, "hard", hardLimit);
  if (softLimit !== undefined) await setMemory(group, "soft", softLimit);
  if (swapHardLimit !== undefined) await setMemory(group, "swap", swapHardLimit);
}

async function tuneProcessors(group: Cgroup, { cputune }: DomainConfig): Promise<void> {
  const { shares, globalPeriod, globalQuota } = cputune ?? {};
  if (shares !== undefined) {
    if (!group.has("cpu")) throw unavailable("CPU tuning is not available on this host");
    await setShares(group, shares);
  }
  await limitTime(group, globalPeriod, globalQuota);
}

/** Microseconds of each period, where they are given; a negative quota is no limit. */
export async function limitTime(group: Cgroup, period: number | undefined, quota: number | undefined): Promise<void> {
  if (period === undefined && quota === undefined) return;
  if (!group.has("cpu")) throw noBandwidth();
  await setBandwidth(group, period, quota);
}

export function noBandwidth(): Error {
  return unavailable("cgroup cpu is required for scheduler tuning");
}

function unavailable(detail: string): Error {
  return qemuError("CONFIG_UNSUPPORTED", detail, {
    hint: "the kernel's controller is not mounted, or cgroup_controllers in plugins/qemu.conf leaves it out",
  });
}

import type { Cgroup } from "@polyvisor/sdk/cgroup";
import type { Domain as DomainConfig } from "@polyvisor/sdk/conf/domain";
import { qemuError } from "../errors.js";
import { limitBlockDevice, setBlockWeight } from "./block-limits.js";

const KIB = 1024;

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

export const MEMORY_LIMITS = ["hard", "soft", "swap"] as const;
export type MemoryLimit = (typeof MEMORY_LIMITS)[number];

const MEMORY_FILES = {
  1: { hard: "memory.limit_in_bytes", soft: "memory.soft_limit_in_bytes", swap: "memory.memsw.limit_in_bytes" },
  2: { hard: "memory.max", soft: "memory.high", swap: "memory.swap.max" },
} as const;

/** `kib` is a limit; `undefined` lifts it. */
export async function setMemory(group: Cgroup, kind: MemoryLimit, kib: number | undefined): Promise<void> {
  const version = group.versionOf("memory") ?? 1;
  const none = version === 1 ? -1 : "max";
  await group.write("memory", MEMORY_FILES[version][kind], kib === undefined ? none : kib * KIB);
}

async function tuneProcessors(group: Cgroup, { cputune }: DomainConfig): Promise<void> {
  const { shares, globalPeriod, globalQuota } = cputune ?? {};
  if (shares !== undefined) {
    if (!group.has("cpu")) throw unavailable("CPU tuning is not available on this host");
    await setShares(group, shares);
  }
  await setBandwidth(group, globalPeriod, globalQuota);
}

/** A limit in force, in KiB; `undefined` where there is none, or where the kernel does not count what it limits. */
export async function readMemory(group: Cgroup, kind: MemoryLimit): Promise<number | undefined> {
  const version = group.versionOf("memory") ?? 1;
  const text = await group.read("memory", MEMORY_FILES[version][kind]).catch((error: NodeJS.ErrnoException) => {
    if (kind === "swap" && (error.code === "ENOENT" || error.code === "EOPNOTSUPP")) return "max";
    throw error;
  });
  // Version 1 says the highest number of pages.
  return text === "max" || BigInt(text) >= MOST_BYTES ? undefined : Number(BigInt(text) / BigInt(KIB));
}

/** The highest number of whole pages, however large they are. */
const MOST_BYTES = 2n ** 63n - 65536n;

export async function readShares(group: Cgroup): Promise<number> {
  return Number(await group.read("cpu", group.versionOf("cpu") === 1 ? "cpu.shares" : "cpu.weight"));
}

/** What version 2 calls no limit, as libvirt tells it. */
const NO_QUOTA = 18446744073709551n;

/** Microseconds; the quota of version 1 is negative where there is no limit. */
export async function readBandwidth(
  group: Cgroup,
): Promise<{ readonly period: number; readonly quota: number | bigint }> {
  if (group.versionOf("cpu") === 1) {
    const files = ["cpu.cfs_period_us", "cpu.cfs_quota_us"];
    const [period, quota] = await Promise.all(files.map((file) => group.read("cpu", file)));
    return { period: Number(period), quota: Number(quota) };
  }
  const [quota = "max", period = "100000"] = (await group.read("cpu", "cpu.max")).split(" ");
  return { period: Number(period), quota: quota === "max" ? NO_QUOTA : Number(quota) };
}

export async function setShares(group: Cgroup, shares: number): Promise<void> {
  await group.write("cpu", group.versionOf("cpu") === 1 ? "cpu.shares" : "cpu.weight", shares);
}

/** Microseconds of each period; a negative quota is no limit. */
export async function setBandwidth(
  group: Cgroup,
  period: number | undefined,
  quota: number | undefined,
): Promise<void> {
  if (period === undefined && quota === undefined) return;
  if (!group.has("cpu")) throw noBandwidth();
  if (group.versionOf("cpu") === 1) {
    if (period !== undefined) await group.write("cpu", "cpu.cfs_period_us", period);
    if (quota !== undefined) await group.write("cpu", "cpu.cfs_quota_us", quota);
    return;
  }
  const [oldQuota = "max", oldPeriod = "100000"] = (await group.read("cpu", "cpu.max")).split(" ");
  const limit = quota === undefined ? oldQuota : quota < 0 ? "max" : quota;
  await group.write("cpu", "cpu.max", `${limit} ${period ?? oldPeriod}`);
}

export function noBandwidth(): Error {
  return unavailable("cgroup cpu is required for scheduler tuning");
}

function unavailable(detail: string): Error {
  return qemuError("CONFIG_UNSUPPORTED", detail, {
    hint: "the kernel's controller is not mounted, or cgroup_controllers in plugins/qemu.conf leaves it out",
  });
}

import type { Cgroup } from "../cgroup/index.js";
import { writeLimit } from "./write.js";

const KIB = 1024;

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
  await writeLimit(group, "memory", MEMORY_FILES[version][kind], kib === undefined ? none : kib * KIB);
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
  await writeLimit(group, "cpu", group.versionOf("cpu") === 1 ? "cpu.shares" : "cpu.weight", shares);
}

/** Microseconds of each period; a negative quota is no limit. */
export async function setBandwidth(
  group: Cgroup,
  period: number | undefined,
  quota: number | undefined,
): Promise<void> {
  if (period === undefined && quota === undefined) return;
  if (group.versionOf("cpu") === 1) {
    if (period !== undefined) await writeLimit(group, "cpu", "cpu.cfs_period_us", period);
    if (quota !== undefined) await writeLimit(group, "cpu", "cpu.cfs_quota_us", quota);
    return;
  }
  const [oldQuota = "max", oldPeriod = "100000"] = (await group.read("cpu", "cpu.max")).split(" ");
  const limit = quota === undefined ? oldQuota : quota < 0 ? "max" : quota;
  await writeLimit(group, "cpu", "cpu.max", `${limit} ${period ?? oldPeriod}`);
}

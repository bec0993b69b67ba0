import type { Domain as DomainConfig } from "@polyvisor/sdk/conf/domain";
import { type ResourceLimit, runHelper } from "@polyvisor/sdk/process";
import type { QemuConfig } from "./settings.js";

const KIB = 1024;
const DEADLINE = 10_000;
/** What the regions of devices may take beside the memory, in KiB. */
const FOR_DEVICES = 1024 * 1024;

/** The limits of the emulator's process. */
export function limitsOf(config: DomainConfig, settings: QemuConfig): ResourceLimit[] {
  const { max_core, max_files, max_processes } = settings;
  const limits: ResourceLimit[] = [same("core", max_core)];
  const locked = lockedMemory(config);
  if (locked !== 0) limits.push(same("memlock", locked));
  // The kernel's limit is the first number that no descriptor has.
  if (max_files > 0) limits.push(same("nofile", max_files + 1));
  if (max_processes > 0) limits.push(same("nproc", max_processes));
  return limits;
}

function same(resource: ResourceLimit["resource"], value: number | "unlimited"): ResourceLimit {
  return { resource, soft: value, hard: value };
}

/** A running emulator may lock what its configuration needs by now. */
export async function raiseLockedMemory(pid: number, config: DomainConfig): Promise<void> {
  const limit = lockedMemory(config);
  if (limit === 0) return;
  const command = `exec prlimit --pid "$1" --memlock="$2:$2"`;
  await runHelper(["/bin/sh", "-c", command, "sh", String(pid), String(limit)], {
    deadline: DEADLINE,
    maxOutput: 4096,
  });
}

/**
 * How much memory the emulator may lock, in bytes; 0 leaves the host's limit. A device of the host that reaches the guest's
 * memory by itself needs all of it to stay where it is.
 */
export function lockedMemory({ memtune, memoryBacking, memory, devices }: DomainConfig): number | "unlimited" {
  if (memtune?.hardLimit !== undefined) return memtune.hardLimit * KIB;
  if (memoryBacking?.locked) return "unlimited";
  const isVfio = devices.hostdevs.filter(
    ({ mode, source }) => mode === "subsystem" && (source.type === "pci" || source.type === "mdev"),
  ).length;
  const vfio = isVfio + devices.disks.filter(({ source }) => source.type === "nvme").length;
  const vdpa = devices.interfaces.filter(({ source }) => source.type === "vdpa").length;
  if (vfio + vdpa === 0) return 0;
  const times = vdpa + (vfio > 0 && devices.iommu !== undefined ? vfio : Math.min(vfio, 1));
  return (times * memory + FOR_DEVICES) * KIB;
}

import { readFile, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { Domain as DomainConfig } from "@polyvisor/sdk/conf";
import { makeFolders } from "@polyvisor/sdk/store";
import type { MemoryPaths } from "../command-line/index.js";
import { systemError } from "../errors.js";
import { makePassage } from "../state/folders.js";
import { type Layout, shortName } from "../state/layout.js";

/** Where a guest's memory lies when it is backed by files. Reads procfs only. */
export async function findMemoryPaths(layout: Layout, id: number, name: string): Promise<MemoryPaths> {
  const [mounts, memory] = await Promise.all([readFile("/proc/mounts", "utf8"), readFile("/proc/meminfo", "utf8")]);
  return {
    backingDir: layout.memory,
    hugepages: hugepageMounts(mounts, memory),
    domainFolder: shortName(id, name),
  };
}

const UNITS: Readonly<Record<string, number>> = { K: 1, M: 1024, G: 1024 * 1024 };

/** Mounted hugetlbfs, that of the default size first. `mounts` and `meminfo` are the texts of these files of procfs. */
export function hugepageMounts(mounts: string, meminfo: string): MemoryPaths["hugepages"] {
  const standard = Number(/^Hugepagesize:\s+(\d+) kB$/m.exec(meminfo)?.[1] ?? 0);
  const found = mounts.split("\n").flatMap((line) => {
    const [, path, type, options = ""] = line.split(" ");
    if (type !== "hugetlbfs" || path === undefined) return [];
    const [, number, unit = "K"] = /(?:^|,)pagesize=(\d+)([KMG])?/.exec(options) ?? [];
    return [{ path, size: number === undefined ? standard : Number(number) * (UNITS[unit] ?? 1) }];
  });
  return found.sort((a, b) => Number(b.size === standard) - Number(a.size === standard));
}

/** Makes the folders into which the emulator puts the guest's memory. */
export async function makeMemoryFolders(config: DomainConfig, paths: MemoryPaths): Promise<void> {
  for (const folder of memoryFolders(config, paths)) {
    try {
      await makePassage(dirname(folder));
      await makeFolders(folder, 0o700);
    } catch (error) {
      throw systemError(`Unable to create ${folder}`, error);
    }
  }
}

/** Removes them; what is not there is no error. */
export async function removeMemoryFolders(config: DomainConfig, paths: MemoryPaths): Promise<void> {
  const folders = memoryFolders(config, paths);
  await Promise.all(folders.map((folder) => rm(folder, { recursive: true, force: true })));
}

/** Those that a guest has. */
export function memoryFolders({ devices, memoryBacking }: DomainConfig, paths: MemoryPaths): readonly string[] {
  const huge = (memoryBacking?.hugepages ?? []).length > 0 || devices.memories.some(({ source }) => source?.pagesize);
  const file = memoryBacking?.source === "file";
  return [
    ...(file ? [join(paths.backingDir, paths.domainFolder)] : []),
    ...(huge ? paths.hugepages.map(({ path }) => join(path, "libvirt/qemu", paths.domainFolder)) : []),
  ];
}

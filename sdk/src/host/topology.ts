import { readdir, readFile } from "node:fs/promises";
import { parseCpuList } from "../process/procfs.js";

/** One host CPU and where it sits. */
export interface HostCpu {
  readonly id: number;
  readonly socket: number;
  readonly die: number;
  readonly core: number;
  /** The CPUs of the same core, this one among them. */
  readonly siblings: readonly number[];
}

/** One NUMA node. */
export interface HostCell {
  readonly id: number;
  /** KiB */
  readonly memory: number;
  readonly cpus: readonly HostCpu[];
  /** Pages by size: both in KiB and counts. */
  readonly pages: readonly { readonly size: number; readonly count: number }[];
  /** The distance to each node, in the order of their ids. */
  readonly distances: readonly number[];
}

const CPU = "/sys/devices/system/cpu";
const NODE = "/sys/devices/system/node";
const PAGE_KIB = 4;

/** The host's NUMA nodes with their CPUs; one node where the kernel knows of none. sysfs is memory: nothing here waits. */
export async function readTopology(): Promise<readonly HostCell[]> {
  const nodes = (await list(NODE)).flatMap((name) => /^node(\d+)$/.exec(name)?.[1] ?? []).map(Number);
  const online = parseCpuList(await text(`${CPU}/online`));
  if (nodes.length === 0) return [await cell(0, undefined, online)];
  const cells: HostCell[] = [];
  for (const id of nodes.sort((a, b) => a - b)) {
    const own = parseCpuList(await text(`${NODE}/node${id}/cpulist`));
    cells.push(
      await cell(
        id,
        `${NODE}/node${id}`,
        own.filter((cpu) => online.includes(cpu)),
      ),
    );
  }
  return cells;
}

async function cell(id: number, folder: string | undefined, cpus: readonly number[]): Promise<HostCell> {
  const memory = folder === undefined ? await totalMemory() : meminfo(await text(`${folder}/meminfo`), "MemTotal");
  const huge = await hugePages(folder === undefined ? "/sys/kernel/mm/hugepages" : `${folder}/hugepages`);
  const inHuge = huge.reduce((sum, { size, count }) => sum + size * count, 0);
  return {
    id,
    memory,
    cpus: await Promise.all(cpus.map(cpuAt)),
    pages: [{ size: PAGE_KIB, count: Math.floor((memory - inHuge) / PAGE_KIB) }, ...huge],
    distances: folder === undefined ? [] : (await text(`${folder}/distance`)).trim().split(/\s+/).map(Number),
  };
}

async function cpuAt(id: number): Promise<HostCpu> {
  const folder = `${CPU}/cpu${id}/topology`;
  const number = async (name: string) => Number((await text(`${folder}/${name}`)).trim() || 0);
  const siblings = parseCpuList(await text(`${folder}/thread_siblings_list`));
  const [socket, die, core] = await Promise.all([number("physical_package_id"), number("die_id"), number("core_id")]);
  return { id, socket, die: Math.max(0, die), core, siblings: siblings.length === 0 ? [id] : siblings };
}

async function hugePages(folder: string): Promise<{ size: number; count: number }[]> {
  const sizes = (await list(folder)).flatMap((name) => /^hugepages-(\d+)kB$/.exec(name)?.[1] ?? []).map(Number);
  return Promise.all(
    sizes
      .sort((a, b) => a - b)
      .map(async (size) => ({ size, count: Number(await text(`${folder}/hugepages-${size}kB/nr_hugepages`)) })),
  );
}

/** The host's memory in KiB. */
export async function totalMemory(): Promise<number> {
  return meminfo(await text("/proc/meminfo"), "MemTotal");
}

/** The host's free memory in bytes, without what it would give back if asked. */
export async function freeMemory(): Promise<number> {
  return meminfo(await text("/proc/meminfo"), "MemFree") * 1024;
}

/** A line of a meminfo file, in KiB. */
function meminfo(file: string, name: string): number {
  return Number(new RegExp(`${name}:\\s*(\\d+) kB`).exec(file)?.[1] ?? 0);
}

async function list(folder: string): Promise<string[]> {
  return readdir(folder).catch(() => []);
}

async function text(path: string): Promise<string> {
  return readFile(path, "utf8").catch(() => "");
}

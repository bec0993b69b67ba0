import { readdirSync, readFileSync } from "node:fs";
import { hostArch } from "../domain/host-arch.js";
import { parseNumberSet } from "../number-set.js";
import type { HostCache, HostCpu, HostCpuPlace, HostFacts, HostNode } from "./facts.js";
import { parseMeminfo, parseMhz, parseSize } from "./parse.js";

/** Where the kernel's file systems are. */
export interface HostRoots {
  readonly proc?: string;
  /** `/sys/devices/system`. */
  readonly system?: string;
  readonly sys?: string;
  readonly arch?: string;
}

/** Reads what the kernel says about the host. Only procfs and sysfs are touched, which never wait for a disk. */
export function readHostFacts(roots: HostRoots = {}): HostFacts {
  const proc = roots.proc ?? "/proc";
  const sys = roots.sys ?? "/sys";
  const system = roots.system ?? `${sys}/devices/system`;
  const arch = roots.arch ?? hostArch();
  const present = readSet(`${system}/cpu/present`) ?? listed(`${system}/cpu`, "cpu");
  const online = new Set(readSet(`${system}/cpu/online`) ?? present);
  const hugePages = listHugePages(`${sys}/kernel/mm/hugepages`);
  const pageSize = 4;
  const memory = parseMeminfo(text(`${proc}/meminfo`) ?? "").MemTotal ?? 0;
  const cpu = (id: number): HostCpu => ({ id, place: online.has(id) ? readPlace(system, id, arch) : undefined });
  const numbers = listed(`${system}/node`, "node");
  const nodes = numbers.map((id) => readNode(`${system}/node/node${id}`, id, numbers, cpu, pageSize));
  const whole: HostNode = {
    id: 0,
    memory,
    pages: [{ size: pageSize, count: Math.floor(memory / pageSize) }, ...hugePages.map((size) => ({ size, count: 0 }))],
    distances: [],
    cpus: present.map(cpu),
  };
  return {
    arch,
    mhz: parseMhz(text(`${proc}/cpuinfo`) ?? "", arch),
    offline: present.filter((id) => !online.has(id)).length,
    memory,
    nodes: nodes.some((node) => node.cpus.length > 0) ? nodes : [whole],
    caches: readCaches(system, [...online]),
    pageSizes: [pageSize, ...hugePages],
    iommu: names(`${sys}/kernel/iommu_groups`).length > 0,
  };
}

function text(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch {
    // not every kernel has every file
    return undefined;
  }
}

function names(path: string): readonly string[] {
  try {
    return readdirSync(path);
  } catch {
    return [];
  }
}

function number(path: string): number | undefined {
  const value = Number.parseInt(text(path) ?? "", 10);
  return Number.isNaN(value) ? undefined : value;
}

function readSet(path: string): readonly number[] | undefined {
  const list = text(path)?.trim();
  return list === undefined || list === "" ? undefined : parseNumberSet(list);
}

/** The numbers of entries such as `cpu0`, `node1`. */
function listed(path: string, prefix: string): readonly number[] {
  return names(path)
    .filter((name) => name.startsWith(prefix) && /^\d+$/.test(name.slice(prefix.length)))
    .map((name) => Number(name.slice(prefix.length)))
    .sort((a, b) => a - b);
}

function readPlace(system: string, id: number, arch: string): HostCpuPlace {
  const topology = `${system}/cpu/cpu${id}/topology`;
  return {
    socket: Math.max(0, number(`${topology}/physical_package_id`) ?? 0),
    die: Math.max(0, number(`${topology}/die_id`) ?? 0),
    // on s390 the kernel's core numbers repeat, and libvirt takes each CPU for a core
    core: arch.startsWith("s390") ? id : Math.max(0, number(`${topology}/core_id`) ?? 0),
    siblings: readSet(`${topology}/thread_siblings_list`) ?? [id],
  };
}

/** Page sizes in KiB of `hugepages-2048kB` and the like. */
function listHugePages(path: string): readonly number[] {
  return names(path)
    .map((name) => Number(/^hugepages-(\d+)kB$/.exec(name)?.[1]))
    .filter((size) => !Number.isNaN(size))
    .sort((a, b) => a - b);
}

function readNode(
  path: string,
  id: number,
  nodes: readonly number[],
  cpu: (id: number) => HostCpu,
  pageSize: number,
): HostNode {
  const memory = parseMeminfo(text(`${path}/meminfo`) ?? "").MemTotal ?? 0;
  const huge = listHugePages(`${path}/hugepages`).map((size) => ({
    size,
    count: number(`${path}/hugepages/hugepages-${size}kB/nr_hugepages`) ?? 0,
  }));
  const reserved = huge.reduce((sum, { size, count }) => sum + size * count, 0);
  const distances = (text(`${path}/distance`) ?? "").trim().split(/\s+/).filter(Boolean).map(Number);
  const ids = readSet(`${path}/cpulist`) ?? listed(path, "cpu");
  return {
    id,
    memory,
    pages: [{ size: pageSize, count: Math.floor((memory - reserved) / pageSize) }, ...huge],
    distances: distances.map((value, at) => ({ id: nodes[at] ?? at, value })),
    cpus: ids.map(cpu),
  };
}

const CACHE_TYPES = { Unified: "both", Instruction: "code", Data: "data" } as const;

/** The caches of the last level, which is what guests share and what can be divided among them. */
function readCaches(system: string, cpus: readonly number[]): readonly HostCache[] {
  const found = new Map<string, HostCache>();
  for (const cpu of cpus) {
    const root = `${system}/cpu/cpu${cpu}/cache`;
    for (const index of names(root)) {
      const level = number(`${root}/${index}/level`);
      const written = text(`${root}/${index}/type`)?.trim();
      const type = Object.entries(CACHE_TYPES).find(([name]) => name === written)?.[1];
      if (level === undefined || type === undefined || level < 3) continue;
      const id = number(`${root}/${index}/id`) ?? 0;
      const size = parseSize(text(`${root}/${index}/size`) ?? "");
      const shared = readSet(`${root}/${index}/shared_cpu_list`) ?? [cpu];
      found.set(`${level} ${type} ${id}`, { id, level, type, size, cpus: shared });
    }
  }
  return [...found.values()].sort((a, b) => a.level - b.level || a.id - b.id);
}

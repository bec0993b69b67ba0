import { hostArch } from "../domain/host-arch.js";
import { readCaches, readResctrl } from "./caches.js";
import type { HostCpu, HostCpuPlace, HostFacts, HostNode } from "./facts.js";
import { bytes, listed, names, number, readSet, text } from "./files.js";
import { listHugePages, readInterconnects, readNode } from "./numa.js";
import { parseMeminfo, parseMhz, parsePageSize } from "./parse.js";

/** Where the kernel's file systems are. */
export interface HostRoots {
  readonly proc?: string;
  readonly sys?: string;
  /** `/sys/devices/system`. */
  readonly system?: string;
  /** `/sys/fs/resctrl`. */
  readonly resctrl?: string;
  /** `/proc/cpuinfo`. */
  readonly cpuinfo?: string;
  readonly arch?: string;
}

/** What nodeGetInfo needs: a call of every few seconds, which need not read the caches of hundreds of CPUs. */
export type HostShape = Pick<HostFacts, "arch" | "mhz" | "memory" | "nodes">;

/** Reads what the kernel says about the host. Only procfs and sysfs are touched, which never wait for a disk. */
export function readHostFacts(roots: HostRoots = {}): HostFacts {
  const { proc, sys, system } = folders(roots);
  const resctrl = roots.resctrl ?? `${sys}/fs/resctrl`;
  const caches = readCaches(system, readCpus(system).online, resctrl);
  return {
    ...readHostShape(roots),
    interconnects: readInterconnects(`${system}/node`, listed(`${system}/node`, "node")),
    caches,
    resctrl: readResctrl(resctrl, caches),
    pageSizes: [readPageSize(proc), ...listHugePages(`${sys}/kernel/mm/hugepages`)],
    iommu: names(`${sys}/kernel/iommu_groups`).length > 0,
  };
}

/** The part of the facts that `nodeInfo` counts. */
export function readHostShape(roots: HostRoots = {}): HostShape {
  const { proc, system } = folders(roots);
  const arch = roots.arch ?? hostArch();
  const { present, online } = readCpus(system);
  const known = new Set(present);
  const running = new Set(online);
  const cpu = (id: number): HostCpu | undefined =>
    known.has(id) ? { id, place: running.has(id) ? readPlace(system, id) : undefined } : undefined;
  const memory = parseMeminfo(text(`${proc}/meminfo`) ?? "").MemTotal ?? 0;
  const numbers = listed(`${system}/node`, "node");
  const nodes = numbers.map((id) => readNode(`${system}/node/node${id}`, id, numbers, cpu, readPageSize(proc)));
  const whole: HostNode = { id: 0, memory, pages: [], distances: [], cpus: present.flatMap((id) => cpu(id) ?? []) };
  return {
    arch,
    mhz: parseMhz(text(roots.cpuinfo ?? `${proc}/cpuinfo`) ?? "", arch),
    memory,
    nodes: nodes.some((node) => node.cpus.length > 0) ? nodes : [whole],
  };
}

function folders(roots: HostRoots): Record<"proc" | "sys" | "system", string> {
  const sys = roots.sys ?? "/sys";
  return { proc: roots.proc ?? "/proc", sys, system: roots.system ?? `${sys}/devices/system` };
}

function readCpus(system: string): Record<"present" | "online", readonly number[]> {
  const present = readSet(`${system}/cpu/present`) ?? listed(`${system}/cpu`, "cpu");
  return { present, online: readSet(`${system}/cpu/online`) ?? present };
}

function readPageSize(proc: string): number {
  return parsePageSize(bytes(`${proc}/self/auxv`) ?? Buffer.alloc(0));
}

function readPlace(system: string, id: number): HostCpuPlace {
  const topology = `${system}/cpu/cpu${id}/topology`;
  return {
    // where the architecture has no such thing, the kernel says -1
    socket: Math.max(0, number(`${topology}/physical_package_id`) ?? 0),
    die: Math.max(0, number(`${topology}/die_id`) ?? 0),
    core: Math.max(0, number(`${topology}/core_id`) ?? 0),
    siblings: readSet(`${topology}/thread_siblings_list`) ?? [id],
  };
}

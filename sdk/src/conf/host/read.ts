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

/** Reads what the kernel says about the host. Only procfs and sysfs are touched, which never wait for a disk. */
export function readHostFacts(roots: HostRoots = {}): HostFacts {
  const proc = roots.proc ?? "/proc";
  const sys = roots.sys ?? "/sys";
  const system = roots.system ?? `${sys}/devices/system`;
  const resctrl = roots.resctrl ?? `${sys}/fs/resctrl`;
  const arch = roots.arch ?? hostArch();
  const present = readSet(`${system}/cpu/present`) ?? listed(`${system}/cpu`, "cpu");
  const online = new Set(readSet(`${system}/cpu/online`) ?? present);
  const pageSize = parsePageSize(bytes(`${proc}/self/auxv`) ?? Buffer.alloc(0));
  const memory = parseMeminfo(text(`${proc}/meminfo`) ?? "").MemTotal ?? 0;
  const known = new Set(present);
  const cpu = (id: number): HostCpu | undefined =>
    known.has(id) ? { id, place: online.has(id) ? readPlace(system, id) : undefined } : undefined;
  const numbers = listed(`${system}/node`, "node");
  const nodes = numbers.map((id) => readNode(`${system}/node/node${id}`, id, numbers, cpu, pageSize));
  const whole: HostNode = { id: 0, memory, pages: [], distances: [], cpus: present.flatMap((id) => cpu(id) ?? []) };
  const caches = readCaches(system, [...online], resctrl);
  return {
    arch,
    mhz: parseMhz(text(roots.cpuinfo ?? `${proc}/cpuinfo`) ?? "", arch),
    memory,
    nodes: nodes.some((node) => node.cpus.length > 0) ? nodes : [whole],
    interconnects: readInterconnects(`${system}/node`, numbers),
    caches,
    resctrl: readResctrl(resctrl, caches),
    pageSizes: [pageSize, ...listHugePages(`${sys}/kernel/mm/hugepages`)],
    iommu: names(`${sys}/kernel/iommu_groups`).length > 0,
  };
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

import type { NumaCache, NumaDistance, NumaInterconnect } from "../domain/model/index.js";
import type { HostCache, HostResctrl } from "./caches.js";

/** Where a CPU sits in the host. */
export interface HostCpuPlace {
  readonly socket: number;
  readonly die: number;
  readonly core: number;
  /** The threads of its core, itself included. */
  readonly siblings: readonly number[];
}

export interface HostCpu {
  readonly id: number;
  /** Absent while the CPU is offline. */
  readonly place?: HostCpuPlace | undefined;
}

/** A NUMA node. */
export interface HostNode {
  readonly id: number;
  /** KiB. */
  readonly memory: number;
  /** Page sizes in KiB with the number of pages of that size. */
  readonly pages: readonly { readonly size: number; readonly count: number }[];
  readonly distances: readonly NumaDistance[];
  /** Of the memory's own side. */
  readonly caches?: readonly NumaCache[] | undefined;
  readonly cpus: readonly HostCpu[];
}

/** What Linux says about the host. */
export interface HostFacts {
  readonly arch: string;
  /** 0 when the kernel does not say. */
  readonly mhz: number;
  /** KiB. */
  readonly memory: number;
  /** One of all CPUs where the kernel knows of none. */
  readonly nodes: readonly HostNode[];
  /** The best way to each node's memory, from the CPUs that have it. */
  readonly interconnects: readonly NumaInterconnect[];
  readonly caches: readonly HostCache[];
  readonly resctrl?: HostResctrl | undefined;
  /** KiB. */
  readonly pageSizes: readonly number[];
  readonly iommu: boolean;
}

/** The answer of nodeGetInfo. */
export interface NodeInfo {
  /** The architecture's name, as libvirt reports it in the model's place. */
  readonly model: string;
  /** KiB. */
  readonly memory: number;
  readonly cpus: number;
  readonly mhz: number;
  readonly nodes: number;
  readonly sockets: number;
  readonly cores: number;
  readonly threads: number;
}

/**
 * nodes, sockets per node, cores per socket and threads per core, as libvirt counts them.
 *
 * When their product is not the number of CPUs (nodes differ, CPUs are offline), one socket with all CPUs is reported.
 * `threadsPerSubcore` is KVM's answer on POWER, whose secondary threads are offline while the host uses the core and count all
 * the same; 0 anywhere else.
 */
export function nodeInfo(facts: Pick<HostFacts, "arch" | "memory" | "mhz" | "nodes">, threadsPerSubcore = 0): NodeInfo {
  const online = new Set(facts.nodes.flatMap((node) => node.cpus.flatMap(({ id, place }) => (place ? [id] : []))));
  // one secondary thread that is online means that the host does not split its cores
  const split = threadsPerSubcore > 0 && [...online].every((id) => id % threadsPerSubcore === 0);
  const counts = (id: number): boolean => online.has(id) || (split && online.has(id - (id % threadsPerSubcore)));
  let sockets = 0;
  let cores = 0;
  let threads = 0;
  let cpus = 0;
  let all = 0;
  for (const node of facts.nodes) {
    const coresBySocket = new Map<number, Set<number>>();
    for (const { id, place } of node.cpus) {
      all++;
      if (counts(id)) cpus++;
      if (place === undefined) continue;
      threads = Math.max(threads, place.siblings.length);
      // on s390 the kernel's core numbers repeat, and each CPU is a core
      const core = facts.arch.startsWith("s390") ? id : place.core;
      coresBySocket.set(place.socket, (coresBySocket.get(place.socket) ?? new Set()).add(core));
    }
    sockets = Math.max(sockets, coresBySocket.size);
    for (const set of coresBySocket.values()) cores = Math.max(cores, set.size);
  }
  if (split) threads *= threadsPerSubcore;
  const common = { model: facts.arch, memory: facts.memory, cpus, mhz: facts.mhz };
  const nodes = facts.nodes.length;
  if (nodes * sockets * cores * threads === all) return { ...common, nodes, sockets, cores, threads };
  return { ...common, nodes: 1, sockets: 1, cores: all, threads: 1 };
}

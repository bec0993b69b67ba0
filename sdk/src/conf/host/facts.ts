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
  readonly distances: readonly { readonly id: number; readonly value: number }[];
  readonly cpus: readonly HostCpu[];
}

export interface HostCache {
  readonly id: number;
  readonly level: number;
  readonly type: "both" | "code" | "data";
  /** Bytes. */
  readonly size: number;
  readonly cpus: readonly number[];
}

/** What Linux says about the host. */
export interface HostFacts {
  readonly arch: string;
  /** 0 when the kernel does not say. */
  readonly mhz: number;
  /** CPUs that are there but switched off. */
  readonly offline: number;
  /** KiB. */
  readonly memory: number;
  readonly nodes: readonly HostNode[];
  readonly caches: readonly HostCache[];
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
 */
export function nodeInfo(facts: HostFacts): NodeInfo {
  let sockets = 0;
  let cores = 0;
  let threads = 0;
  let cpus = 0;
  for (const node of facts.nodes) {
    const coresBySocket = new Map<number, Set<number>>();
    for (const { place } of node.cpus) {
      if (place === undefined) continue;
      cpus++;
      threads = Math.max(threads, place.siblings.length);
      const set = coresBySocket.get(place.socket) ?? new Set();
      coresBySocket.set(place.socket, set.add(place.core));
    }
    sockets = Math.max(sockets, coresBySocket.size);
    for (const set of coresBySocket.values()) cores = Math.max(cores, set.size);
  }
  const common = { model: facts.arch, memory: facts.memory, cpus, mhz: facts.mhz };
  const nodes = facts.nodes.length;
  if (nodes * sockets * cores * threads === cpus + facts.offline) return { ...common, nodes, sockets, cores, threads };
  return { ...common, nodes: 1, sockets: 1, cores: cpus + facts.offline, threads: 1 };
}

/** A NUMA cell of a made-up host. All sizes are in KiB. */
export interface Cell {
  readonly id: number;
  readonly memory: number;
  readonly freeMemory: number;
  /** The size of its ordinary pages. */
  readonly pageSize: number;
}

/** A made-up host: memory in KiB, clock in MHz, sockets per node, cores per socket, threads per core. */
export interface NodeFacts {
  readonly info: {
    readonly model: string;
    readonly memory: number | bigint;
    /** Those that are online. */
    readonly cpus: number;
    readonly mhz: number;
    readonly nodes: number;
    readonly sockets: number;
    readonly cores: number;
    readonly threads: number;
  };
  readonly cells: readonly Cell[];
}

/** What a node is where nobody says otherwise. */
export const DEFAULT_INFO: NodeFacts["info"] = {
  model: "i686",
  memory: 3145728,
  cpus: 16,
  mhz: 1400,
  nodes: 2,
  sockets: 2,
  cores: 2,
  threads: 2,
};

/** The host of `test:///default`. */
export const DEFAULT_NODE: NodeFacts = {
  info: DEFAULT_INFO,
  cells: [
    { id: 0, memory: 2097152, freeMemory: 1048576, pageSize: 4 },
    { id: 1, memory: 4194304, freeMemory: 2097152, pageSize: 8 },
  ],
};

/** The numbers of all CPUs that a host has room for. */
export function allCpus({ info }: NodeFacts): readonly number[] {
  return Array.from({ length: info.nodes * info.sockets * info.cores * info.threads }, (_, cpu) => cpu);
}

import { xenError } from "../errors.js";

/** What `xl info -n` tells of a host. */
export interface XenInfo {
  readonly hostname: string;
  /** major * 1 000 000 + minor * 1000 + release */
  readonly version: number;
  readonly release: { readonly major: number; readonly minor: number };
  readonly machine: string;
  readonly cpus: number;
  readonly nodes: number;
  readonly coresPerSocket: number;
  readonly threadsPerCore: number;
  readonly mhz: number;
  /** In KiB. */
  readonly memory: number;
  readonly freeMemory: number;
  readonly scheduler: string;
  /** Such as `xen-3.0-x86_64`. */
  readonly caps: readonly string[];
  /** `hap` among `virt_caps`. */
  readonly hap: boolean;
  /** The eight words of the host's CPUID, as they are printed. */
  readonly hwCaps: string;
  readonly topology: readonly CpuPlace[];
  readonly numa: readonly NumaNode[];
}

export interface CpuPlace {
  readonly cpu: number;
  readonly core: number;
  readonly socket: number;
  readonly node: number;
}

export interface NumaNode {
  readonly id: number;
  /** In KiB. */
  readonly memory: number;
  readonly free: number;
  readonly distances: readonly number[];
}

/** Reads the output of `xl info -n`. Fails with `INTERNAL_ERROR` where it is none. */
export function parseInfo(text: string): XenInfo {
  const lines = text.split("\n");
  const fields = new Map<string, string>();
  for (const line of lines) {
    const match = /^(\w+)\s*:\s?(.*)$/.exec(line);
    if (match?.[1] !== undefined) fields.set(match[1], (match[2] ?? "").trim());
  }
  const word = (name: string) => fields.get(name) ?? "";
  const number = (name: string) => {
    const value = Number(fields.get(name));
    if (Number.isFinite(value)) return value;
    throw xenError("INTERNAL_ERROR", `xl info does not tell ${name}`, "is this a dom0?");
  };
  const [major, minor] = [number("xen_major"), number("xen_minor")];
  return {
    hostname: word("host"),
    version: major * 1_000_000 + minor * 1000 + Number(/^\.(\d+)/.exec(word("xen_extra"))?.[1] ?? 0),
    release: { major, minor },
    machine: word("machine"),
    cpus: number("nr_cpus"),
    nodes: number("nr_nodes"),
    coresPerSocket: number("cores_per_socket"),
    threadsPerCore: number("threads_per_core"),
    mhz: Math.floor(number("cpu_mhz")),
    memory: number("total_memory") * 1024,
    freeMemory: number("free_memory") * 1024,
    scheduler: word("xen_scheduler"),
    caps: word("xen_caps")
      .split(/\s+/)
      .filter((cap) => cap !== ""),
    hap: word("virt_caps").split(/\s+/).includes("hap"),
    hwCaps: word("hw_caps"),
    topology: section(lines, "cpu_topology").flatMap(cpuPlace),
    numa: section(lines, "numa_info").flatMap(numaNode),
  };
}

/** The lines below a heading, up to the next one. */
function section(lines: readonly string[], heading: string): readonly string[] {
  const start = lines.findIndex((line) => line.startsWith(heading));
  if (start < 0) return [];
  const rest = lines.slice(start + 1);
  const end = rest.findIndex((line) => /^\w[\w ]*\s:/.test(line));
  return end < 0 ? rest : rest.slice(0, end);
}

/** `  0:       0        0        0` */
function cpuPlace(line: string): CpuPlace[] {
  const [, cpu, core, socket, node] = /^\s*(\d+):\s+(\d+)\s+(\d+)\s+(\d+)\s*$/.exec(line) ?? [];
  if (cpu === undefined) return [];
  return [{ cpu: Number(cpu), core: Number(core), socket: Number(socket), node: Number(node) }];
}

/** `   0:      2047       1000      10,20` */
function numaNode(line: string): NumaNode[] {
  const [, id, memory, free, distances] = /^\s*(\d+):\s+(\d+)\s+(\d+)\s+(\d+(?:,\d+)*)\s*$/.exec(line) ?? [];
  if (id === undefined || distances === undefined) return [];
  const size = { memory: Number(memory) * 1024, free: Number(free) * 1024 };
  return [{ id: Number(id), ...size, distances: distances.split(",").map(Number) }];
}

import { readFile } from "node:fs/promises";
import { type HostCell, readTopology, totalMemory } from "./topology.js";

/** What `nodeGetInfo` answers: memory in KiB, clock in MHz, then the shape of the host. */
export interface NodeInfo {
  readonly model: string;
  readonly memory: number;
  readonly cpus: number;
  readonly mhz: number;
  readonly nodes: number;
  readonly sockets: number;
  readonly cores: number;
  readonly threads: number;
}

/** `arch` is libvirt's name of the host's architecture. */
export async function readNodeInfo(arch: string): Promise<NodeInfo> {
  const cells = await readTopology();
  return { model: arch, memory: await totalMemory(), mhz: await clock(), ...shapeOf(cells) };
}

/**
 * Sockets in each node, cores in each socket, threads in each core. A host whose parts are not all alike, where the
 * product would not be the number of CPUs, is shown as one socket of single cores, so that the product is.
 */
export function shapeOf(
  cells: readonly HostCell[],
): Pick<NodeInfo, "cpus" | "nodes" | "sockets" | "cores" | "threads"> {
  const all = cells.flatMap((cell) => cell.cpus);
  const sockets = Math.max(1, ...cells.map((cell) => new Set(cell.cpus.map((cpu) => cpu.socket)).size));
  const cores = Math.max(
    1,
    ...[...groups(all, (cpu) => cpu.socket)].map((each) => groups(each, (cpu) => `${cpu.die}/${cpu.core}`).length),
  );
  const threads = Math.max(1, ...all.map((cpu) => cpu.siblings.length));
  const shape = { cpus: all.length, nodes: Math.max(1, cells.length), sockets, cores, threads };
  const isRegular = shape.nodes * sockets * cores * threads === all.length;
  return isRegular ? shape : { cpus: all.length, nodes: 1, sockets: 1, cores: all.length, threads: 1 };
}

function groups<T>(items: readonly T[], key: (item: T) => string | number): T[][] {
  const found = new Map<string | number, T[]>();
  for (const item of items) {
    const group = found.get(key(item));
    if (group === undefined) found.set(key(item), [item]);
    else group.push(item);
  }
  return [...found.values()];
}

async function clock(): Promise<number> {
  const text = await readFile("/proc/cpuinfo", "utf8").catch(() => "");
  return Math.floor(Number(/^cpu MHz\s*:\s*([\d.]+)/m.exec(text)?.[1] ?? 0));
}

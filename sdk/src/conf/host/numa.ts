import type { NumaCache, NumaInterconnect } from "../domain/model/index.js";
import type { HostCpu, HostNode } from "./facts.js";
import { listed, number, readSet, text } from "./files.js";
import { parseMeminfo } from "./parse.js";

/** Page sizes in KiB of `hugepages-2048kB` and the like, ascending. */
export function listHugePages(path: string): readonly number[] {
  return listed(path, "hugepages-", "kB");
}

/** `nodes`: the ids of all; `pageSize` in KiB. */
export function readNode(
  path: string,
  id: number,
  nodes: readonly number[],
  cpu: (id: number) => HostCpu | undefined,
  pageSize: number,
): HostNode {
  const memory = parseMeminfo(text(`${path}/meminfo`) ?? "").MemTotal ?? 0;
  const huge = listHugePages(`${path}/hugepages`).map((size) => ({
    size,
    count: number(`${path}/hugepages/hugepages-${size}kB/nr_hugepages`) ?? 0,
  }));
  const reserved = huge.reduce((sum, { size, count }) => sum + size * count, 0);
  const distances = (text(`${path}/distance`) ?? "").trim().split(/\s+/).filter(Boolean).map(Number);
  const caches = readSideCaches(`${path}/memory_side_cache`);
  // the list leaves out what is offline, and the folder has what the list has on any kernel but a made-up one
  const ids = new Set([...listed(path, "cpu"), ...(readSet(`${path}/cpulist`) ?? [])]);
  return {
    id,
    memory,
    pages: [{ size: pageSize, count: Math.floor((memory - reserved) / pageSize) }, ...huge],
    distances: distances.map((value, at) => ({ id: nodes[at] ?? at, value })),
    caches: caches.length === 0 ? undefined : caches,
    cpus: [...ids].sort((a, b) => a - b).flatMap((each) => cpu(each) ?? []),
  };
}

const ASSOCIATIVITIES = ["direct", "full", "none"] as const;
const POLICIES = ["writeback", "writethrough", "none"] as const;

function readSideCaches(path: string): readonly NumaCache[] {
  return listed(path, "index").flatMap((level) => {
    const get = (name: string): number | undefined => number(`${path}/index${level}/${name}`);
    const size = get("size");
    const line = get("line_size");
    const associativity = ASSOCIATIVITIES[get("indexing") ?? -1];
    const policy = POLICIES[get("write_policy") ?? -1];
    if (size === undefined || line === undefined || associativity === undefined || policy === undefined) return [];
    return [{ level, associativity, policy, size: Math.floor(size / 1024), line }];
  });
}

/** The kernel tells the best way to a node's memory from any CPU, in `access1` of the node. */
export function readInterconnects(path: string, nodes: readonly number[]): readonly NumaInterconnect[] {
  const links = nodes.flatMap((target) => {
    const initiators = `${path}/node${target}/access1/initiators`;
    return listed(initiators, "node").flatMap((initiator) => readLink(initiators, initiator, target));
  });
  const order = ({ kind, type }: NumaInterconnect): number => (kind === "latency" ? 0 : 2) + (type === "read" ? 0 : 1);
  const kind = (link: NumaInterconnect): number => Math.floor(order(link) / 2);
  return links.sort(
    (a, b) => kind(a) - kind(b) || a.initiator - b.initiator || a.target - b.target || order(a) - order(b),
  );
}

function readLink(path: string, initiator: number, target: number): readonly NumaInterconnect[] {
  return (["read", "write"] as const).flatMap((type): NumaInterconnect[] => {
    const latency = number(`${path}/${type}_latency`);
    const bandwidth = number(`${path}/${type}_bandwidth`);
    if (latency === undefined || bandwidth === undefined) return [];
    return [
      { kind: "latency", initiator, target, type, value: latency },
      { kind: "bandwidth", initiator, target, type, value: bandwidth * 1024 },
    ];
  });
}

import type { CpuNuma, NumaInterconnect } from "@polyvisor/sdk/conf";
import { type Build, refuse } from "./context.js";
import { hasHmat } from "./machine.js";
import { addBackend, memoryBackend, memPathArgs } from "./memory.js";
import { rangesOf } from "./props.js";

export function numaArgs(build: Build): void {
  const { args, domain, machine } = build;
  const numa = domain.cpu?.numa;
  if (numa === undefined || numa.cells.length === 0) return;
  const hmat = hasHmat(build);
  const backends = numa.cells.map((cell, node) =>
    memoryBackend(build, { id: `ram-node${node}`, size: cell.memory, node }),
  );
  const useBackends = machine?.numaMemSupported === false || hmat || backends.some((item) => item.needed);
  if (!useBackends) memPathArgs(build);
  const master = numa.cells.findIndex((cell) => (cell.cpus?.length ?? 0) > 0);
  if (master < 0) throw refuse("At least one NUMA node has to have CPUs");
  for (const [node, cell] of numa.cells.entries()) {
    const backend = backends[node];
    if (useBackends && backend !== undefined) addBackend(build, backend.props);
    const parts = [`node,nodeid=${node}`, ...rangesOf(cell.cpus ?? []).map((range) => `cpus=${range}`)];
    if (hmat) parts.push(`initiator=${initiatorOf(numa, node) ?? master}`);
    parts.push(useBackends ? `memdev=ram-node${node}` : `mem=${Math.floor(cell.memory / 1024)}`);
    args.add("-numa", parts.join(","));
  }
  distanceArgs(build, numa);
  if (!hmat) return;
  for (const item of numa.interconnects ?? []) args.add("-numa", interconnectText(item));
  cacheArgs(build, numa);
}

/** The node with processors that is nearest to a node: itself, or what the fastest path to it starts from. */
function initiatorOf(numa: CpuNuma, node: number): number | undefined {
  if ((numa.cells[node]?.cpus?.length ?? 0) > 0) return node;
  const paths = (numa.interconnects ?? []).filter((item) => item.target === node);
  const latencies = paths.filter((item) => item.kind === "latency").sort((a, b) => a.value - b.value);
  const bandwidths = paths.filter((item) => item.kind === "bandwidth").sort((a, b) => b.value - a.value);
  return latencies[0]?.initiator ?? bandwidths[0]?.initiator;
}

/** A distance that is not said is 10 to itself and 20 to others, or that of the way back. */
function distanceArgs({ args }: Build, numa: CpuNuma): void {
  if (!numa.cells.some((cell) => (cell.distances?.length ?? 0) > 0)) return;
  for (const from of numa.cells.keys())
    for (const to of numa.cells.keys())
      args.add("-numa", `dist,src=${from},dst=${to},val=${distanceOf(numa, from, to)}`);
}

function distanceOf(numa: CpuNuma, from: number, to: number): number {
  const said = (a: number, b: number) => numa.cells[a]?.distances?.find((item) => item.id === b)?.value;
  return said(from, to) ?? said(to, from) ?? (from === to ? 10 : 20);
}

const HIERARCHY = ["memory", "first-level", "second-level", "third-level"] as const;

function interconnectText(item: NumaInterconnect): string {
  const value = item.kind === "latency" ? `latency,latency=${item.value}` : `bandwidth,bandwidth=${item.value}K`;
  const level = HIERARCHY[item.cache ?? 0] ?? "memory";
  return `hmat-lb,initiator=${item.initiator},target=${item.target},hierarchy=${level},data-type=${item.type}-${value}`;
}

const ASSOCIATIVITY = { none: "none", direct: "direct", full: "complex" } as const;
const POLICY = { none: "none", writeback: "write-back", writethrough: "write-through" } as const;

function cacheArgs({ args }: Build, numa: CpuNuma): void {
  for (const [node, cell] of numa.cells.entries())
    for (const cache of cell.caches ?? []) {
      const line = cache.line > 0 ? `,line=${cache.line}` : "";
      const kind = `associativity=${ASSOCIATIVITY[cache.associativity]},policy=${POLICY[cache.policy]}`;
      args.add("-numa", `hmat-cache,node-id=${node},size=${cache.size}K,level=${cache.level},${kind}${line}`);
    }
}

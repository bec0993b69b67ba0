import type { ConfigValue, Cpu, Domain, NumaCell, NumaDistance, NumberSet } from "@polyvisor/sdk/conf";
import { formatNumberSet, parseNumberSet } from "@polyvisor/sdk/conf/number-set";
import { type NativeReader, type NativeSettings, parseNumber } from "./config.js";
import { refuse } from "./errors.js";

const MIB = 1024;

/** The guest's NUMA nodes; undefined where it has none. */
export function parseVnuma(conf: NativeReader, maxVcpus: number): Cpu | undefined {
  const nodes = conf.value("vnuma");
  if (typeof nodes !== "object" || nodes.length === 0) return undefined;
  const cells = nodes.map((node, at) => parseNode(node, at, nodes.length));
  const vcpus = cells.reduce((sum, { cpus }) => sum + (cpus?.length ?? 0), 0);
  if (vcpus > maxVcpus) {
    const words = `vnuma configuration contains ${vcpus} vcpus, which is greater than ${maxVcpus} maxvcpus`;
    refuse("CONFIG_UNSUPPORTED", words, "Raise maxvcpus.");
  }
  return { features: [], numa: { cells } };
}

interface Node {
  readonly pnode?: number;
  readonly memory?: number;
  readonly cpus?: NumberSet;
  readonly distances?: readonly NumaDistance[];
}

function parseNode(written: ConfigValue, at: number, count: number): NumaCell {
  const parts = typeof written === "object" ? written : [];
  let node: Node = {};
  for (const part of parts) {
    // as in libvirt, whatever follows something else than text does not count
    if (typeof part !== "string") break;
    node = { ...node, ...parsePart(part, node, at, count) };
  }
  const { pnode, memory = 0, cpus, distances } = node;
  if (pnode === undefined || cpus === undefined || memory === 0) {
    const hint = 'A node needs "pnode=N", "size=MIB" and "vcpus=LIST".';
    return refuse("CONF_SYNTAX", `Incomplete vnuma configuration for vnode ${at}`, hint);
  }
  return { id: at, cpus, memory, distances };
}

function parsePart(part: string, { pnode }: Node, at: number, count: number): Node {
  const equals = part.lastIndexOf("=");
  if (equals < 0) refuse("INTERNAL_ERROR", `vnuma vnode invalid format '${part}'`, "Write KEY=VALUE.");
  const value = part.slice(equals + 1);
  if (value === "") return {};
  if (part.startsWith("pnode")) return { pnode: parsePnode(value, at, count) };
  if (part.startsWith("size")) {
    const size = parseNumber(value, 10) ?? refuse("CONF_SYNTAX", `Invalid vnuma configuration for vnode ${at}`);
    return { memory: size * MIB };
  }
  if (part.startsWith("vcpus")) return { cpus: parseNumberSet(value) };
  if (part.startsWith("vdistances")) return { distances: parseDistances(part, value, pnode ?? -1, at, count) };
  return refuse("CONF_SYNTAX", `Invalid vnuma configuration for vnode ${at}`, "Known: pnode, size, vcpus, vdistances.");
}

function parsePnode(value: string, at: number, count: number): number {
  const pnode = parseNumber(value, 10);
  if (pnode !== undefined && pnode < count) return pnode;
  const words = `vnuma vnode ${at} contains invalid pnode value '${value}'`;
  return refuse("CONFIG_UNSUPPORTED", words, `Write a number below ${count}.`);
}

function parseDistances(
  part: string,
  value: string,
  pnode: number,
  at: number,
  count: number,
): readonly NumaDistance[] {
  const written = value.split(",");
  if (written.length !== count) {
    const fits = `doesn't fit the number of specified vnodes ${count}`;
    const words = `vnuma pnode ${pnode} configured '${part}' (count ${written.length}) ${fits}`;
    refuse("CONFIG_UNSUPPORTED", words, "Give one distance for each node.");
  }
  return written.map((each, id) => {
    const distance = parseNumber(each, 10);
    const words = `Invalid vnuma configuration for vnode ${at}`;
    return { id, value: distance ?? refuse("CONF_SYNTAX", words, "Distances are numbers.") };
  });
}

const LOCAL = 10;
const REMOTE = 20;

/** How far one node's memory is from another's CPUs. What one direction does not say the other does. */
export function numaDistance(cells: readonly NumaCell[], from: number, to: number): number {
  const said = (a: number, b: number): number | undefined =>
    cells[a]?.distances?.find(({ id }) => id === cells[b]?.id)?.value;
  return said(from, to) ?? said(to, from) ?? (from === to ? LOCAL : REMOTE);
}

export function formatVnuma({ cpu }: Domain, settings: NativeSettings): void {
  const cells = cpu?.numa?.cells ?? [];
  const nodes = cells.map(({ cpus, memory }, at): ConfigValue => {
    if (cpus === undefined) return refuse("INTERNAL_ERROR", `vnuma sibling ${at} missing vcpus set`, "Add cpus='...'.");
    const distances = cells.map((_, to) => numaDistance(cells, at, to));
    return [
      `pnode=${at}`,
      `size=${Math.floor(memory / MIB)}`,
      `vcpus=${formatNumberSet(cpus)}`,
      `vdistances=${distances.join(",")}`,
    ];
  });
  settings.setList("vnuma", nodes);
}

import {
  allowChildren,
  attribute,
  child,
  childAttribute,
  childElements,
  childText,
  enumAttribute,
  enumOrDefault,
  integerAttribute,
  longAttribute,
  onOffAttribute,
  parseInteger,
  requiredEnum,
  requiredInteger,
  textOf,
  unitScale,
  type XmlElement,
  yesNoAttribute,
} from "../../../xml/index.js";
import type { Cpu, CpuFeature, CpuNuma, NumaCell, NumaDistance, NumaInterconnect } from "../model/index.js";
import { confError, numbersOf, plainNumber, word, wordAttribute } from "./context.js";

const CHILDREN: ReadonlySet<string> = new Set("cache feature maxphysaddr model numa topology vendor".split(" "));
const MODES = ["custom", "host-model", "host-passthrough", "maximum"] as const;

export function parseCpu(element: XmlElement): Cpu {
  allowChildren(element, CHILDREN);
  const mode = word(
    element,
    attribute(element, "mode") ?? "custom",
    MODES,
    (value) => `Invalid mode attribute '${value}'`,
  );
  const host = mode === "host-passthrough" || mode === "maximum";
  const migratable = onOffAttribute(element, "migratable");
  if (migratable !== undefined && !host) {
    const words = "Attribute migratable is only allowed for 'host-passthrough' / 'maximum' CPU mode";
    throw confError(element, "CONFIG_UNSUPPORTED", words);
  }
  const model = childText(element, "model");
  const vendor = childText(element, "vendor");
  if (vendor !== undefined && model === undefined) {
    throw confError(element, "XML_ERROR", "CPU vendor specified without CPU model", "Add <model>.");
  }
  const features = parseFeatures(element);
  if (features.length > 0 && model === undefined && mode === "custom") {
    throw confError(element, "XML_ERROR", "Non-empty feature list specified without CPU model", "Add <model>.");
  }
  const topology = child(element, "topology");
  const maxphysaddr = child(element, "maxphysaddr");
  const numa = child(element, "numa");
  return {
    mode,
    match: enumAttribute(element, "match", ["exact", "minimum", "strict"]) ?? "exact",
    check: enumOrDefault(element, "check", ["none", "partial", "full"]),
    migratable,
    model,
    fallback: host ? undefined : parseFallback(element),
    vendorId: host ? undefined : parseVendorId(element),
    vendor,
    topology: topology && {
      sockets: requiredInteger(topology, "sockets", { nonzero: true }),
      dies: integerAttribute(topology, "dies", { nonzero: true }) ?? 1,
      cores: requiredInteger(topology, "cores", { nonzero: true }),
      threads: requiredInteger(topology, "threads", { nonzero: true }),
    },
    cache: parseCache(element),
    maxphysaddr: maxphysaddr && {
      mode: requiredEnum(maxphysaddr, "mode", ["emulate", "passthrough"]),
      bits: plainNumber(maxphysaddr, "bits"),
    },
    features,
    numa: numa && parseNuma(numa),
  };
}

function parseFallback(element: XmlElement): Cpu["fallback"] {
  const model = child(element, "model");
  if (model === undefined) return undefined;
  const fallback = wordAttribute(model, "fallback", ["allow", "forbid"], () => "Invalid fallback attribute");
  return fallback ?? (textOf(model) === "" ? undefined : "allow");
}

function parseVendorId(element: XmlElement): string | undefined {
  const vendorId = childAttribute(element, "model", "vendor_id");
  if (vendorId !== undefined && vendorId.length !== 12) {
    throw confError(element, "XML_ERROR", "vendor_id must be exactly 12 characters long");
  }
  if (vendorId?.includes(",")) throw confError(element, "XML_ERROR", "vendor id is invalid");
  return vendorId;
}

const POLICIES = ["force", "require", "optional", "disable", "forbid"] as const;

function parseFeatures(element: XmlElement): readonly CpuFeature[] {
  const seen = new Set<string>();
  return childElements(element, "feature").map((feature) => {
    const name = attribute(feature, "name");
    if (!name) throw confError(feature, "XML_ERROR", "Invalid CPU feature name", "Add name='...'.");
    if (seen.has(name)) throw confError(feature, "XML_ERROR", `CPU feature '${name}' specified more than once`);
    seen.add(name);
    const written = attribute(feature, "policy") ?? "require";
    const policy = word(feature, written, POLICIES, () => "Invalid CPU feature policy");
    return { name, policy };
  });
}

function parseCache(element: XmlElement): Cpu["cache"] {
  const [cache, second] = childElements(element, "cache");
  if (second !== undefined) throw confError(second, "XML_ERROR", "at most one CPU cache element may be specified");
  if (cache === undefined) return undefined;
  const level = integerAttribute(cache, "level", { signed: true });
  if (level !== undefined && (level < 1 || level > 3)) {
    throw confError(cache, "XML_ERROR", "invalid CPU cache level, must be in range [1,3]");
  }
  return { level, mode: requiredEnum(cache, "mode", ["emulate", "passthrough", "disable"]) };
}

function kibAttribute(element: XmlElement, name: string): number {
  const text = attribute(element, name);
  if (!text) throw confError(element, "XML_ERROR", `missing element or attribute './@${name}'`);
  const value = parseInteger(text);
  if (value === undefined)
    throw confError(element, "XML_ERROR", `Invalid value '${text}' for element or attribute './@${name}'`);
  return Math.ceil((value * unitScale(attribute(element, "unit"), 1024, element)) / 1024);
}

function parseNuma(element: XmlElement): CpuNuma {
  const found = childElements(element, "cell");
  if (found.length === 0)
    throw confError(element, "XML_ERROR", "NUMA topology defined without NUMA cells", "Add <cell>.");
  const cells: (NumaCell | undefined)[] = found.map(() => undefined);
  found.forEach((each, at) => {
    const id = integerAttribute(each, "id") ?? at;
    if (id >= found.length) {
      throw confError(
        each,
        "XML_ERROR",
        "Exactly one 'cell' element per guest NUMA cell allowed, non-contiguous ranges or ranges not starting from 0 are not allowed",
      );
    }
    if (cells[id] !== undefined) throw confError(each, "XML_ERROR", `Duplicate NUMA cell info for cell id '${id}'`);
    cells[id] = parseCell(each, id);
  });
  const whole = cells.filter((cell) => cell !== undefined);
  rejectOverlap(element, whole);
  const interconnects = child(element, "interconnects");
  return {
    cells: completeDistances(element, whole),
    interconnects: interconnects === undefined ? undefined : parseInterconnects(interconnects),
  };
}

function rejectOverlap(element: XmlElement, cells: readonly NumaCell[]): void {
  const owner = new Map<number, number>();
  for (const cell of cells) {
    for (const cpu of cell.cpus ?? []) {
      const other = owner.get(cpu);
      if (other !== undefined) {
        throw confError(element, "CONFIG_UNSUPPORTED", `NUMA cells ${cell.id} and ${other} have overlapping vCPU ids`);
      }
      owner.set(cpu, cell.id);
    }
  }
}

function parseCell(element: XmlElement, id: number): NumaCell {
  const cpus = attribute(element, "cpus");
  const parsed = cpus === undefined ? undefined : numbersOf(element, cpus);
  const distances = child(element, "distances");
  const caches = childElements(element, "cache");
  return {
    id,
    cpus: parsed === undefined || parsed.length === 0 ? undefined : parsed,
    memory: kibAttribute(element, "memory"),
    memAccess: enumAttribute(element, "memAccess", ["shared", "private"]),
    discard: yesNoAttribute(element, "discard"),
    distances:
      distances &&
      childElements(distances, "sibling").map((sibling) => ({
        id: requiredInteger(sibling, "id"),
        value: requiredInteger(sibling, "value"),
      })),
    caches:
      caches.length === 0
        ? undefined
        : caches
            .map((cache) => ({
              level: requiredInteger(cache, "level", { nonzero: true }),
              associativity: cacheWord(cache, id, "associativity", ["none", "direct", "full"]),
              policy: cacheWord(cache, id, "policy", ["none", "writeback", "writethrough"]),
              size: sizeOf(cache, "size", "value", 1024),
              line: sizeOf(cache, "line", "value", 1),
            }))
            .sort((a, b) => a.level - b.level),
  };
}

function cacheWord<const T extends string>(cache: XmlElement, cell: number, name: string, words: readonly T[]): T {
  const written = attribute(cache, name);
  if (written !== undefined)
    return word(cache, written, words, (value) => `Invalid cache ${name} '${value}'`, "XML_ERROR");
  const complaint = `Missing '${name}' attribute in cache element for NUMA node ${cell}`;
  throw confError(cache, "XML_ERROR", complaint, `Add ${name}='none'.`);
}

function sizeOf(element: XmlElement, name: string, attributeName: string, divisor: 1024 | 1): number {
  const found = child(element, name);
  const text = found && attribute(found, attributeName);
  const value = text === undefined ? undefined : parseInteger(text);
  if (found === undefined || value === undefined) {
    throw confError(element, "XML_ERROR", `missing element or attribute './${name}/@${attributeName}'`);
  }
  return Math.ceil((value * unitScale(attribute(found, "unit"), divisor, found)) / divisor);
}

const LOCAL_DISTANCE = 10;
const UNREACHABLE = 255;

/** A distance that is written for one direction counts for the other too; one that is not written at all stays open. */
function completeDistances(element: XmlElement, cells: readonly NumaCell[]): readonly NumaCell[] {
  if (!cells.some((cell) => cell.distances !== undefined)) return cells;
  const table = new Map<string, number>();
  const written = new Set<number>();
  for (const cell of cells) {
    for (const distance of cell.distances ?? []) {
      checkDistance(element, cell.id, distance, cells.length);
      const { id, value } = distance;
      table.set(`${cell.id}-${id}`, value);
      if (!table.has(`${id}-${cell.id}`)) table.set(`${id}-${cell.id}`, value);
      written.add(cell.id).add(id);
    }
  }
  return cells.map((cell) => {
    if (!written.has(cell.id)) return cell;
    const distances = cells.flatMap(({ id }): NumaDistance[] => {
      const value = table.get(`${cell.id}-${id}`) ?? (id === cell.id ? LOCAL_DISTANCE : undefined);
      return value === undefined ? [] : [{ id, value }];
    });
    return { ...cell, distances };
  });
}

function checkDistance(element: XmlElement, cell: number, { id, value }: NumaDistance, cells: number): void {
  if (id >= cells) {
    const words = `'sibling_id ${id}' does not refer to a valid cell within NUMA 'cell id ${cell}'`;
    throw confError(element, "XML_ERROR", words);
  }
  const fits = value >= LOCAL_DISTANCE && value <= UNREACHABLE && (id === cell) === (value === LOCAL_DISTANCE);
  if (!fits) {
    const words = `'value ${value}' is invalid for 'sibling id ${id}' under NUMA 'cell id ${cell}'`;
    throw confError(element, "XML_ERROR", words, "10 is the distance to the cell itself; others are 11 to 255.");
  }
}

function parseInterconnects(element: XmlElement): readonly NumaInterconnect[] {
  return childElements(element)
    .filter((each) => each.name === "latency" || each.name === "bandwidth")
    .map((each) => {
      const common = {
        initiator: requiredInteger(each, "initiator"),
        target: requiredInteger(each, "target"),
        cache: integerAttribute(each, "cache") || undefined,
        type: requiredEnum(each, "type", ["access", "read", "write"]),
      };
      return each.name === "latency"
        ? { ...common, kind: "latency", value: longAttribute(each, "value", { required: true }) ?? 0 }
        : { ...common, kind: "bandwidth", value: kibAttribute(each, "value") };
    });
}

import {
  allowChildren,
  attribute,
  child,
  childAttribute,
  childElements,
  childText,
  enumAttribute,
  integerAttribute,
  parseInteger,
  requiredEnum,
  requiredInteger,
  scaledChild,
  textOf,
  unitScale,
  type XmlElement,
} from "../../../xml/index.js";
import { IOTHREADS_MAX } from "../limits.js";
import type {
  BlkioDevice,
  Blkiotune,
  Domain,
  HugePage,
  IothreadId,
  MemoryBacking,
  Memtune,
  Numatune,
  Vcpus,
} from "../model/index.js";
import { anySet, confError, has, numberSet, word } from "./context.js";

/** No limit, in KiB, as libvirt prints it. */
export const UNLIMITED = 9007199254740991;

/** A memory size below an element in KiB, rounded up; undefined when absent. */
export function memorySize(element: XmlElement, name: string, path: string): number | undefined {
  const bytes = scaledChild(element, name, 1024, path);
  if (bytes === undefined) return undefined;
  const kib = Math.ceil(bytes / 1024);
  if (kib > UNLIMITED) {
    throw confError(child(element, name) ?? element, "OVERFLOW", "size value too large");
  }
  return kib;
}

export function parseMemtune(root: XmlElement): Memtune | undefined {
  const element = child(root, "memtune");
  if (element === undefined) return undefined;
  allowChildren(element, new Set(["hard_limit", "soft_limit", "min_guarantee", "swap_hard_limit"]));
  const limit = (name: string): number | undefined => {
    const kib = memorySize(element, name, `./memtune/${name}[1]`);
    return kib === undefined || kib >= UNLIMITED ? undefined : kib;
  };
  const tune = {
    hardLimit: limit("hard_limit"),
    softLimit: limit("soft_limit"),
    minGuarantee: limit("min_guarantee") || undefined,
    swapHardLimit: limit("swap_hard_limit"),
  };
  return anySet(tune) ? tune : undefined;
}

const BACKING: ReadonlySet<string> = new Set(
  "access allocation discard hugepages locked nosharepages source".split(" "),
);

export function parseMemoryBacking(root: XmlElement): MemoryBacking | undefined {
  const element = child(root, "memoryBacking");
  if (element === undefined) return undefined;
  allowChildren(element, BACKING);
  const choice = <const T extends string>(name: string, attributeName: string, values: readonly T[]): T | undefined => {
    const written = childAttribute(element, name, attributeName);
    const complain = (value: string): string => `unknown memoryBacking/${name}/${attributeName} '${value}'`;
    return written === undefined ? undefined : word(element, written, values, complain);
  };
  const hugepages = child(element, "hugepages");
  const threadText = childAttribute(element, "allocation", "threads");
  const threads = threadText === undefined ? undefined : parseInteger(threadText);
  if (threadText !== undefined && threads === undefined) {
    throw confError(element, "XML_ERROR", "Failed to parse memory allocation threads");
  }
  const allocation = { mode: choice("allocation", "mode", ["immediate", "ondemand"]), threads: threads || undefined };
  const backing: MemoryBacking = {
    hugepages: hugepages && parseHugepages(hugepages),
    nosharepages: has(element, "nosharepages") || undefined,
    locked: has(element, "locked") || undefined,
    source: choice("source", "type", ["file", "anonymous", "memfd"]),
    access: choice("access", "mode", ["shared", "private"]),
    allocation: anySet(allocation) ? allocation : undefined,
    discard: has(element, "discard") || undefined,
  };
  return anySet(backing) ? backing : undefined;
}

function parseHugepages(element: XmlElement): readonly HugePage[] {
  const pages = childElements(element, "page");
  if (pages.length === 0) return [{ size: 0 }];
  return pages.map((page) => {
    const text = attribute(page, "size");
    if (!text) throw confError(page, "XML_ERROR", "missing element or attribute './@size'", "Add size='2' unit='MiB'.");
    const value = parseInteger(text);
    if (value === undefined)
      throw confError(page, "XML_ERROR", `Invalid value '${text}' for element or attribute './@size'`);
    const size = Math.ceil((value * unitScale(attribute(page, "unit"), 1024, page)) / 1024);
    if (size === 0) throw confError(page, "XML_DETAIL", "hugepage size can't be zero");
    const nodeset = attribute(page, "nodeset");
    return { size, nodeset: nodeset === undefined ? undefined : numberSet(page, nodeset, "nodeset") };
  });
}

export function parseBlkiotune(root: XmlElement): Blkiotune | undefined {
  const element = child(root, "blkiotune");
  if (element === undefined) return undefined;
  allowChildren(element, new Set(["weight", "device"]));
  const devices = childElements(element, "device").map(parseBlkioDevice);
  const weight = parseInteger(childText(element, "weight") ?? "") || undefined;
  return weight === undefined && devices.length === 0 ? undefined : { weight, devices };
}

function parseBlkioDevice(element: XmlElement): BlkioDevice {
  const path = childText(element, "path");
  if (path === undefined) throw confError(element, "XML_ERROR", "missing per-device path", "Add <path>.");
  const number = (name: string, what: string): number | undefined => {
    const text = childText(element, name);
    if (text === undefined) return undefined;
    const value = parseInteger(text);
    if (value === undefined) throw confError(element, "XML_ERROR", `could not parse ${what} ${text}`);
    return value || undefined;
  };
  return {
    path,
    weight: number("weight", "weight"),
    readIopsSec: number("read_iops_sec", "read iops sec"),
    writeIopsSec: number("write_iops_sec", "write iops sec"),
    readBytesSec: number("read_bytes_sec", "read bytes sec"),
    writeBytesSec: number("write_bytes_sec", "write bytes sec"),
  };
}

export function parseVcpus(root: XmlElement): Vcpus {
  const element = child(root, "vcpu");
  const text = element && textOf(element);
  const max = element === undefined ? 1 : parseInteger((text ?? "").trim(), { max: 4294967295 });
  if (max === undefined) {
    throw confError(element ?? root, "XML_ERROR", "maximum vcpus count must be an integer", "Write a number.");
  }
  if (max > 16384) {
    const hint = "No hypervisor starts a guest with more.";
    throw confError(element ?? root, "CONFIG_UNSUPPORTED", "maximum vCPU count must be less than '16384'", hint);
  }
  const current = (element && integerAttribute(element, "current")) ?? max;
  if (element !== undefined && current > max) {
    const words = "maximum vCPU count must not be less than current vCPU count";
    throw confError(element, "CONFIG_UNSUPPORTED", words, "Raise the maximum, or lower current.");
  }
  const placement = (element && enumAttribute(element, "placement", ["static", "auto"])) ?? "static";
  const cpuset = element && placement === "static" ? attribute(element, "cpuset") : undefined;
  const individual = parseIndividual(root, max);
  return {
    max,
    current: individual === undefined ? current : individual.filter((each) => each.enabled === "yes").length,
    placement,
    cpuset: element === undefined || cpuset === undefined ? undefined : numberSet(element, cpuset, "cpuset"),
    individual,
  };
}

function parseIndividual(root: XmlElement, max: number): Vcpus["individual"] {
  const list = child(root, "vcpus");
  const found = list === undefined ? [] : childElements(list, "vcpu");
  if (found.length === 0) return undefined;
  const vcpus: NonNullable<Vcpus["individual"]>[number][] = Array.from({ length: max }, (_, id) => ({
    id,
    enabled: "no",
  }));
  for (const each of found) {
    const id = requiredInteger(each, "id");
    if (id >= max) throw confError(each, "XML_ERROR", `vcpu id '${id}' is out of range of maximum vcpu count`);
    vcpus[id] = {
      id,
      enabled: requiredEnum(each, "enabled", ["yes", "no"]),
      hotpluggable: enumAttribute(each, "hotpluggable", ["yes", "no"]),
      order: integerAttribute(each, "order") || undefined,
    };
  }
  return vcpus;
}

export function parseIothreads(root: XmlElement): readonly IothreadId[] {
  const text = childText(root, "iothreads");
  const count = text === undefined ? 0 : parseInteger(text);
  if (count === undefined)
    throw confError(child(root, "iothreads") ?? root, "XML_ERROR", `invalid iothreads count '${text}'`);
  if (count > IOTHREADS_MAX) {
    const where = child(root, "iothreads") ?? root;
    throw confError(where, "XML_ERROR", `more than ${IOTHREADS_MAX} iothreads`, "Ask for fewer.");
  }
  const list = child(root, "iothreadids");
  const threads: IothreadId[] = [];
  const used = new Set<number>();
  for (const each of list === undefined ? [] : childElements(list, "iothread")) {
    const id = requiredInteger(each, "id", { nonzero: true });
    if (used.has(id)) throw confError(each, "XML_ERROR", `duplicate iothread id '${id}' found`);
    used.add(id);
    const threadPoolMin = integerAttribute(each, "thread_pool_min");
    threads.push({ id, threadPoolMin, threadPoolMax: integerAttribute(each, "thread_pool_max") });
  }
  for (let id = 1; threads.length < count; id++) {
    if (!used.has(id)) threads.push({ id, autofill: true });
  }
  return threads;
}

export function parseDefaultIothread(root: XmlElement): Domain["defaultIothread"] {
  const element = child(root, "defaultiothread");
  if (element === undefined) return undefined;
  const threads = {
    threadPoolMin: integerAttribute(element, "thread_pool_min"),
    threadPoolMax: integerAttribute(element, "thread_pool_max"),
  };
  return anySet(threads) ? threads : undefined;
}

const MODES = ["strict", "preferred", "interleave", "restrictive"] as const;

/** `cells`: how many NUMA cells the guest has; `placement`: how its vCPUs are placed. */
export function parseNumatune(root: XmlElement, cells: number, placement: Vcpus["placement"]): Numatune | undefined {
  const [element, second] = childElements(root, "numatune");
  if (second !== undefined) throw confError(second, "XML_ERROR", "only one numatune is supported");
  const memory = element && child(element, "memory");
  const parsed = memory === undefined ? undefined : parseNumaMemory(memory, placement);
  const automatic =
    memory === undefined && placement === "auto" ? ({ mode: "strict", placement: "auto" } as const) : parsed;
  const memnodes = element === undefined ? [] : parseMemnodes(element, cells, automatic);
  return automatic === undefined && memnodes.length === 0 ? undefined : { memory: automatic, memnodes };
}

function parseNumaMemory(element: XmlElement, vcpuPlacement: Vcpus["placement"]): NonNullable<Numatune["memory"]> {
  const modeText = attribute(element, "mode");
  const unknownMode = (value: string): string => `Unsupported NUMA memory tuning mode '${value}'`;
  const mode = modeText === undefined ? "strict" : word(element, modeText, MODES, unknownMode);
  const placementText = attribute(element, "placement");
  const unknown = (value: string): string => `Unsupported NUMA memory placement mode '${value}'`;
  const written = placementText === undefined ? undefined : word(element, placementText, ["static", "auto"], unknown);
  const nodesText = attribute(element, "nodeset");
  const nodeset = nodesText === undefined ? undefined : numberSet(element, nodesText, "nodeset");
  const placement = written ?? (nodeset !== undefined || vcpuPlacement === "static" ? "static" : "auto");
  if (placement === "static" && nodeset === undefined) {
    const words = "nodeset for NUMA memory tuning must be set if 'placement' is 'static'";
    throw confError(element, "CONFIG_UNSUPPORTED", words, "Add nodeset='0'.");
  }
  return { mode, placement, nodeset: placement === "static" ? nodeset : undefined };
}

function parseMemnodes(element: XmlElement, cells: number, memory: Numatune["memory"]): Numatune["memnodes"] {
  const found = childElements(element, "memnode");
  const first = found[0];
  if (first === undefined) return [];
  if (memory?.placement === "auto") {
    throw confError(first, "CONFIG_UNSUPPORTED", "Per-node binding is not compatible with automatic NUMA placement.");
  }
  if (cells === 0) throw confError(first, "XML_ERROR", "Element 'memnode' is invalid without any guest NUMA cells");
  const seen = new Set<number>();
  const nodes = found.map((each) => {
    const cellid = requiredInteger(each, "cellid");
    if (cellid >= cells) {
      throw confError(
        each,
        "XML_ERROR",
        "Argument 'cellid' in memnode element must correspond to existing guest's NUMA cell",
      );
    }
    if (seen.has(cellid)) throw confError(each, "XML_ERROR", `Multiple memnode elements with cellid ${cellid}`);
    seen.add(cellid);
    const mode = enumAttribute(each, "mode", MODES) ?? "strict";
    if (memory?.mode === "restrictive" && mode !== "restrictive") {
      throw confError(
        each,
        "XML_ERROR",
        "'restrictive' mode is required in memnode element when mode is 'restrictive' in memory element",
      );
    }
    const nodeset = attribute(each, "nodeset");
    if (nodeset === undefined)
      throw confError(each, "XML_ERROR", "Missing required nodeset attribute in memnode element");
    return { cellid, mode, nodeset: numberSet(each, nodeset, "nodeset") };
  });
  return nodes.sort((a, b) => a.cellid - b.cellid);
}

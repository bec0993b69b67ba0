import { VirtError } from "@polyvisor/core";
import {
  allowChildren,
  attribute,
  child,
  childElements,
  childText,
  parseInteger,
  requiredEnum,
  requiredInteger,
  unitScale,
  type XmlElement,
} from "../../../xml/index.js";
import { parseNumberSet } from "../../number-set.js";
import type { Cachetune, Cputune, IothreadId, Memorytune, NumberSet, Scheduler } from "../model/index.js";
import { confError, numberSet, numbersOf, type ParseContext } from "./context.js";

const CHILDREN: ReadonlySet<string> = new Set(
  (
    "cachetune emulator_period emulator_quota emulatorpin emulatorsched global_period global_quota iothread_period " +
    "iothread_quota iothreadpin iothreadsched memorytune period quota shares vcpupin vcpusched"
  ).split(" "),
);

export function parseCputune(
  root: XmlElement,
  vcpus: number,
  iothreads: readonly IothreadId[],
  context: ParseContext,
): Cputune | undefined {
  const element = child(root, "cputune");
  if (element === undefined) return undefined;
  allowChildren(element, CHILDREN);
  const number = (name: string, signed = false): number | undefined => {
    const text = childText(element, name);
    if (text === undefined) return undefined;
    const value = parseInteger(text.trim(), { signed });
    if (value === undefined) {
      const words = `can't parse cputune ${name.replace("_", " ")} value`;
      throw confError(child(element, name) ?? element, "XML_ERROR", words, "Write a number.");
    }
    return value;
  };
  const one = (name: string): XmlElement | undefined => {
    const [first, second] = childElements(element, name);
    if (second !== undefined) throw confError(second, "XML_ERROR", `only one ${name} is supported`);
    return first;
  };
  const iothreadIds = new Set(iothreads.map(({ id }) => id));
  const emulatorpin = one("emulatorpin");
  const emulatorsched = one("emulatorsched");
  return {
    shares: number("shares"),
    period: number("period") || undefined,
    quota: number("quota", true) || undefined,
    globalPeriod: number("global_period") || undefined,
    globalQuota: number("global_quota", true) || undefined,
    emulatorPeriod: number("emulator_period") || undefined,
    emulatorQuota: number("emulator_quota", true) || undefined,
    iothreadPeriod: number("iothread_period") || undefined,
    iothreadQuota: number("iothread_quota", true) || undefined,
    vcpupin: parseVcpuPins(element, vcpus),
    emulatorpin: emulatorpin && cpuset(emulatorpin),
    iothreadpin: parseIothreadPins(element, iothreads),
    vcpusched: parseSchedulers(element, "vcpu", (id, where) => {
      if (id >= vcpus) throw confError(where, "CONFIG_UNSUPPORTED", `vCPU '${id}' is not present in domain definition`);
    }).map(({ id, ...rest }) => ({ vcpu: id, ...rest })),
    iothreadsched: parseSchedulers(element, "iothread", (id, where) => findIothread(id, iothreadIds, where)).map(
      ({ id, ...rest }) => ({ iothread: id, ...rest }),
    ),
    emulatorsched: emulatorsched && parseScheduler(emulatorsched),
    cachetune: parseCachetunes(element, vcpus, context),
    memorytune: parseMemorytunes(element, vcpus),
  };
}

function cpuset(element: XmlElement): NumberSet {
  const text = attribute(element, "cpuset");
  if (text === undefined)
    throw confError(element, "INTERNAL_ERROR", `missing cpuset for ${element.name}`, "Add cpuset='0'.");
  return numberSet(element, text, "cpuset");
}

function parseVcpuPins(element: XmlElement, vcpus: number): Cputune["vcpupin"] {
  const pins = new Map<number, NumberSet>();
  for (const each of childElements(element, "vcpupin")) {
    const vcpu = requiredInteger(each, "vcpu");
    // libvirt passes over pins of vCPUs that the guest does not have
    if (vcpu >= vcpus) continue;
    if (pins.has(vcpu)) throw confError(each, "INTERNAL_ERROR", `duplicate vcpupin for vcpu '${vcpu}'`);
    pins.set(vcpu, cpuset(each));
  }
  return [...pins].sort(([a], [b]) => a - b).map(([vcpu, set]) => ({ vcpu, cpuset: set }));
}

function findIothread(id: number, iothreads: ReadonlySet<number>, where: XmlElement): void {
  if (!iothreads.has(id)) {
    throw confError(where, "CONFIG_UNSUPPORTED", `Cannot find 'iothread' : ${id}`, "Raise <iothreads>.");
  }
}

function parseIothreadPins(element: XmlElement, iothreads: readonly IothreadId[]): Cputune["iothreadpin"] {
  const pins = new Map<number, NumberSet>();
  const ids = new Set(iothreads.map(({ id }) => id));
  for (const each of childElements(element, "iothreadpin")) {
    const id = requiredInteger(each, "iothread", { nonzero: true });
    findIothread(id, ids, each);
    if (pins.has(id)) throw confError(each, "INTERNAL_ERROR", `duplicate iothreadpin for same iothread '${id}'`);
    pins.set(id, cpuset(each));
  }
  return iothreads.flatMap(({ id }) => {
    const set = pins.get(id);
    return set === undefined ? [] : [{ iothread: id, cpuset: set }];
  });
}

function parseScheduler(element: XmlElement): Scheduler {
  const policy = requiredEnum(element, "scheduler", ["batch", "idle", "fifo", "rr"]);
  if (policy === "batch" || policy === "idle") return { policy };
  return { policy, priority: requiredInteger(element, "priority", { signed: true }) };
}

function parseSchedulers(
  element: XmlElement,
  thread: "vcpu" | "iothread",
  check: (id: number, where: XmlElement) => void,
): readonly (Scheduler & { readonly id: number })[] {
  const name = `${thread}sched`;
  const schedulers = new Map<number, Scheduler>();
  for (const each of childElements(element, name)) {
    const text = attribute(each, `${thread}s`);
    if (text === undefined) throw confError(each, "XML_ERROR", `Missing attribute '${thread}s' in element '${name}'`);
    const set = numbersOf(each, text);
    if (set.length === 0)
      throw confError(each, "CONFIG_UNSUPPORTED", `'${thread}s' scheduler bitmap '${text}' is empty`);
    const scheduler = parseScheduler(each);
    for (const id of set) {
      check(id, each);
      if (schedulers.has(id)) throw confError(each, "XML_DETAIL", `'${name}' attributes '${thread}s' must not overlap`);
      schedulers.set(id, scheduler);
    }
  }
  return [...schedulers].sort(([a], [b]) => a - b).map(([id, scheduler]) => ({ id, ...scheduler }));
}

function vcpuSet(element: XmlElement, vcpus: number): NumberSet {
  const text = attribute(element, "vcpus");
  if (text === undefined)
    throw confError(element, "XML_ERROR", `Missing ${element.name} attribute 'vcpus'`, "Add vcpus='0'.");
  try {
    return parseNumberSet(text).filter((each) => each < vcpus);
  } catch (error) {
    if (!(error instanceof VirtError)) throw error;
    throw confError(element, "XML_ERROR", `Invalid ${element.name} attribute 'vcpus' value '${text}'`, error.hint);
  }
}

function parseCachetunes(element: XmlElement, vcpus: number, context: ParseContext): readonly Cachetune[] {
  const tunes: Cachetune[] = [];
  const allocated = new Set<number>();
  const allocations = new Set<string>();
  for (const each of childElements(element, "cachetune")) {
    const set = vcpuSet(each, vcpus);
    if (set.length === 0) continue;
    const allocation = set.join();
    if (allocations.has(allocation)) throw confError(each, "XML_ERROR", "Identical vcpus in cachetunes found");
    if (set.some((vcpu) => allocated.has(vcpu))) throw confError(each, "XML_ERROR", "Overlapping vcpus in resctrls");
    const caches = childElements(each, "cache").map(parseCache);
    rejectCollisions(each, caches);
    caches.sort(
      (a, b) => a.level - b.level || CACHE_ORDER.indexOf(a.type) - CACHE_ORDER.indexOf(b.type) || a.id - b.id,
    );
    const monitors = childElements(each, "monitor").map((monitor) => {
      const level = requiredInteger(monitor, "level");
      if (level !== 3) throw confError(monitor, "XML_ERROR", `Invalid monitor cache level '${level}'`);
      return { level, vcpus: monitored(monitor, set, vcpus) };
    });
    rejectSharedMonitors(each, set, monitors, caches.length === 0);
    if (caches.length === 0 && monitors.length === 0) continue;
    allocations.add(allocation);
    for (const vcpu of set) allocated.add(vcpu);
    tunes.push({ vcpus: set, id: context.inactive ? undefined : attribute(each, "id"), caches, monitors });
  }
  return tunes;
}

/** The vCPUs of a monitor, which are some of its allocation's. */
function monitored(element: XmlElement, allocation: NumberSet, vcpus: number): NumberSet {
  const set = vcpuSet(element, vcpus);
  if (set.length === 0) throw confError(element, "INVALID_ARG", "vcpus is empty", "Name at least one vCPU.");
  const allocated = new Set(allocation);
  if (!set.every((each) => allocated.has(each))) {
    throw confError(element, "INVALID_ARG", "Monitor vcpus conflicts with allocation", "Name vCPUs of the allocation.");
  }
  return set;
}

/** Each vCPU in one monitor, but for the one of the whole allocation; `unlimited`: the allocation does not allocate. */
function rejectSharedMonitors(
  element: XmlElement,
  allocation: NumberSet,
  monitors: readonly { readonly vcpus: NumberSet }[],
  unlimited: boolean,
): void {
  const whole = allocation.join();
  const seen = new Set<string>();
  const inAny = new Set<number>();
  const inParts = new Set<number>();
  for (const { vcpus } of monitors) {
    const key = vcpus.join();
    if (seen.has(key)) {
      throw confError(element, "INVALID_ARG", "Identical vcpus found in same type monitors", "Remove one of them.");
    }
    const shared =
      (key !== whole && vcpus.some((id) => inParts.has(id))) || (unlimited && vcpus.some((id) => inAny.has(id)));
    if (shared)
      throw confError(element, "INVALID_ARG", "vcpus overlaps in resctrl groups", "Give each vCPU one monitor.");
    seen.add(key);
    for (const id of vcpus) {
      inAny.add(id);
      if (key !== whole) inParts.add(id);
    }
  }
}

function rejectCollisions(element: XmlElement, caches: Cachetune["caches"]): void {
  const seen = new Map<string, Set<string>>();
  for (const { level, id, type } of caches) {
    const types = seen.get(`${level} ${id}`) ?? new Set();
    if (types.has(type) || types.has("both") || (type === "both" && types.size > 0)) {
      const words = `Colliding cache allocations for cache level '${level}' id '${id}', type '${type}'`;
      throw confError(element, "XML_ERROR", words, "Give each part of a cache once.");
    }
    seen.set(`${level} ${id}`, types.add(type));
  }
}

function rejectRepeatedNodes(element: XmlElement, nodes: Memorytune["nodes"]): void {
  const seen = new Set<number>();
  for (const { id, bandwidth } of nodes) {
    if (bandwidth > 100) {
      throw confError(element, "XML_ERROR", "Memory Bandwidth value exceeding 100 is invalid.", "Give a percentage.");
    }
    if (seen.has(id)) throw confError(element, "XML_ERROR", `Memory Bandwidth already defined for node ${id}`);
    seen.add(id);
  }
}

const CACHE_ORDER = ["both", "code", "data"] as const;

function parseCache(element: XmlElement): Cachetune["caches"][number] {
  const text = attribute(element, "size");
  const value = text === undefined ? undefined : parseInteger(text);
  if (value === undefined) {
    const words = text
      ? `Invalid value '${text}' for element or attribute './@size'`
      : "missing element or attribute './@size'";
    throw confError(element, "XML_ERROR", words, "Write a number.");
  }
  return {
    id: requiredInteger(element, "id"),
    level: requiredInteger(element, "level"),
    type: requiredEnum(element, "type", CACHE_ORDER),
    size: value * unitScale(attribute(element, "unit"), 1024, element),
  };
}

function parseMemorytunes(element: XmlElement, vcpus: number): readonly Memorytune[] {
  const tunes: Memorytune[] = [];
  const allocated = new Set<number>();
  for (const each of childElements(element, "memorytune")) {
    const set = vcpuSet(each, vcpus);
    if (set.length === 0) continue;
    if (set.some((vcpu) => allocated.has(vcpu))) throw confError(each, "XML_ERROR", "Overlapping vcpus in resctrls");
    const nodes = childElements(each, "node").map((node) => ({
      id: requiredInteger(node, "id"),
      bandwidth: requiredInteger(node, "bandwidth"),
    }));
    rejectRepeatedNodes(each, nodes);
    const monitors = childElements(each, "monitor").map((monitor) => ({ vcpus: monitored(monitor, set, vcpus) }));
    rejectSharedMonitors(each, set, monitors, nodes.length === 0);
    nodes.sort((a, b) => a.id - b.id);
    if (nodes.length === 0 && monitors.length === 0) continue;
    for (const vcpu of set) allocated.add(vcpu);
    tunes.push({ vcpus: set, nodes, monitors });
  }
  return tunes;
}

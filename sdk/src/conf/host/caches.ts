import { listed, names, number, readSet, text } from "./files.js";
import { parseSize } from "./parse.js";

/** How a cache can be divided among guests. Sizes in bytes. */
export interface CacheControl {
  readonly type: CacheType;
  readonly granularity: number;
  /** Absent where one piece is enough. */
  readonly min?: number | undefined;
  readonly maxAllocations: number;
}

export type CacheType = "both" | "code" | "data";

export interface HostCache {
  readonly id: number;
  readonly level: number;
  readonly type: CacheType;
  /** Bytes. */
  readonly size: number;
  readonly cpus: readonly number[];
  readonly controls?: readonly CacheControl[] | undefined;
}

/** How many groups can be watched at a time, and what is counted. */
export interface HostMonitor {
  readonly maxMonitors: number;
  readonly features: readonly string[];
}

/** What the kernel's resctrl file system offers beyond the division of caches. */
export interface HostResctrl {
  readonly cacheMonitor?: (HostMonitor & { readonly level: number; readonly reuseThreshold: number }) | undefined;
  readonly memoryBandwidth: {
    /** One for each cache of the last level. Granularity and minimum in percent. */
    readonly nodes: readonly {
      readonly id: number;
      readonly cpus: readonly number[];
      readonly granularity: number;
      readonly min: number;
      readonly maxAllocations: number;
    }[];
    readonly monitor?: HostMonitor | undefined;
  };
}

const KERNEL_TYPES = { Unified: "both", Instruction: "code", Data: "data" } as const;
const LOWEST_LEVEL = 3;

/** The caches of the last levels, which is what guests share and what can be divided among them. */
export function readCaches(system: string, cpus: readonly number[], resctrl: string): readonly HostCache[] {
  const found = new Map<string, HostCache>();
  for (const cpu of cpus) {
    const root = `${system}/cpu/cpu${cpu}/cache`;
    for (const index of listed(root, "index")) {
      const cache = readCache(`${root}/index${index}`);
      if (cache !== undefined) found.set(JSON.stringify(cache), cache);
    }
  }
  const caches = [...found.values()].sort((a, b) => a.level - b.level || a.id - b.id);
  const controls = readControls(resctrl, caches);
  return caches.map((cache) => {
    const own = controls.get(cache.level);
    return own === undefined ? cache : { ...cache, controls: own };
  });
}

function readCache(path: string): HostCache | undefined {
  const level = number(`${path}/level`);
  const id = number(`${path}/id`);
  const size = text(`${path}/size`);
  const cpus = readSet(`${path}/shared_cpu_list`);
  const written = text(`${path}/type`)?.trim();
  const type = Object.entries(KERNEL_TYPES).find(([name]) => name === written)?.[1];
  if (level === undefined || level < LOWEST_LEVEL) return undefined;
  if (id === undefined || size === undefined || cpus === undefined || type === undefined) return undefined;
  return { id, level, type, size: parseSize(size), cpus };
}

const CONTROL_TYPES = { "": "both", CODE: "code", DATA: "data" } as const;

/** By level. The kernel takes all caches of a level to be of one size. */
function readControls(resctrl: string, caches: readonly HostCache[]): ReadonlyMap<number, readonly CacheControl[]> {
  const controls = new Map<number, CacheControl[]>();
  for (const [suffix, type] of Object.entries(CONTROL_TYPES)) {
    for (const name of names(`${resctrl}/info`)) {
      const level = Number(new RegExp(`^L(\\d+)${suffix}$`).exec(name)?.[1]);
      const size = caches.find((cache) => cache.level === level)?.size;
      const mask = text(`${resctrl}/info/${name}/cbm_mask`)?.trim();
      const minBits = number(`${resctrl}/info/${name}/min_cbm_bits`);
      if (size === undefined || mask === undefined || minBits === undefined) continue;
      const granularity = Math.floor(size / countBits(mask));
      const maxAllocations = number(`${resctrl}/info/${name}/num_closids`) ?? 0;
      const min = minBits === 1 ? undefined : minBits * granularity;
      controls.set(level, [...(controls.get(level) ?? []), { type, granularity, min, maxAllocations }]);
    }
  }
  return controls;
}

/** Of a mask such as `fffff`. */
function countBits(mask: string): number {
  return [...BigInt(`0x${mask}`).toString(2)].filter((bit) => bit === "1").length;
}

/** Undefined where the kernel offers none. */
export function readResctrl(resctrl: string, caches: readonly HostCache[]): HostResctrl | undefined {
  const info = `${resctrl}/info`;
  if (names(info).length === 0) return undefined;
  const maxMonitors = number(`${info}/L3_MON/num_rmids`);
  const counted = (text(`${info}/L3_MON/mon_features`) ?? "").split("\n");
  const monitor = (prefix: string): HostMonitor | undefined => {
    const features = counted.filter((name) => name.startsWith(prefix));
    return maxMonitors === undefined || features.length === 0 ? undefined : { maxMonitors, features };
  };
  const cacheMonitor = monitor("llc_");
  return {
    cacheMonitor: cacheMonitor && {
      ...cacheMonitor,
      level: 3,
      reuseThreshold: number(`${info}/L3_MON/max_threshold_occupancy`) ?? 0,
    },
    memoryBandwidth: { nodes: readBandwidth(`${info}/MB`, caches), monitor: monitor("mbm_") },
  };
}

function readBandwidth(path: string, caches: readonly HostCache[]): HostResctrl["memoryBandwidth"]["nodes"] {
  const granularity = number(`${path}/bandwidth_gran`);
  const min = number(`${path}/min_bandwidth`);
  const maxAllocations = number(`${path}/num_closids`);
  if (granularity === undefined || min === undefined || maxAllocations === undefined) return [];
  const last = Math.max(0, ...caches.map((cache) => cache.level));
  return caches
    .filter((cache) => cache.level === last)
    .map(({ id, cpus }) => ({ id, cpus, granularity, min, maxAllocations }));
}

import {
  AFFECT,
  type Domain,
  type DomainConfigHandlers,
  MEMORY_FLAG,
  MEMORY_STAT,
  type MemoryStat,
} from "@polyvisor/core";
import { targetsOf } from "@polyvisor/sdk/lifecycle";
import { readProcessStat } from "@polyvisor/sdk/process";
import { isObject, numberOf, objectOf } from "../capabilities/json.js";
import { checkFlags, qemuError } from "../errors.js";
import type { Guest } from "../guest.js";
import type { Hypervisor } from "../hypervisor.js";
import { unlessRefused } from "../monitor/index.js";
import { balloonError, hasBalloon } from "../start/monitor-setup.js";
import { withGuest } from "./lifecycle.js";

/** The sizes of a guest's memory, and how it is used. */
export function memoryHandlers(hypervisor: Hypervisor): DomainConfigHandlers {
  return {
    domainGetMaxMemory: async ({ dom }) => (await hypervisor.configOf(hypervisor.domains.find(dom))).memory,
    domainSetMaxMemory: ({ dom, memory }) => setMemory(hypervisor, dom, Number(memory), MEMORY_FLAG.MAXIMUM),
    domainSetMemory: ({ dom, memory }) => setMemory(hypervisor, dom, Number(memory), AFFECT.LIVE),
    domainSetMemoryFlags: ({ dom, memory, flags }) => setMemory(hypervisor, dom, Number(memory), flags),
    domainMemoryStats({ dom, flags }) {
      checkFlags(flags, 0, "qemuDomainMemoryStats");
      return withGuest(hypervisor, dom, { kind: "query", api: "domainMemoryStats" }, (guest) => memoryStats(guest));
    },
  };
}

const SET_FLAGS = AFFECT.LIVE | AFFECT.CONFIG | MEMORY_FLAG.MAXIMUM;

async function setMemory(hypervisor: Hypervisor, dom: Domain, memory: number, flags: number): Promise<void> {
  checkFlags(flags, SET_FLAGS, "qemuDomainSetMemoryFlags");
  const domain = hypervisor.domains.find(dom);
  await domain.jobs.run({ kind: "modify", api: "domainSetMemoryFlags" }, async () => {
    const targets = targetsOf(domain, flags);
    const guest = targets.includes("live") ? domain.active() : undefined;
    const definition = targets.includes("config") ? await hypervisor.definitions.load(domain.name) : undefined;
    if ((flags & MEMORY_FLAG.MAXIMUM) !== 0) {
      if (guest !== undefined) {
        throw qemuError("OPERATION_INVALID", "cannot resize the maximum memory on an active domain");
      }
      if (definition === undefined) return;
      if (definition.cpu?.numa !== undefined) {
        const detail = "initial memory size of a domain with NUMA nodes cannot be modified with this API";
        throw qemuError("OPERATION_INVALID", detail);
      }
      if (definition.maxMemory !== undefined && definition.maxMemory.size < memory) {
        throw qemuError("OPERATION_INVALID", "cannot set initial memory size greater than the maximum memory size");
      }
      const currentMemory = Math.min(definition.currentMemory, memory);
      return hypervisor.definitions.save({ ...definition, memory, currentMemory });
    }
    const max = Math.min(guest?.config.memory ?? Infinity, definition?.memory ?? Infinity);
    if (memory > max) {
      throw qemuError("INVALID_ARG", "memory", {
        message: "invalid argument: cannot set memory higher than max memory",
      });
    }
    if (guest !== undefined) await inflate(guest, memory);
    if (definition !== undefined) await hypervisor.definitions.save({ ...definition, currentMemory: memory });
  });
}

/** What the guest makes of it is told by the balloon's event. */
async function inflate(guest: Guest, memory: number): Promise<void> {
  try {
    await guest.qmp("balloon", { value: memory * 1024 });
  } catch (error) {
    throw balloonError(error);
  }
}

/** Figures of the guest's driver: QEMU's name, ours, and how many of its units make one of ours. */
const GUEST_STATS: readonly (readonly [name: string, tag: number, divisor: number])[] = [
  ["stat-swap-in", MEMORY_STAT.SWAP_IN, 1024],
  ["stat-swap-out", MEMORY_STAT.SWAP_OUT, 1024],
  ["stat-major-faults", MEMORY_STAT.MAJOR_FAULT, 1],
  ["stat-minor-faults", MEMORY_STAT.MINOR_FAULT, 1],
  ["stat-free-memory", MEMORY_STAT.UNUSED, 1024],
  ["stat-total-memory", MEMORY_STAT.AVAILABLE, 1024],
  ["stat-available-memory", MEMORY_STAT.USABLE, 1024],
  ["last-update", MEMORY_STAT.LAST_UPDATE, 1],
  ["stat-disk-caches", MEMORY_STAT.DISK_CACHES, 1024],
  ["stat-htlb-pgalloc", MEMORY_STAT.HUGETLB_PGALLOC, 1],
  ["stat-htlb-pgfail", MEMORY_STAT.HUGETLB_PGFAIL, 1],
];

/** A figure that the guest does not report is all ones, which is more than a JSON number holds exactly. */
const NOT_REPORTED = 2 ** 64;

export async function memoryStats(guest: Guest): Promise<MemoryStat[]> {
  const stats = hasBalloon(guest.config) ? await balloonStats(guest) : [];
  const rss = guest.process === undefined ? undefined : readProcessStat(guest.process.pid)?.rss;
  return rss === undefined ? stats : [...stats, { tag: MEMORY_STAT.RSS, val: rss }];
}

async function balloonStats(guest: Guest): Promise<MemoryStat[]> {
  const stats: MemoryStat[] = [];
  const path = `/machine/peripheral/${guest.config.devices.memballoon?.alias ?? "balloon0"}`;
  const [balloon, reported] = await Promise.all([
    unlessRefused(guest.qmp("query-balloon")),
    unlessRefused(guest.qmp("qom-get", { path, property: "guest-stats" })),
  ]);
  if (isObject(balloon)) {
    const actual = numberOf(balloon, "actual");
    if (actual !== undefined) stats.push({ tag: MEMORY_STAT.ACTUAL_BALLOON, val: Math.floor(actual / 1024) });
  }
  if (!isObject(reported)) return stats;
  const all = { ...objectOf(reported, "stats"), "last-update": reported["last-update"] };
  for (const [name, tag, divisor] of GUEST_STATS) {
    const value = numberOf(all, name);
    if (value !== undefined && value < NOT_REPORTED) stats.push({ tag, val: Math.floor(value / divisor) });
  }
  return stats;
}

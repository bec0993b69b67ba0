import {
  type ConnectHandlers,
  type DomainConfigHandlers,
  type DomainStats,
  LIST_DOMAINS_FLAG as LIST,
  MEMORY_STAT,
  type MemoryStat,
  STATS,
  STATS_FLAG,
  type TypedParam,
} from "@polyvisor/core";
import type { DomainStatus } from "@polyvisor/sdk/lifecycle";
import { selectDomains } from "@polyvisor/sdk/store";
import type { TestDomain } from "./domain.js";
import { checkFlags, testError } from "./errors.js";
import type { TestHypervisor } from "./hypervisor.js";

/** Which domains the bulk statistics may be limited to. */
const FILTERS =
  LIST.ACTIVE |
  LIST.INACTIVE |
  LIST.PERSISTENT |
  LIST.TRANSIENT |
  LIST.RUNNING |
  LIST.PAUSED |
  LIST.SHUTOFF |
  LIST.OTHER;
const KNOWN_FLAGS = FILTERS | STATS_FLAG.NOWAIT | STATS_FLAG.BACKING | STATS_FLAG.ENFORCE_STATS;

/** All that libvirt's test driver can tell. */
const SUPPORTED = STATS.STATE | STATS.IOTHREAD;

/** Figures about domains. There is no guest behind them: they are what libvirt's test driver makes up. */
export function statsHandlers(hypervisor: TestHypervisor): ConnectHandlers & DomainConfigHandlers {
  const { domains } = hypervisor;
  return {
    connectGetAllDomainStats({ doms, stats, flags }) {
      checkFlags(flags, KNOWN_FLAGS, "testConnectGetAllDomainStats");
      const unsupported = (stats & ~SUPPORTED) >>> 0;
      if (unsupported !== 0 && (flags & STATS_FLAG.ENFORCE_STATS) !== 0) throw unknownStats(unsupported);
      const named = doms.map((dom) => domains.byUuid(dom.uuid)).filter((domain) => domain !== undefined);
      const chosen = selectDomains(doms.length === 0 ? domains : named, flags & FILTERS);
      return chosen.map((domain) => statsOf(domain, stats === 0 ? SUPPORTED : stats));
    },

    domainMemoryStats({ dom, flags }) {
      checkFlags(flags, 0, "testDomainMemoryStats");
      const domain = domains.find(dom);
      domain.expectActive();
      const { memballoon } = domain.config.devices;
      if (memballoon === undefined || memballoon.model === "none") return [];
      return madeUpMemoryStats(domain.config.currentMemory);
    },
  };
}

function statsOf(domain: TestDomain, stats: number): DomainStats {
  const state = (stats & STATS.STATE) !== 0 ? stateStats(domain.status) : [];
  const iothreads = (stats & STATS.IOTHREAD) !== 0 && domain.isActive ? iothreadStats(domain) : [];
  return { dom: domain.ref, params: iothreads.length === 0 ? state : [...state, ...iothreads] };
}

/** Thousands of domains have one of few states, so what tells it is made once. */
const knownStates = new Map<number, readonly TypedParam[]>();

function stateStats({ state, reason }: DomainStatus): readonly TypedParam[] {
  const key = state * 1000 + reason;
  let params = knownStates.get(key);
  if (params === undefined) {
    params = [
      { field: "state.state", type: "int", value: state },
      { field: "state.reason", type: "int", value: reason },
    ];
    knownStates.set(key, params);
  }
  return params;
}

function iothreadStats({ polling }: TestDomain): TypedParam[] {
  if (polling === undefined || polling.size === 0) return [];
  const each = [...polling].flatMap(([id, { maxNs, grow, shrink }]): TypedParam[] => [
    { field: `iothread.${id}.poll-max-ns`, type: "ullong", value: maxNs },
    { field: `iothread.${id}.poll-grow`, type: "uint", value: grow },
    { field: `iothread.${id}.poll-shrink`, type: "uint", value: shrink },
  ]);
  return [{ field: "iothread.count", type: "uint", value: polling.size }, ...each];
}

function madeUpMemoryStats(memory: number): MemoryStat[] {
  const half = Math.floor(memory / 2);
  return [
    { tag: MEMORY_STAT.ACTUAL_BALLOON, val: memory },
    { tag: MEMORY_STAT.SWAP_IN, val: 0 },
    { tag: MEMORY_STAT.SWAP_OUT, val: 0 },
    { tag: MEMORY_STAT.MAJOR_FAULT, val: 0 },
    { tag: MEMORY_STAT.MINOR_FAULT, val: 0 },
    { tag: MEMORY_STAT.UNUSED, val: half },
    { tag: MEMORY_STAT.AVAILABLE, val: memory },
    { tag: MEMORY_STAT.USABLE, val: half },
    { tag: MEMORY_STAT.LAST_UPDATE, val: 627319920 },
    { tag: MEMORY_STAT.DISK_CACHES, val: Math.floor(memory / 8) },
    { tag: MEMORY_STAT.HUGETLB_PGALLOC, val: 0 },
    { tag: MEMORY_STAT.HUGETLB_PGFAIL, val: 0 },
    { tag: MEMORY_STAT.RSS, val: half },
  ];
}

function unknownStats(bits: number): Error {
  const detail = `Stats types bits 0x${bits.toString(16)} are not supported by this daemon`;
  return testError("ARGUMENT_UNSUPPORTED", detail, "ask for the state group, or do not enforce");
}

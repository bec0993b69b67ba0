import {
  type ConnectHandlers,
  type Domain,
  type DomainStats,
  LIST_DOMAINS_FLAG as LIST,
  MEMORY_STAT,
  STATS,
  STATS_FLAG,
  type TypedParam,
} from "@polyvisor/core";
import { readProcessStat } from "@polyvisor/sdk/process";
import { selectDomains } from "@polyvisor/sdk/store";
import type { QemuDomain } from "../domain.js";
import { checkFlags, qemuError } from "../errors.js";
import type { Guest } from "../guest.js";
import type { Hypervisor } from "../hypervisor.js";
import { inParallel } from "../in-parallel.js";
import { hasBalloon } from "../start/monitor-setup.js";
import type { Measured } from "../state/measured.js";
import { blockStats } from "./block-stats.js";
import { interfaceStats } from "./interface-stats.js";
import { memoryStats } from "./memory.js";
import { vcpuStats } from "./vcpu-stats.js";

const SUPPORTED = STATS.STATE | STATS.CPU_TOTAL | STATS.BALLOON | STATS.VCPU | STATS.INTERFACE | STATS.BLOCK;
const NEED_MONITOR = STATS.BALLOON | STATS.VCPU | STATS.BLOCK;
const FILTERS =
  LIST.ACTIVE |
  LIST.INACTIVE |
  LIST.PERSISTENT |
  LIST.TRANSIENT |
  LIST.RUNNING |
  LIST.PAUSED |
  LIST.SHUTOFF |
  LIST.OTHER;

/** Domains that are looked at together: one that does not answer must not hold up many, and each costs memory. */
const PARALLEL = 64;

/** A group's part of one domain's statistics. Without `monitor` nobody may ask the emulator. */
export interface StatsSource {
  readonly domain: QemuDomain;
  readonly config: Measured;
  readonly guest: Guest | undefined;
  readonly monitor: boolean;
  readonly backing: boolean;
}

/** Statistics of many domains in one call. */
export function statsHandlers(hypervisor: Hypervisor): ConnectHandlers {
  return {
    connectGetAllDomainStats: ({ doms, stats, flags }) => allStats(hypervisor, doms, stats, flags),
  };
}

async function allStats(
  hypervisor: Hypervisor,
  doms: readonly Domain[],
  stats: number,
  flags: number,
): Promise<DomainStats[]> {
  const own = STATS_FLAG.NOWAIT | STATS_FLAG.BACKING | STATS_FLAG.ENFORCE_STATS;
  checkFlags(flags, FILTERS | own, "qemuConnectGetAllDomainStats");
  if ((flags & STATS_FLAG.ENFORCE_STATS) !== 0 && (stats & ~SUPPORTED) !== 0) {
    const bits = ((stats & ~SUPPORTED) >>> 0).toString(16);
    throw qemuError("ARGUMENT_UNSUPPORTED", `Stats types bits 0x${bits} are not supported by this daemon or QEMU`);
  }
  const groups = stats === 0 ? SUPPORTED : stats & SUPPORTED;
  // Domains that went away since the client listed them are passed over.
  const candidates =
    doms.length === 0 ? hypervisor.domains : doms.flatMap((dom) => hypervisor.domains.byUuid(dom.uuid) ?? []);
  const selected = selectDomains(candidates, flags);
  if ((groups & ~STATS.STATE) !== 0) {
    const off = selected.filter(({ guest }) => guest === undefined);
    await hypervisor.definitions.measureAhead(off.map(({ name }) => name)).catch(() => {});
  }
  const results = await inParallel(selected, PARALLEL, (domain) => statsOf(hypervisor, domain, groups, flags));
  return results.filter((record) => record !== undefined);
}

/** A domain whose job is taken still tells what takes no job. */
async function statsOf(
  hypervisor: Hypervisor,
  domain: QemuDomain,
  groups: number,
  flags: number,
): Promise<DomainStats | undefined> {
  const backing = (flags & STATS_FLAG.BACKING) !== 0;
  if (domain.isActive && (groups & NEED_MONITOR) !== 0) {
    const job = { kind: "query", api: "connectGetAllDomainStats" } as const;
    const work = () => collect(hypervisor, domain, groups, { monitor: true, backing });
    const noWait = (flags & STATS_FLAG.NOWAIT) !== 0;
    const record = await (noWait ? domain.jobs.tryRun(job, work) : domain.jobs.run(job, work)).catch(() => undefined);
    if (record !== undefined) return record;
  }
  return collect(hypervisor, domain, groups, { monitor: false, backing }).catch(() => undefined);
}

async function collect(
  hypervisor: Hypervisor,
  domain: QemuDomain,
  groups: number,
  options: { readonly monitor: boolean; readonly backing: boolean },
): Promise<DomainStats> {
  const params: TypedParam[] = [];
  if ((groups & STATS.STATE) !== 0) params.push(...stateStats(domain));
  if ((groups & ~STATS.STATE) === 0) return { dom: domain.ref, params };
  const { guest } = domain;
  const config = await hypervisor.measuredOf(domain);
  const source: StatsSource = { domain, config, guest, ...options };
  if ((groups & STATS.CPU_TOTAL) !== 0) params.push(...cpuStats(guest));
  if ((groups & STATS.BALLOON) !== 0) params.push(...(await balloonStats(source)));
  if ((groups & STATS.VCPU) !== 0) params.push(...(await vcpuStats(source)));
  if ((groups & STATS.INTERFACE) !== 0) params.push(...(await interfaceStats(source)));
  if ((groups & STATS.BLOCK) !== 0) params.push(...(await blockStats(source)));
  return { dom: domain.ref, params };
}

function stateStats({ status }: QemuDomain): TypedParam[] {
  return [
    { field: "state.state", type: "int", value: status.state },
    { field: "state.reason", type: "int", value: status.reason },
  ];
}

function cpuStats(guest: Guest | undefined): TypedParam[] {
  const stat = guest?.process === undefined ? undefined : readProcessStat(guest.process.pid);
  if (stat === undefined) return [];
  return [
    { field: "cpu.time", type: "ullong", value: stat.userTime + stat.systemTime },
    { field: "cpu.user", type: "ullong", value: stat.userTime },
    { field: "cpu.system", type: "ullong", value: stat.systemTime },
  ];
}

const BALLOON_FIELDS: ReadonlyMap<number, string> = new Map([
  [MEMORY_STAT.SWAP_IN, "swap_in"],
  [MEMORY_STAT.SWAP_OUT, "swap_out"],
  [MEMORY_STAT.MAJOR_FAULT, "major_fault"],
  [MEMORY_STAT.MINOR_FAULT, "minor_fault"],
  [MEMORY_STAT.UNUSED, "unused"],
  [MEMORY_STAT.AVAILABLE, "available"],
  [MEMORY_STAT.RSS, "rss"],
  [MEMORY_STAT.LAST_UPDATE, "last-update"],
  [MEMORY_STAT.USABLE, "usable"],
  [MEMORY_STAT.DISK_CACHES, "disk_caches"],
  [MEMORY_STAT.HUGETLB_PGALLOC, "hugetlb_pgalloc"],
  [MEMORY_STAT.HUGETLB_PGFAIL, "hugetlb_pgfail"],
]);

async function balloonStats({ config, guest, monitor }: StatsSource): Promise<TypedParam[]> {
  const current = hasBalloon(config) ? config.currentMemory : config.memory;
  const params: TypedParam[] = [
    { field: "balloon.current", type: "ullong", value: current },
    { field: "balloon.maximum", type: "ullong", value: config.memory },
  ];
  if (!monitor || guest === undefined) return params;
  for (const { tag, val } of await memoryStats(guest)) {
    const name = BALLOON_FIELDS.get(tag);
    if (name !== undefined) params.push({ field: `balloon.${name}`, type: "ullong", value: val });
  }
  return params;
}

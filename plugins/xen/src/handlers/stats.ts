import {
  type ConnectHandlers,
  type Domain,
  type DomainBlockHandlers,
  type DomainStats,
  type DomainTuningHandlers,
  LIST_DOMAINS_FLAG as LIST,
  STATS,
  STATS_FLAG,
  type TypedParam,
} from "@polyvisor/core";
import { selectDomains } from "@polyvisor/sdk/store";
import { STRING_OKAY } from "@polyvisor/sdk/typed-params";
import { checkFlags, xenError } from "../errors.js";
import { type DiskFigures, deviceNumber, Figures } from "../figures.js";
import type { XenDomain, XenHypervisor } from "../hypervisor.js";
import type { DomainRow, VcpuRow } from "../xl/table.js";

type Stats = ConnectHandlers & DomainBlockHandlers & DomainTuningHandlers;

const SUPPORTED = STATS.STATE | STATS.CPU_TOTAL | STATS.BALLOON | STATS.VCPU | STATS.INTERFACE | STATS.BLOCK;
const FILTERS =
  LIST.ACTIVE |
  LIST.INACTIVE |
  LIST.PERSISTENT |
  LIST.TRANSIENT |
  LIST.RUNNING |
  LIST.PAUSED |
  LIST.SHUTOFF |
  LIST.OTHER;
const OWN = STATS_FLAG.NOWAIT | STATS_FLAG.BACKING | STATS_FLAG.ENFORCE_STATS;

/** What dom0 and Xen have counted for domains. */
export function statsHandlers(hypervisor: XenHypervisor): Stats {
  const { domains } = hypervisor.guests;

  const blockFigures = async (dom: Domain, path: string): Promise<DiskFigures> => {
    const domain = domains.find(dom);
    const { id } = domain.active();
    const disk = domain
      .config()
      .devices.disks.find(({ target, source }) => target.dev === path || sourcePath(source) === path);
    if (path === "") throw xenError("OPERATION_UNSUPPORTED", "summary statistics are not supported yet", "name a disk");
    if (disk === undefined) throw xenError("INVALID_ARG", `invalid path: ${path}`, "name a disk by its target");
    const device = deviceNumber(disk.target.dev);
    const figures =
      device === undefined
        ? undefined
        : (await Figures.read(hypervisor, { disks: [{ id, device }], cards: [] })).disk(id, device);
    if (figures !== undefined) return figures;
    throw xenError(
      "OPERATION_FAILED",
      `stats for ${path} are not there`,
      "only disks that dom0's kernel serves have some",
    );
  };

  return {
    async domainBlockStats({ dom, path }) {
      const { rdReq, rdBytes, wrReq, wrBytes, errs } = await blockFigures(dom, path);
      return { rdReq, rdBytes, wrReq, wrBytes, errs };
    },
    async domainBlockStatsFlags({ dom, path, flags }) {
      checkFlags(flags, STRING_OKAY, "libxlDomainBlockStatsFlags");
      const { rdReq, rdBytes, wrReq, wrBytes, flushReq } = await blockFigures(dom, path);
      const llong = (field: string, value: bigint): TypedParam => ({ field, type: "llong", value });
      return [
        llong("wr_bytes", wrBytes),
        llong("wr_operations", wrReq),
        llong("rd_bytes", rdBytes),
        llong("rd_operations", rdReq),
        llong("flush_operations", flushReq),
      ];
    },
    async domainInterfaceStats({ dom, device }) {
      const domain = domains.find(dom);
      domain.active();
      const known = domain.config().devices.interfaces;
      const card = known.find(({ target, mac }) => target?.dev === device || mac?.address === device.toLowerCase());
      const name = card?.target?.dev;
      if (name === undefined)
        throw xenError("INVALID_ARG", `'${device}' is not a known interface`, "domiflist shows those that are there");
      const figures = (await Figures.read(hypervisor, { disks: [], cards: [name] })).card(name);
      if (figures !== undefined) return figures;
      throw xenError("INTERNAL_ERROR", `Interface not found: ${name}`, "is the guest's network driver there?");
    },
    async connectGetAllDomainStats({ doms, stats, flags }) {
      checkFlags(flags, FILTERS | OWN, "libxlConnectGetAllDomainStats");
      const unknown = (stats & ~SUPPORTED) >>> 0;
      if (unknown !== 0 && (flags & STATS_FLAG.ENFORCE_STATS) !== 0)
        throw xenError(
          "ARGUMENT_UNSUPPORTED",
          `Stats types bits 0x${unknown.toString(16)} are not supported by this daemon`,
        );
      const groups = stats === 0 ? SUPPORTED : stats & SUPPORTED;
      const candidates = doms.length === 0 ? domains : doms.flatMap((dom) => domains.byUuid(dom.uuid) ?? []);
      const selected = selectDomains(candidates, flags & FILTERS);
      const source = await gather(hypervisor, selected, groups);
      return selected.map((domain) => statsOf(domain, groups, source));
    },
  };
}

/** What was asked of dom0, once for all domains. */
interface Source {
  readonly rows: readonly DomainRow[];
  readonly vcpus: readonly VcpuRow[];
  readonly figures: Figures;
}

async function gather(hypervisor: XenHypervisor, selected: readonly XenDomain[], groups: number): Promise<Source> {
  const active = selected.filter(({ isActive }) => isActive);
  const wants = (bits: number) => (groups & bits) !== 0 && active.length > 0;
  const disks = wants(STATS.BLOCK) ? active.flatMap(disksOf) : [];
  const cards = wants(STATS.INTERFACE) ? active.flatMap(cardsOf) : [];
  const [rows, vcpus, figures] = await Promise.all([
    wants(STATS.CPU_TOTAL | STATS.BALLOON) ? hypervisor.refresh() : [],
    wants(STATS.VCPU) ? hypervisor.xl.vcpus() : [],
    Figures.read(hypervisor, { disks, cards }),
  ]);
  return { rows, vcpus, figures };
}

function disksOf({ ref: { id }, run }: XenDomain): { readonly id: number; readonly device: number }[] {
  return (run?.config.devices.disks ?? []).flatMap(({ target }) => {
    const device = deviceNumber(target.dev);
    return device === undefined ? [] : [{ id, device }];
  });
}

function cardsOf({ run }: XenDomain): string[] {
  return (run?.config.devices.interfaces ?? []).flatMap(({ target }) => target?.dev ?? []);
}

const ullong = (field: string, value: bigint | number): TypedParam => ({ field, type: "ullong", value });
const uint = (field: string, value: number): TypedParam => ({ field, type: "uint", value });

function statsOf(domain: XenDomain, groups: number, source: Source): DomainStats {
  const { state, reason } = domain.status;
  const params: TypedParam[] = [];
  if ((groups & STATS.STATE) !== 0)
    params.push(
      { field: "state.state", type: "int", value: state },
      { field: "state.reason", type: "int", value: reason },
    );
  const row = domain.isActive ? source.rows.find(({ id }) => id === domain.ref.id) : undefined;
  if ((groups & STATS.CPU_TOTAL) !== 0 && row !== undefined) params.push(ullong("cpu.time", row.cpuTime));
  if ((groups & STATS.BALLOON) !== 0) {
    const { memory, currentMemory } = domain.config();
    params.push(ullong("balloon.current", row?.memory ?? currentMemory), ullong("balloon.maximum", memory));
  }
  if ((groups & STATS.VCPU) !== 0) params.push(...vcpuStats(domain, source));
  if ((groups & STATS.INTERFACE) !== 0 && domain.isActive) params.push(...interfaceStats(domain, source));
  if ((groups & STATS.BLOCK) !== 0) params.push(...blockStats(domain, source));
  return { dom: domain.ref, params };
}

const VCPU_STATES = { offline: 0, running: 1, blocked: 2 } as const;

function vcpuStats(domain: XenDomain, { vcpus }: Source): TypedParam[] {
  const { current, max } = domain.config().vcpu;
  const counts = [uint("vcpu.current", current), uint("vcpu.maximum", max)];
  if (!domain.isActive) return counts;
  const own = vcpus.filter((row) => row.domain === domain.ref.id && row.state !== "offline");
  const each = own.flatMap(({ vcpu, state, cpuTime }): TypedParam[] => [
    { field: `vcpu.${vcpu}.state`, type: "int", value: VCPU_STATES[state] },
    ullong(`vcpu.${vcpu}.time`, cpuTime),
  ]);
  return [...counts, ...each];
}

function interfaceStats(domain: XenDomain, { figures }: Source): TypedParam[] {
  const names = cardsOf(domain);
  const each = names.flatMap((name, index): TypedParam[] => {
    const card = figures.card(name);
    const head: TypedParam = { field: `net.${index}.name`, type: "string", value: name };
    if (card === undefined) return [head];
    return [
      head,
      ullong(`net.${index}.rx.bytes`, card.rxBytes),
      ullong(`net.${index}.rx.pkts`, card.rxPackets),
      ullong(`net.${index}.rx.errs`, card.rxErrs),
      ullong(`net.${index}.rx.drop`, card.rxDrop),
      ullong(`net.${index}.tx.bytes`, card.txBytes),
      ullong(`net.${index}.tx.pkts`, card.txPackets),
      ullong(`net.${index}.tx.errs`, card.txErrs),
      ullong(`net.${index}.tx.drop`, card.txDrop),
    ];
  });
  return [uint("net.count", names.length), ...each];
}

function blockStats(domain: XenDomain, { figures }: Source): TypedParam[] {
  const { disks } = domain.config().devices;
  const each = disks.flatMap(({ target, source }, index): TypedParam[] => {
    const path = sourcePath(source);
    const device = deviceNumber(target.dev);
    const counted = device === undefined || !domain.isActive ? undefined : figures.disk(domain.ref.id, device);
    return [
      { field: `block.${index}.name`, type: "string", value: target.dev },
      ...(path === undefined ? [] : [{ field: `block.${index}.path`, type: "string", value: path } as const]),
      ...(counted === undefined
        ? []
        : [
            ullong(`block.${index}.rd.reqs`, counted.rdReq),
            ullong(`block.${index}.rd.bytes`, counted.rdBytes),
            ullong(`block.${index}.wr.reqs`, counted.wrReq),
            ullong(`block.${index}.wr.bytes`, counted.wrBytes),
            ullong(`block.${index}.fl.reqs`, counted.flushReq),
          ]),
    ];
  });
  return [uint("block.count", disks.length), ...each];
}

/** A disk's file or device, where it has one. */
function sourcePath(source: object | undefined): string | undefined {
  const path = source !== undefined && "path" in source ? source.path : undefined;
  return typeof path === "string" ? path : undefined;
}

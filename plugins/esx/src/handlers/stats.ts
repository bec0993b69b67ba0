import {
  checkFlags,
  type DomainStats,
  type HypervisorHandlers,
  LIST_DOMAINS_FLAG as LIST,
  STATS,
  STATS_FLAG,
  type TypedParam,
} from "@polyvisor/core";
import type { Figures, Machine } from "../machine.js";
import type { Server } from "../server.js";
import { esxError } from "../soap/error.js";
import { STATES } from "./listing.js";

/** What is known of each machine without asking for each. */
const GROUPS = STATS.STATE | STATS.BALLOON | STATS.VCPU;
const STATES_OF_LISTS = LIST.RUNNING | LIST.PAUSED | LIST.SHUTOFF | LIST.OTHER;
const SELECTION = LIST.ACTIVE | LIST.INACTIVE | LIST.PERSISTENT | LIST.TRANSIENT | STATES_OF_LISTS;
const RUNNING_VCPU = 1;

/** Statistics of all machines, in one call to the server. */
export function statsHandlers(server: Server): HypervisorHandlers {
  return {
    async connectGetAllDomainStats({ doms, stats, flags }) {
      const known = (SELECTION | STATS_FLAG.NOWAIT | STATS_FLAG.BACKING | STATS_FLAG.ENFORCE_STATS) >>> 0;
      checkFlags(flags, known, "esxConnectGetAllDomainStats", "ESX");
      const unknown = (stats & ~GROUPS) >>> 0;
      if (unknown !== 0 && (flags & STATS_FLAG.ENFORCE_STATS) !== 0) {
        const detail = `Stats types bits 0x${unknown.toString(16)} are not supported by this daemon`;
        throw esxError("ARGUMENT_UNSUPPORTED", detail, "ask for state, balloon and vcpu");
      }
      const machines = await server.machines.allFigures();
      const wanted = doms.length === 0 ? undefined : new Set(doms.map(({ uuid }) => uuid));
      const groups = stats === 0 ? GROUPS : stats;
      return machines
        .filter((machine) => (wanted === undefined ? isSelected(machine, flags) : wanted.has(machine.dom.uuid)))
        .map((machine): DomainStats => ({ dom: machine.dom, params: paramsOf(machine, groups) }));
    },
  };
}

function isSelected({ power }: Machine, flags: number): boolean {
  const has = (flag: number): boolean => (flags & flag) !== 0;
  if (has(LIST.TRANSIENT) && !has(LIST.PERSISTENT)) return false;
  const isOff = power === "poweredOff";
  if (has(LIST.ACTIVE) !== has(LIST.INACTIVE) && has(LIST.INACTIVE) !== isOff) return false;
  const state = { poweredOn: LIST.RUNNING, suspended: LIST.PAUSED, poweredOff: LIST.SHUTOFF }[power];
  return !has(STATES_OF_LISTS) || has(state);
}

function paramsOf({ power, memoryMib, memoryLimit, cpus }: Figures, groups: number): TypedParam[] {
  const params: TypedParam[] = [];
  if ((groups & STATS.STATE) !== 0) {
    params.push({ field: "state.state", type: "int", value: STATES[power] });
    params.push({ field: "state.reason", type: "int", value: 0 });
  }
  if ((groups & STATS.BALLOON) !== 0) {
    const maximum = memoryMib * 1024;
    const current = memoryLimit < 0 ? maximum : memoryLimit * 1024;
    params.push({ field: "balloon.current", type: "ullong", value: current });
    params.push({ field: "balloon.maximum", type: "ullong", value: maximum });
  }
  if ((groups & STATS.VCPU) !== 0) {
    params.push({ field: "vcpu.current", type: "uint", value: cpus });
    params.push({ field: "vcpu.maximum", type: "uint", value: cpus });
    if (power === "poweredOn") {
      for (let cpu = 0; cpu < cpus; cpu++)
        params.push({ field: `vcpu.${cpu}.state`, type: "int", value: RUNNING_VCPU });
    }
  }
  return params;
}

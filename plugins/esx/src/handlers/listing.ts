import {
  checkFlags,
  DOMAIN_STATE,
  type Domain,
  type HypervisorHandlers,
  LIST_DOMAINS_FLAG as LIST,
} from "@polyvisor/core";
import type { Machine, PowerState } from "../machine.js";
import type { Server } from "../server.js";
import { esxError } from "../soap/error.js";
import { autostarted } from "./autostart.js";

export const STATES: Readonly<Record<PowerState, number>> = {
  poweredOn: DOMAIN_STATE.RUNNING,
  poweredOff: DOMAIN_STATE.SHUTOFF,
  suspended: DOMAIN_STATE.PAUSED,
};

const FILTERS = Object.values(LIST).reduce((all, flag) => all | flag, 0);

/** Lists, and finding machines. libvirt counts those that are suspended as defined ones in its old lists. */
export function listingHandlers(server: Server): HypervisorHandlers {
  const { machines } = server;
  const active = async () => (await machines.list()).filter(({ power }) => power === "poweredOn");
  const defined = async () => (await machines.list()).filter(({ power }) => power !== "poweredOn");
  return {
    connectNumOfDomains: async () => (await active()).length,
    connectListDomains: async () => (await active()).map(({ number }) => number),
    connectNumOfDefinedDomains: async () => (await defined()).length,
    connectListDefinedDomains: async () => (await defined()).map(({ dom }) => dom.name),
    async connectListAllDomains({ flags }) {
      checkFlags(flags, FILTERS, "esxConnectListAllDomains", "ESX");
      return selectMachines(server, flags);
    },
    async domainLookupByID({ id }) {
      const found = (await machines.list()).find(({ dom }) => dom.id === id);
      if (found !== undefined && id !== -1) return found.dom;
      throw esxError("NO_DOMAIN", `No domain with ID ${id}`, "list shows the ids of those that are on");
    },
    domainLookupByUUID: async ({ uuid }) => (await machines.look(uuid)).dom,
    async domainLookupByName({ name }) {
      const found = await machines.byName(name);
      if (found !== undefined) return found.dom;
      throw esxError("NO_DOMAIN", `Could not find domain with name '${name}'`, "list --all shows which there are");
    },
  };
}

async function selectMachines(server: Server, flags: number): Promise<Domain[]> {
  const has = (flag: number): boolean => (flags & flag) !== 0;
  if (has(LIST.TRANSIENT) && !has(LIST.PERSISTENT)) return [];
  if (has(LIST.MANAGEDSAVE) && !has(LIST.NO_MANAGEDSAVE)) return [];
  if (has(LIST.HAS_CHECKPOINT) && !has(LIST.NO_CHECKPOINT)) return [];
  const all = await server.machines.list();
  const started = has(LIST.AUTOSTART) || has(LIST.NO_AUTOSTART) ? await autostarted(server) : undefined;
  const frozen = has(LIST.HAS_SNAPSHOT) || has(LIST.NO_SNAPSHOT) ? await withSnapshots(server) : undefined;
  const fits = (machine: Machine): boolean => {
    const { power, ref } = machine;
    const either = (yes: number, no: number, is: boolean): boolean =>
      (!has(yes) && !has(no)) || (has(yes) && is) || (has(no) && !is);
    const states = [LIST.RUNNING, LIST.PAUSED, LIST.SHUTOFF, LIST.OTHER];
    const isState = { poweredOn: LIST.RUNNING, suspended: LIST.PAUSED, poweredOff: LIST.SHUTOFF }[power];
    return (
      either(LIST.ACTIVE, LIST.INACTIVE, power !== "poweredOff") &&
      either(LIST.HAS_SNAPSHOT, LIST.NO_SNAPSHOT, frozen?.has(ref.value) === true) &&
      either(LIST.AUTOSTART, LIST.NO_AUTOSTART, started?.has(ref.value) === true) &&
      (!states.some(has) || has(isState))
    );
  };
  return all.filter(fits).map(({ dom }) => dom);
}

async function withSnapshots({ machines }: Server): Promise<ReadonlySet<string>> {
  const found = await machines.retrieve(["snapshot.rootSnapshotList"]);
  const some = found.filter((each) => (each.get("snapshot.rootSnapshotList")?.members.length ?? 0) > 0);
  return new Set(some.map(({ ref }) => ref.value));
}

import type { ConnectHandlers, Domain, DomainConfigHandlers, DomainLifecycleHandlers } from "@polyvisor/core";
import { LIST_DOMAINS_FLAG as LIST } from "@polyvisor/core";
import { ALL_LIST_FILTERS, selectDomains } from "@polyvisor/sdk/store";
import { checkFlags, hypervError } from "../errors.js";
import { type Machine, type Machines, noDomain } from "../machine/machines.js";
import { ENABLED } from "../machine/states.js";
import { quoted } from "../wmi/wql.js";
import { autostarted } from "./settings.js";

const ACTIVE = "(EnabledState != 0 AND EnabledState != 3 AND EnabledState != 32769)";
const INACTIVE = "(EnabledState = 0 OR EnabledState = 3 OR EnabledState = 32769)";

/** Finding machines, and what can be said of one at a look. */
export function listingHandlers(machines: Machines): ConnectHandlers & DomainLifecycleHandlers & DomainConfigHandlers {
  const there = async (dom: Domain) => void (await machines.look(dom));
  return {
    connectNumOfDomains: async () => (await machines.list(ACTIVE)).length,
    connectListDomains: async () => (await machines.list(ACTIVE)).map(({ ref }) => ref.id),
    connectNumOfDefinedDomains: async () => (await machines.list(INACTIVE)).length,
    connectListDefinedDomains: async () => (await machines.list(INACTIVE)).map(({ ref }) => ref.name),
    async connectListAllDomains({ flags }) {
      checkFlags(flags, ALL_LIST_FILTERS, "hypervConnectListAllDomains");
      return selectDomains(await described(machines, flags), flags).map(({ ref }) => ref);
    },

    async domainLookupByID({ id }) {
      const [found] = id < 0 ? [] : await machines.list(`ProcessID = ${id}`);
      if (found === undefined || !found.isActive) throw noDomain(`No domain with ID ${id}`);
      return found.ref;
    },
    domainLookupByUUID: async ({ uuid }) => (await machines.look({ uuid })).ref,
    domainLookupByName: async ({ name }) => (await byName(machines, name)).ref,

    domainIsActive: async ({ dom }) => (await machines.look(dom)).isActive,
    async domainIsPersistent({ dom }) {
      await there(dom);
      return true;
    },
    async domainIsUpdated({ dom }) {
      await there(dom);
      return false;
    },
    async domainGetOSType({ dom }) {
      await there(dom);
      return "hvm";
    },
    async domainGetState({ dom, flags }) {
      checkFlags(flags, 0, "hypervDomainGetState");
      return { state: (await machines.look(dom)).state, reason: 0 };
    },
    async domainHasManagedSaveImage({ dom, flags }) {
      checkFlags(flags, 0, "hypervDomainHasManagedSaveImage");
      return (await machines.look(dom)).enabledState === ENABLED.SAVED ? 1 : 0;
    },
  };
}

async function byName(machines: Machines, name: string): Promise<Machine> {
  // the server compares without case
  const found = (await machines.list(`ElementName = ${quoted(name)}`)).filter(({ ref }) => ref.name === name);
  const [one, another] = found;
  if (one === undefined) throw noDomain(`No domain with name ${name}`);
  if (another === undefined) return one;
  const detail = `Multiple domains exist with the name '${name}': repeat the request using a UUID`;
  throw hypervError("MULTIPLE_DOMAINS", detail, "virsh list --all --uuid tells their UUIDs");
}

/** Machines as the filters of lists look at them: one query, and a second one at the same time where autostart counts. */
async function described(machines: Machines, flags: number) {
  const isAsked = (flags & (LIST.AUTOSTART | LIST.NO_AUTOSTART)) !== 0;
  const [all, started] = await Promise.all([machines.list(), isAsked ? autostarted(machines) : new Set<string>()]);
  return all.map((machine) => ({
    ...machine,
    persistent: true,
    autostart: started.has(machine.ref.uuid),
    status: { state: machine.state },
    hasManagedSave: machine.enabledState === ENABLED.SAVED,
  }));
}

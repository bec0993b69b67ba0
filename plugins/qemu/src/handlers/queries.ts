import {
  type ConnectHandlers,
  type Domain,
  type DomainConfigHandlers,
  type DomainLifecycleHandlers,
  XML_FLAG,
} from "@polyvisor/core";
import { readProcessStat } from "@polyvisor/sdk/process";
import { ALL_LIST_FILTERS, selectDomains } from "@polyvisor/sdk/store";
import { checkFlags } from "../errors.js";
import type { Hypervisor } from "../hypervisor.js";

const XML_FLAGS = XML_FLAG.SECURE | XML_FLAG.INACTIVE | XML_FLAG.UPDATE_CPU | XML_FLAG.MIGRATABLE;

/** Finding domains, and what can be said of one without changing it. */
export function queryHandlers(
  hypervisor: Hypervisor,
): ConnectHandlers & DomainLifecycleHandlers & DomainConfigHandlers {
  const { domains } = hypervisor;
  const active = () => [...domains].filter((domain) => domain.isActive);
  const off = () => [...domains].filter((domain) => !domain.isActive);
  return {
    connectNumOfDomains: () => active().length,
    connectListDomains: () => active().map((domain) => domain.ref.id),
    connectNumOfDefinedDomains: () => off().length,
    connectListDefinedDomains: () => off().map((domain) => domain.name),
    connectListAllDomains({ flags }) {
      checkFlags(flags, ALL_LIST_FILTERS, "qemuConnectListAllDomains");
      return selectDomains(domains, flags).map((domain) => domain.ref);
    },

    domainLookupByName: ({ name }) => domains.lookupByName(name).ref,
    domainLookupByUUID: ({ uuid }) => domains.lookupByUUID(uuid).ref,
    domainLookupByID: ({ id }) => domains.lookupByID(id).ref,

    domainIsActive: ({ dom }) => domains.find(dom).isActive,
    domainIsPersistent: ({ dom }) => domains.find(dom).persistent,
    domainIsUpdated({ dom }) {
      domains.find(dom);
      return false;
    },
    domainHasManagedSaveImage({ dom, flags }) {
      checkFlags(flags, 0, "qemuDomainHasManagedSaveImage");
      domains.find(dom);
      return 0;
    },
    domainGetState({ dom, flags }) {
      checkFlags(flags, 0, "qemuDomainGetState");
      return domains.find(dom).status;
    },
    domainGetInfo: ({ dom }) => info(hypervisor, dom),
    domainGetOSType: async ({ dom }) => (await hypervisor.configOf(domains.find(dom))).os.type,
    domainGetXMLDesc: ({ dom, flags }) => getXMLDesc(hypervisor, dom, flags),
  };
}

async function info(hypervisor: Hypervisor, dom: Domain) {
  const domain = hypervisor.domains.find(dom);
  const config = await hypervisor.measuredOf(domain);
  const { guest } = domain;
  const stat = guest?.process === undefined ? undefined : readProcessStat(guest.process.pid);
  return {
    state: domain.status.state,
    maxMem: config.memory,
    memory: config.currentMemory,
    nrVirtCpu: config.vcpu.current,
    cpuTime: stat === undefined ? 0 : stat.userTime + stat.systemTime,
  };
}

async function getXMLDesc(hypervisor: Hypervisor, dom: Domain, flags: number): Promise<string> {
  checkFlags(flags, XML_FLAGS, "qemuDomainGetXMLDesc");
  const domain = hypervisor.domains.find(dom);
  const { guest } = domain;
  const inactive = (flags & XML_FLAG.INACTIVE) !== 0;
  const { configurations, definitions } = hypervisor;
  const runs = guest !== undefined && !(inactive && domain.persistent);
  const config = runs ? guest.config : await definitions.load(domain.name);
  // What runs has its processor already.
  const isWanted = (flags & XML_FLAG.UPDATE_CPU) !== 0 && (guest === undefined || inactive);
  const shown = isWanted ? await configurations.withHostCpu(config) : config;
  return configurations.format(shown, flags, runs ? guest.askedCpu : undefined);
}

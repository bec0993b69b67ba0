import {
  type DomainActionsHandlers,
  type DomainConfigHandlers,
  type DomainGuestHandlers,
  type DomainLifecycleHandlers,
  MEMORY_STAT,
  XML_FLAG,
} from "@polyvisor/core";
import { formatDomain } from "@polyvisor/sdk/conf/domain";
import { checkFlags, xenError } from "../errors.js";
import type { XenHypervisor } from "../hypervisor.js";

type Queries = DomainConfigHandlers & DomainGuestHandlers & DomainActionsHandlers & DomainLifecycleHandlers;

const XML_FLAGS = XML_FLAG.SECURE | XML_FLAG.INACTIVE | XML_FLAG.UPDATE_CPU | XML_FLAG.MIGRATABLE;

/** What a domain is, and what it is doing. */
export function queryHandlers(hypervisor: XenHypervisor): Queries {
  const { domains } = hypervisor.guests;
  return {
    async domainGetInfo({ dom }) {
      const domain = domains.find(dom);
      const { memory, currentMemory, vcpu } = domain.config();
      if (!domain.isActive)
        return {
          state: domain.status.state,
          maxMem: memory,
          memory: currentMemory,
          nrVirtCpu: vcpu.current,
          cpuTime: 0n,
        };
      const row = await hypervisor.rowOf(domain);
      const { state } = domain.status;
      return { state, maxMem: memory, memory: row.memory, nrVirtCpu: row.vcpus, cpuTime: row.cpuTime };
    },
    async domainGetXMLDesc({ dom, flags }) {
      checkFlags(flags, XML_FLAGS, "libxlDomainGetXMLDesc");
      const domain = domains.find(dom);
      const inactive = (flags & XML_FLAG.INACTIVE) !== 0;
      const config = domain.config(inactive);
      const { id } = domain.ref;
      const runs = id > 0 && config === domain.run?.config;
      const shown = runs ? await hypervisor.withHostNames(config, id) : config;
      return formatDomain(shown, { inactive, secure: (flags & XML_FLAG.SECURE) !== 0 });
    },
    domainGetMaxMemory: ({ dom }) => domains.find(dom).config().memory,
    async domainMemoryStats({ dom, flags }) {
      checkFlags(flags, 0, "libxlDomainMemoryStats");
      const domain = domains.find(dom);
      domain.active();
      const { memory } = await hypervisor.rowOf(domain);
      return [
        { tag: MEMORY_STAT.AVAILABLE, val: domain.config().memory },
        { tag: MEMORY_STAT.ACTUAL_BALLOON, val: memory },
      ];
    },
    domainGetMessages({ dom, flags }) {
      checkFlags(flags, 3, "libxlDomainGetMessages");
      domains.find(dom);
      return [];
    },
    domainInterfaceAddresses({ dom, source, flags }) {
      checkFlags(flags, 0, "libxlDomainInterfaceAddresses");
      domains.find(dom).active();
      throw xenError(
        "ARGUMENT_UNSUPPORTED",
        `Unsupported IP address data source ${source}`,
        "addresses are known to the networks that give them: look at their leases",
      );
    },
  };
}

import { type DomainConfigHandlers, type DomainLifecycleHandlers, XML_FLAG } from "@polyvisor/core";
import { writeConfig } from "./config.js";
import { checkFlags } from "./errors.js";
import type { TestHypervisor } from "./hypervisor.js";

/** What a domain is, and what it is doing. */
export function queryHandlers(hypervisor: TestHypervisor): DomainConfigHandlers & DomainLifecycleHandlers {
  const { domains } = hypervisor;
  return {
    domainGetInfo({ dom }) {
      const { status, config } = domains.find(dom);
      return {
        state: status.state,
        maxMem: config.memory,
        memory: config.currentMemory,
        nrVirtCpu: config.vcpu.current,
        cpuTime: madeUpCpuTime(),
      };
    },

    domainGetState({ dom, flags }) {
      checkFlags(flags, 0, "testDomainGetState");
      return domains.find(dom).status;
    },

    domainGetXMLDesc({ dom, flags }) {
      checkFlags(flags, XML_FLAG.SECURE | XML_FLAG.INACTIVE | XML_FLAG.MIGRATABLE, "testDomainGetXMLDesc");
      const domain = domains.find(dom);
      const inactive = (flags & XML_FLAG.INACTIVE) !== 0;
      return writeConfig(inactive ? domain.definedConfig : domain.config, flags);
    },

    domainIsActive: ({ dom }) => domains.find(dom).isActive,
    domainIsPersistent: ({ dom }) => domains.find(dom).persistent,
    domainIsUpdated: () => false,
    domainGetOSType: () => "linux",
  };
}

/** In nanoseconds. There is no CPU behind it, so that it grows is all that can be said for it. */
function madeUpCpuTime(): bigint {
  return BigInt(Date.now()) * 1_000_000n;
}

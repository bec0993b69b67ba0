import type { ConnectHandlers, DomainLifecycleHandlers, DomainRef } from "@polyvisor/core";
import { ALL_LIST_FILTERS, selectDomains } from "@polyvisor/sdk/store";
import type { TestDomain } from "./domain.js";
import { checkFlags, testError } from "./errors.js";
import type { TestHypervisor } from "./hypervisor.js";

/** Finding domains and listing them. */
export function listHandlers(hypervisor: TestHypervisor): ConnectHandlers & DomainLifecycleHandlers {
  const { domains } = hypervisor;
  const running = () => [...domains].filter((domain) => domain.isActive);
  const off = () => [...domains].filter((domain) => !domain.isActive);
  return {
    connectNumOfDomains: () => running().length,
    connectListDomains: () => running().map((domain) => domain.ref.id),
    connectNumOfDefinedDomains: () => off().length,
    connectListDefinedDomains: () => off().map((domain) => domain.ref.name),

    connectListAllDomains({ flags }) {
      checkFlags(flags, ALL_LIST_FILTERS, "testConnectListAllDomains");
      return selectDomains(domains, flags).map((domain) => domain.ref);
    },

    domainLookupByName: ({ name }) => found(domains.byName(name)),
    domainLookupByUUID: ({ uuid }) => found(domains.byUuid(uuid)),
    domainLookupByID: ({ id }) => found(domains.byId(id)),
  };
}

/** libvirt's test driver does not repeat what was looked for, unlike its other drivers. */
function found(domain: TestDomain | undefined): DomainRef {
  if (domain === undefined) throw testError("NO_DOMAIN", "", "`list --all` shows the domains that are here");
  return domain.ref;
}

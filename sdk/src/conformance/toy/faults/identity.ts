import { DomainRef } from "@polyvisor/core";
import type { BrokenToy } from "../broken.js";

/** A domain is taken for another. */
export const IDENTITY_FAULTS: readonly BrokenToy[] = [
  {
    name: "name-spoofing",
    fault: "finds a domain by the name that the client says, and not by the UUID",
    caughtBy: "identity: the UUID says which domain is meant, whatever name stands beside it",
    breaks({ hypervisor }, handlers) {
      const { domains } = hypervisor;
      domains.find = ({ name }) => domains.lookupByName(name);
      return handlers;
    },
  },
  {
    name: "name-taken-twice",
    fault: "lets a second domain take the name of the first",
    caughtBy: "identity: a name belongs to one UUID",
    breaks({ hypervisor }, handlers) {
      const broken: typeof handlers.domainDefineXMLFlags = ({ xml, flags }, context) => {
        const { name, uuid } = hypervisor.read(xml);
        const known = hypervisor.domains.byName(name);
        if (known !== undefined && known.ref.uuid !== uuid) hypervisor.domains.remove(known);
        return handlers.domainDefineXMLFlags({ xml, flags }, context);
      };
      return {
        ...handlers,
        domainDefineXMLFlags: broken,
        domainDefineXML: ({ xml }, context) => broken({ xml, flags: 0 }, context),
      };
    },
  },
  {
    name: "id-kept",
    fault: "has an id for a domain that is off",
    caughtBy: "identity: a guest has an id that finds it, and none once it is off",
    breaks({ hypervisor }, handlers) {
      const { stop } = hypervisor;
      hypervisor.stop = async (domain, ending) => {
        const { name, uuid, id } = domain.ref;
        await stop.call(hypervisor, domain, ending);
        if (!domain.persistent) return;
        domain.ref = new DomainRef(name, uuid, id);
        hypervisor.domains.reindex(domain);
      };
      return handlers;
    },
  },
  {
    name: "id-shared",
    fault: "gives all guests one id",
    caughtBy: "identity: no two guests share an id",
    breaks({ hypervisor }, handlers) {
      const { transition } = hypervisor;
      hypervisor.transition = (domain, name, ref) => {
        if (name !== "boot") return transition.call(hypervisor, domain, name, ref);
        domain.ref = new DomainRef(domain.ref.name, domain.ref.uuid, 1);
        hypervisor.domains.reindex(domain);
        return transition.call(hypervisor, domain, name);
      };
      return handlers;
    },
  },
];
